"""What `--config KEY=VALUE` says, as it was typed; a key that is given twice is refused.

Snakemake uses the last of several equal keys, of several `--config` and of several `--configfile`,
and does not mention the others. It reads a value as a number where Python can (1_000, 007 and 1e3).
It reads any other value as YAML whose parts are all text: `a #b` becomes a, and [64, 128] a list of
texts. Here a place, a digest and a list of methods are the text that was typed. All other values
mean what they mean in a study file.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from twotower.base import strict_yaml
from twotower.base.errors import ExpectedError
from twotower.base.values import complaint, shown

_OPTIONS = {"-C": "--config", "--configfiles": "--configfile"}
_RETYPED = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?|True|False|None|nan|[-+]?inf|\d{4}-\d\d-\d\d.*")


class CommandLineError(ExpectedError):
    """An option or a value that cannot be used, or is given twice; the message names it."""


def given(
    entries: Iterable[str],
    words: Sequence[str] = (),
    sources: Collection[str] = (),
    texts: Collection[str] = (),
) -> dict[str, Any]:
    """The values by their keys.

    Args:
        entries: each KEY=VALUE, of the command line or of a profile.
        words: of the command line, where it is at hand: not in jobs.
        sources: keys whose value is a place, beside `study`.
        texts: further keys whose value is text, whatever it looks like.

    Raises:
        CommandLineError: if a key or the option is given twice, a value is broken YAML, or a
            profile's YAML has turned the name of a file into something else.
    """
    check_options(words)
    values: dict[str, Any] = {}
    typed_as: dict[str, str] = {}
    places = {"study", *sources}
    for entry in entries:
        key, typed = entry.split("=", 1)
        if key in typed_as:
            both = f"{shown(typed_as[key])} and {shown(typed)}"
            found = f"--config {key}=: it is given twice, as {both}"
            raise CommandLineError(complaint(found, "each key once", "leave one out"))
        typed_as[key] = typed
        if key in places and words and not any(word.endswith(entry) for word in words):
            _check_profile(key, typed)
        values[key] = _unquoted(typed) if key in places or key in texts else _parsed(key, typed)
    return values


def check_options(words: Sequence[str]) -> None:
    """Raise CommandLineError if a value of --config or --configfile would be lost.

    Args:
        words: of the command line, behind the program.
    """
    given: dict[str, list[list[str]]] = {"--config": [], "--configfile": []}
    taking: list[str] | None = None
    for word in words:
        option, value = _option(word)
        if option is None and taking is not None:
            taking.append(word)
        elif option is not None:
            taking = [value] if value else []
            given.get(option, []).append(taking)
            if value or option not in given:  # what follows --config=a=1 is no value of it
                taking = None
    for option, times in given.items():
        if len(times) > 1:
            listed = " and ".join(shown(" ".join(one)) for one in times)
            found = f"{option}: it is given {len(times)} times, with {listed}"
            hint = f"put all of them behind one {option}" * (option == "--config")
            raise CommandLineError(complaint(found, f"{option} once", hint or "leave one out"))
    for files in given["--configfile"]:
        if len(files) > 1:
            found = f"--configfile: {len(files)} files, {' and '.join(map(shown, files))}"
            raise CommandLineError(complaint(found, "one, a whole study", "put them into one file"))


def _option(word: str) -> tuple[str | None, str]:
    """The option that a word of the command line is, and the value that it brings along."""
    if word.startswith("--"):
        option, _, value = word.partition("=")
        return _OPTIONS.get(option, option), value
    if word.startswith("-C"):
        return "--config", word[2:].removeprefix("=")
    return (word, "") if word.startswith("-") else (None, "")


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
    """Without the quotes around it that a shell has left, or that `commands.config` wrote."""
    if text.startswith(' "') and text.endswith('" '):
        return str(strict_yaml.parse(text))
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
