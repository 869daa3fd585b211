"""What `--config KEY=VALUE` says, as it was typed.

Snakemake takes a value for a number where Python can (1_000, 007 and 1e3), and else for YAML whose
parts are all text: `a #b` becomes a, and [64, 128] a list of texts. Here a place, a digest and a
list of methods are the text that was typed. All other values mean what they mean in a study file.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from twotower import layouts, strict_yaml
from twotower.kinds import complaint, shown
from twotower.logs import ExpectedError

PLACES = ("study", *layouts.SOURCES)
TEXTS = (*PLACES, "movielens_sha256", "real_methods")
"""Keys whose value is text, whatever it looks like."""
_OPTION = re.compile(r"--config(=.*)?|-C.*", re.DOTALL)
_RETYPED = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?|True|False|None|nan|[-+]?inf|\d{4}-\d\d-\d\d.*")


class CommandLineError(ExpectedError):
    """A value of `--config` that cannot be used; the message names its key."""


def given(entries: Iterable[str], words: Sequence[str] = ()) -> dict[str, Any]:
    """The values by their keys.

    Args:
        entries: each KEY=VALUE, of the command line or of a profile.
        words: of the command line, where it is at hand: not in jobs.

    Raises:
        CommandLineError: if a key or the option is given twice, a value is broken YAML, or a
            profile's YAML has turned the name of a file into something else.
    """
    if sum(bool(_OPTION.fullmatch(word)) for word in words) > 1:
        found = "--config: the option is given twice, and Snakemake would use the last one alone"
        raise CommandLineError(complaint(found, "once", "put all KEY=VALUE behind one --config"))
    values: dict[str, Any] = {}
    for entry in entries:
        key, typed = entry.split("=", 1)
        if key in values:
            found = f"--config {key}=: the key is given twice"
            raise CommandLineError(complaint(found, "each key once", "remove one of the two"))
        if key in PLACES and words and not any(word.endswith(entry) for word in words):
            _check_profile(key, typed)
        values[key] = _unquoted(typed) if key in TEXTS else _parsed(key, typed)
    return values


def _check_profile(key: str, value: str) -> None:
    """Refuse the name of a missing file that YAML made, in a profile, of something else."""
    if _RETYPED.fullmatch(value) and not Path(value).exists():
        found = f"--config {key}={value}: there is no such file, and the value is from a profile"
        hint = 'put it in quotes there, as "1_000": YAML reads 1_000 as 1000, 007 as 7, on as True'
        raise CommandLineError(complaint(found, "a file or folder", hint))


def _parsed(key: str, typed: str) -> Any:
    try:
        return strict_yaml.parse(typed)
    except strict_yaml.YamlError as error:
        raise CommandLineError(f"--config {key}={shown(typed)}: {error.messages[0]}") from None


def _unquoted(text: str) -> str:
    """Without the quotes around it that a shell has left."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
