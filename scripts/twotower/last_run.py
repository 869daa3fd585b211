"""What the last run in a folder was asked to do: Snakemake's own logs begin with its command."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

_NO_RUN = {"-n", "--dry-run", "--dryrun", "--summary", "--unlock", "--lint", "--touch", "--report"}
_ONE_VALUE = {"--profile", "--workflow-profile"}
_SOME_VALUES = {"--config", "-C", "--configfile", "--configfiles"}


def headers(folder: Path) -> Iterator[dict[str, str]]:
    """What each log of a run in the folder says of it, the newest first: date, host, command."""
    for log in sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"), reverse=True):
        text = log.read_text(encoding="utf-8", errors="replace")[:4000]
        found = re.findall(r"^ *(Date|Host|Command): (.+)$", text, re.MULTILINE)
        yield {name.lower(): value for name, value in found}


def options(folder: Path) -> list[str]:
    """Options that name the study and the profile of the last run, for Snakemake; [] if unknown."""
    for header in headers(folder):
        words = shlex.split(header.get("command", ""))
        if words and not _NO_RUN.intersection(words):
            return list(_chosen(words[1:]))
    return []


def _chosen(words: list[str]) -> Iterator[str]:
    taking = 0.0  # how many of the next words belong to an option that is kept
    for word in words:
        if word.startswith("-"):
            name = word.split("=", 1)[0]
            taking = 1 if name in _ONE_VALUE else float("inf") if name in _SOME_VALUES else 0
            if taking:
                yield word
            taking -= "=" in word
        elif taking > 0:
            yield word
            taking -= 1
