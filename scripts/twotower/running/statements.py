"""Statements before a run, as files: where they stand, how they are read, which is of a study.

A statement is a folder `preregistration/<study>-<12 digits>/`. `statement.json` holds the SHA-256
of each of its PARTS; its own SHA-256 stands for all of them. Beside it there may be an SSH
signature, a time stamp, and the certificates against which the author checked the stamp.
"""

import calendar
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.base import files, safe_names
from twotower.base.errors import ExpectedError
from twotower.records import job_records, run_records
from twotower.records.reading import canonical
from twotower.study import grid
from twotower.study.schema import Study

FORMAT = "tower-rates statement 1"
FOLDER = Path("preregistration")
STATED = job_records.STATED.parent
"""Where a run copies the statement of its study to: a seal then holds it."""
DECISIONS = Path("workflow/decisions.yaml")
NAME, SIGNATURE, TOKEN, AUTHORITIES = (
    "statement.json", "statement.json.sig", "statement.json.tsr", "statement.json.tsa.pem",
)  # fmt: skip
TABLES = ("predictions.csv", "claims.csv")
PARTS = ("study.json", "decisions.yaml", *TABLES)
ALL = (NAME, SIGNATURE, TOKEN, AUTHORITIES, *PARTS)
DATE = "%Y-%m-%dT%H:%M:%SZ"
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{10}(?![0-9a-f])")


_HINT = "`git checkout` brings it back if a commit holds it; else remove the statement's folder"


class StatementError(ExpectedError):
    """A statement that cannot be made or read; the message says which, and why."""


@dataclass(frozen=True)
class Statement:
    """A statement that has been read.

    Attributes:
        folder: where it stands.
        sha256: of `statement.json`.
        content: what that says; see `preregistration.content`.
    """

    folder: Path
    sha256: str
    content: dict[str, Any]

    @property
    def settings(self) -> str:
        """Digest of the study's validated values, as records of runs name it."""
        return self.content["study"]["settings"]

    @property
    def rules(self) -> str:
        """SHA-256 of the decision rules."""
        return self.content["files"]["decisions.yaml"]

    @property
    def seconds(self) -> int:
        """Its date, in seconds since 1970."""
        return _seconds(self.content["date"])


def read(folder: Path) -> Statement:
    """The statement in a folder; its parts are not compared.

    Raises:
        StatementError: if the file is no statement.
        FileNotFoundError: if there is no such file.
    """
    place = folder / NAME
    try:
        content = canonical.read(place)
        if not _is_whole(content):
            raise ValueError("not as `make preregister` writes it")
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StatementError(f"{place}: is no statement: {error}; {_HINT}") from None
    return Statement(folder, files.sha256(place), content)


def made(project: Path) -> list[Statement]:
    """The statements of a project. Each must be whole: no damaged one is left out silently.

    Raises:
        StatementError: naming a file that is not as it was stated.
    """
    known = []
    for place in sorted((project / FOLDER).glob(f"[!.]*/{NAME}")):
        statement = read(place.parent)
        for name, sha256 in statement.content["files"].items():
            part = place.with_name(name)
            if not part.is_file() or files.sha256(part) != sha256:
                raise StatementError(f"{part}: is not as it was stated; {_HINT}")
        known.append(statement)
    return known


def latest(known: Iterable[Statement]) -> Statement | None:
    """The last statement of a chain of amendments; of several chains, the one of latest date."""
    known = list(known)
    amended = {each.content["previous"] for each in known}
    last = [each for each in known if each.sha256 not in amended]
    return max(last, key=lambda each: (each.content["date"], each.sha256), default=None)


def bring(project: Path, settings: str, decisions: Path) -> str:
    """Copy the statement of a study that starts to run to the results; returns its SHA-256.

    A statement of another study, or of other decisions, is removed from the results. If this study
    has no statement, another one is removed only if no run there names it: real ratings may be run
    beside a study. Returns "" if the study has no statement.

    Args:
        project: the folder that holds `preregistration/`.
        settings: digest of the study's validated values.
        decisions: the rules' file.

    Raises:
        StatementError: if a statement of the project is damaged.
    """
    known = made(project)
    with suppress(StatementError, FileNotFoundError):
        known.append(read(STATED))
    wanted = settings, files.sha256(decisions)
    statement = latest(each for each in known if (each.settings, each.rules) == wanted)
    runs = map(run_records.read, run_records.names())
    if statement or not any(run and run.get("statement") for run in runs):
        _copy(statement)
    return statement.sha256 if statement else ""


def restore(project: Path, named: str | None) -> list[str]:
    """Copy the statement that the last run names to the results again, if it was damaged there.

    Returns:
        The files that differed from the project's; empty if the project has no such statement.

    Raises:
        StatementError: if a statement of the project is damaged.
    """
    for statement in made(project) if named else ():
        if statement.sha256 == named:
            copied = {name: statement.folder / name for name in ALL}
            other = [name for name, source in copied.items() if source.is_file() and not (
                (STATED / name).is_file() and files.sha256(STATED / name) == files.sha256(source)
            )]  # fmt: skip
            if other:
                _copy(statement)
            return [(STATED / name).as_posix() for name in other]
    return []


def _copy(statement: Statement | None) -> None:
    """Have the results hold this statement and no other; with None, no statement."""
    for name in ALL:
        source = statement.folder / name if statement else Path()
        if statement is None or not source.is_file():
            (STATED / name).unlink(missing_ok=True)
        elif source != STATED / name:
            with files.atomic_write(STATED / name) as temporary:
                temporary.write_bytes(source.read_bytes())
    if statement is None and STATED.is_dir() and not any(STATED.iterdir()):
        STATED.rmdir()


def own(study: Study, paths: Iterable[str]) -> list[str]:
    """Those of the paths that name a cell, a data set or a run of a study."""
    cells = grid.cells(study)
    ids = {name for cell in cells for name in (cell.id, cell.data_id)}
    ids |= {run.id for run in grid.runs(study)}
    return [path for path in paths if not ids.isdisjoint(_ID.findall(path))]


def _seconds(date: str) -> int:
    return calendar.timegm(time.strptime(date, DATE))


def _is_whole(content: dict) -> bool:
    """Whether all parts are there, each of its kind; raises what dicts raise where they are not."""
    if content["format"] != FORMAT:
        raise ValueError(f"of the format {content['format']!r}, not {FORMAT!r}")
    study, code = content["study"], content["code"]
    return (
        content.keys() == {"format", "what", "study", "files", "rules", "code", "versions", "date",
                           "clock", "previous"}
        and safe_names.is_word(study["name"])
        and safe_names.is_path(study["file"])
        and safe_names.is_hex(study["settings"], 64)
        and content["files"].keys() == set(PARTS)
        and all(safe_names.is_hex(each, 64) for each in content["files"].values())
        and safe_names.is_hex(code["root"], 64)
        and (content["previous"] is None or safe_names.is_hex(content["previous"], 64))
        and all(map(safe_names.is_word, [content["rules"], content["date"], content["clock"]]))
        and _seconds(content["date"]) >= 0
    )  # fmt: skip
