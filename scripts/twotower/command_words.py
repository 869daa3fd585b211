"""Words of Snakemake's command line: what is given twice is refused.

Snakemake takes the last of several equal keys, of several `--config` and of several `--configfile`,
and says nothing of the others.
"""

from collections.abc import Sequence

from twotower import strict_yaml
from twotower.kinds import complaint, shown
from twotower.logs import ExpectedError

_OPTIONS = {"-C": "--config", "--configfiles": "--configfile"}


class CommandError(ExpectedError):
    """An option or a key that is given twice; the message names both values."""


def check(words: Sequence[str]) -> None:
    """Raise CommandError if a value of --config or --configfile would be lost.

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
            raise CommandError(complaint(found, f"{option} once", hint or "leave one out"))
    for files in given["--configfile"]:
        if len(files) > 1:
            found = f"--configfile: {len(files)} files, {' and '.join(map(shown, files))}"
            raise CommandError(complaint(found, "one, a whole study", "put them into one file"))
    _check_values([word for words in given["--config"] for word in words])


def _check_values(words: Sequence[str]) -> None:
    """Raise CommandError for a key that is given twice, alone or within a value such as {a: 1}."""
    values: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        if key in values:
            found = (
                f"--config {key}=: it is given twice, as {shown(values[key])} and {shown(value)}"
            )
            raise CommandError(complaint(found, "each key once", "leave one out"))
        values[key] = value
        try:
            strict_yaml.parse(value)
        except strict_yaml.YamlError as error:  # other faults are told where the value is used
            twice = [text for text in error.messages if strict_yaml.TWICE in text]
            if twice:
                raise CommandError(f"--config {key}=, {twice[0]}") from None


def _option(word: str) -> tuple[str | None, str]:
    """The option that a word of the command line is, and the value that it brings along."""
    if word.startswith("--"):
        option, _, value = word.partition("=")
        return _OPTIONS.get(option, option), value
    if word.startswith("-C"):
        return "--config", word[2:].removeprefix("=")
    return (word, "") if word.startswith("-") else (None, "")
