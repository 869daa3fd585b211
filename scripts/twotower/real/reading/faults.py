"""Messages about faults in files of ratings: the file, the line, what was found, what to do."""

from pathlib import Path

from twotower.base import safe_names
from twotower.base.errors import ExpectedError
from twotower.base.values import complaint

REMEDY = "fetch the file anew, or mend the line"
_SHOWN, _MOST = 60, 500  # characters in a message of a value, and of all that was found


class RatingsFileError(ExpectedError):
    """A file of ratings, users or items is not as its layout says; the message names the place."""


def refusal(place: object, found: str, allowed: str, remedy: str = REMEDY) -> RatingsFileError:
    """The error for a place: "ml-1m.zip: …; allowed: …; remedy", on one line."""
    found = found if len(found) <= _MOST else found[:_MOST] + "…"
    text = safe_names.shown(f"{place}: {complaint(found, allowed, remedy)}")
    return RatingsFileError(text.replace("\n", "\\n"))


def fault(
    path: Path, line: int | None, found: str, allowed: str, remedy: str = REMEDY
) -> RatingsFileError:
    """The error for a file or a line in it: "u.data, line 3: …; allowed: …; remedy"."""
    return refusal(f"{path.name}, line {line:,}" if line else path.name, found, allowed, remedy)


def shown(value: str) -> str:
    """A value from a file, short and printable."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
