"""What the last run in a folder was asked for: the workflow notes its command as it starts.

Snakemake's own logs say when and where a run was started, but write its command without quotes.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from twotower.base import safe_names
from twotower.base.files import atomic_write

_CODE = Path(".snakemake/code_of_run.json")
_NO_RUN = {"-n", "--dry-run", "--dryrun", "--summary", "--unlock", "--lint", "--touch", "--report"}
_ONE_VALUE = {"--profile", "--workflow-profile"}
_SOME_VALUES = {"--config", "-C", "--configfile", "--configfiles"}


def headers(folder: Path) -> Iterator[dict[str, str]]:
    """What each log in the folder says about its run, the newest first.

    Keys: date, host; slurm run id, if the run submitted its jobs to Slurm.
    """
    for log in sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"), reverse=True):
        lines = r"^ *(Date|Host|SLURM run ID): (.+)$"
        found = re.findall(lines, _beginning(log), re.MULTILINE)
        yield {name.lower(): value for name, value in found}


def by_slurm(folder: Path) -> bool:
    """Whether the last run's command names Slurm, as executor or as profile."""
    command = _noted(folder).get("command")
    words = command if isinstance(command, list) else []
    return any(re.search(r"(^|[/=])slurm/?$", str(word)) for word in words[1:])


def note(folder: Path, command: Sequence[str], targets: Iterable[str], run: str = "") -> None:
    """Note the command of a run that starts in the folder, unless the run makes nothing.

    `run` is the digest of its record (`twotower.records.run_records`).
    """
    if makes(command):
        content = {"command": list(command), "targets": sorted(targets), "run": run}
        with atomic_write(_place(folder)) as temporary:
            temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")


def makes(command: Sequence[str]) -> bool:
    """Whether Snakemake's command is one that makes something."""
    return not _NO_RUN.intersection(command)


def asked(folder: Path) -> tuple[list[str], list[str]] | None:
    """Targets of the last run, and the options that name its study and profile, for Snakemake.

    None if no run is known. Both may be empty, which means all of the default study.
    """
    content = _noted(folder)
    try:
        return content["targets"], list(_chosen(content["command"][1:]))
    except (TypeError, KeyError, AttributeError):
        return None


def record(folder: Path) -> str | None:
    """The digest of the last run's record; None if no run is known."""
    return _noted(folder).get("run") or None


def _beginning(log: Path) -> str:
    """The beginning of a log; empty if it is no ordinary file."""
    try:
        if not log.is_file():
            return ""
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read(20_000)
    except OSError:
        return ""


def _place(folder: Path) -> Path:
    return folder / ".snakemake" / "last_run.json"


def _noted(folder: Path) -> dict:
    """What `note` kept last; empty if there is no note, or if it cannot be read."""
    return _mapping(_place(folder))


def _mapping(path: Path) -> dict:
    try:
        found = json.loads(safe_names.text_of(path, "utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def note_code(folder: Path, digests: dict[str, str]) -> None:
    """Keep the digests of the scripts' code, by script, of a run that starts in the folder."""
    with atomic_write(folder / _CODE) as temporary:
        temporary.write_text(json.dumps(digests) + "\n", encoding="utf-8")


def code(folder: Path) -> dict[str, str]:
    """What `note_code` kept last; empty if no run noted it, as in a folder that is not shared."""
    return _mapping(folder / _CODE)


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
