"""What all scripts that people start have in common: a fault is one message, no traceback.

It imports only Python's own library: it must be able to name a package that is missing.
"""

import errno
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from twotower.base import safe_names
from twotower.base.errors import ExpectedError

INSTALL = "`make` installs what envs/requirements.txt names, `make doctor` lists what is missing"


def start() -> None:
    """Show a fault as one message, write UTF-8, and end quietly if a pipe such as `head` closes."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stdout.reconfigure(encoding="utf-8")  # words have Greek letters, the locale may not
    sys.stderr.reconfigure(encoding="utf-8")
    sys.excepthook = _tell


class PathError(ExpectedError):
    """A path that was given as an empty text."""


def path(name: str) -> Callable[[str], Path]:
    """A type of argparse for paths; `name` is what a user types: KEY=.

    An empty text is refused: Python would take it for the current folder.
    """

    def taken(text: str) -> Path:
        if not text:
            hint = f"leave {name} out if you do not need it"
            raise PathError(f"{name} is empty; allowed: a path; {hint}")
        return Path(text)

    return taken


def message(error: BaseException) -> str | None:
    """The message for an error that a user can mend; None for a fault of the program."""
    if isinstance(error, ExpectedError):
        joint = " in " if hasattr(error, "place") else ": "  # that of a study begins with its file
        return f"{type(error).__name__}{joint}{error}"
    if isinstance(error, ModuleNotFoundError):
        return f"The package {error.name} is not installed in this Python: {INSTALL}."
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}{_remedy(error)}"
    return "Stopped." if isinstance(error, KeyboardInterrupt) else None


def _remedy(error: OSError) -> str:
    remedies = {
        "ENOSPC": "free some space there, or work elsewhere",
        "EDQUOT": "free some of the quota, or work elsewhere",
        "EROFS": "work in a folder that can be written to",
        "EACCES": "check who owns it, or work in a folder of your own",
        "EPERM": "check who owns it, or work in a folder of your own",
        "EEXIST": "move it away",
        "ENOTDIR": "a folder must stand there; move the file away",
        "ENOENT": "check the spelling",
    }
    hint = remedies.get(errno.errorcode.get(error.errno, ""), "")
    return f"; {hint}" if hint else ""


def _tell(kind, error, traceback) -> None:
    text = message(error)
    if text is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(safe_names.shown(text), file=sys.stderr)
