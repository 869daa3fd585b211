"""Stating a study before it runs: its settings, the rules, what is predicted, under one hash.

A statement shows what was fixed at its date. Who trusts its signature knows whose it is; who
trusts the authority of its time stamp knows that it was there at the stamp's time. The record of a
run names its hash, and so was written after it.
"""

import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from twotower.audits.seal import manifest, sealed_files, signatures, timestamps
from twotower.base import files, places, words
from twotower.base import values as base_values
from twotower.records import job_records, run_records
from twotower.records.reading import canonical
from twotower.running import statements
from twotower.running.statements import Statement, StatementError
from twotower.study import decisions, reading
from twotower.study.decisions import Decisions
from twotower.study.schema import Study

WHAT = "What a study will run, how it will be judged, and what is predicted of it, before it ran"
CLOCK, MACHINE = "SOURCE_DATE_EPOCH", "the clock of the machine"
_SHOWN = 3  # results that are named


def state(
    study: str,
    key: Path | None = None,
    server: str | None = None,
    authorities: Path | None = None,
    clock: str | None = None,
) -> tuple[Statement, list[str]]:
    """State a study of this folder; an unchanged one keeps its statement.

    Args:
        study: its file.
        key: a private key of SSH, to sign with.
        server: address of an authority that stamps with the time (RFC 3161).
        authorities: certificates of that authority, in PEM.
        clock: seconds since 1970 in place of the machine's clock: SOURCE_DATE_EPOCH.

    Returns:
        The statement, and what was done, in lines.

    Raises:
        StatementError: if results of the study are there already, or an option makes no sense.
        StudyError, DecisionsError, SignatureError, StampError: as of their modules.
    """
    if authorities is not None and server is None:
        raise StatementError(f"TSA_CA={authorities}: is for a time stamp; allowed: with TSA=")
    timestamps.require(server, authorities)
    if key is not None:
        signatures.require(key)
    date = {"date": _date(clock), "clock": MACHINE if clock is None else CLOCK}
    read, project = reading.read_study(study), sealed_files.project_of(Path())
    rules = decisions.load(project / statements.DECISIONS)
    if os.path.lexists(statements.FOLDER) and not statements.FOLDER.is_dir():
        found = f"{statements.FOLDER}: this is no folder"
        raise StatementError(base_values.complaint(found, "a folder", "move it away"))
    known = statements.made(Path())
    last = statements.latest(each for each in known if each.content["study"]["name"] == read.name)
    if last is None:
        _refuse_results(read)  # before the work
    parts = _parts(read, rules, project)
    now = _content(study, read, rules, parts, project)
    if last is not None and _same(last.content, now):
        lacks = [key and statements.SIGNATURE, server and statements.TOKEN]
        if any(name and not (last.folder / name).exists() for name in lacks):
            _refuse_results(read)
        told = [f"Nothing has changed: stated already on {last.content['date']}."]
        return last, told + _vouch(last.folder, key, server, authorities)
    _refuse_results(read)
    now |= date | {"previous": last.sha256 if last else None}
    with tempfile.TemporaryDirectory(prefix="tower-rates-") as room:
        for name, content in (parts | {statements.NAME: canonical.text(now).encode()}).items():
            Path(room, name).write_bytes(content)
        told = _vouch(Path(room), key, server, authorities)
        sha256 = files.sha256(Path(room, statements.NAME))
        folder = statements.FOLDER / f"{read.name}-{sha256[:12]}"
        folder.parent.mkdir(exist_ok=True)
        half = folder.with_name(f".{folder.name}")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(room, half)
        half.rename(folder)
    amended = [f"It amends the statement of {last.content['date']}, {last.folder}."] if last else []
    return statements.read(folder), amended + told


def _parts(study: Study, rules: Decisions, project: Path) -> dict[str, bytes]:
    """The files that a statement is about, by name."""
    from twotower.claims import (
        predicted_table,  # here: it takes half a second, and some are refused
    )

    settings = canonical.text(job_records.plain(study.model_dump()))
    found = {"study.json": settings.encode("ascii")}
    found["decisions.yaml"] = (project / statements.DECISIONS).read_bytes()
    return found | predicted_table.written(study, rules)


def _content(
    study: str, read: Study, rules: Decisions, parts: Mapping[str, bytes], project: Path
) -> dict[str, Any]:
    """What a statement says, but for its date and the one before it."""
    commit, clean = run_records.origin(project, study)
    packages = {name: metadata.version(name) for name in ("numpy", "scipy", "pandas")}
    return {
        "format": statements.FORMAT,
        "what": WHAT,
        "study": {
            "name": read.name,
            "file": places.name(study),
            "settings": run_records.study_digest(read.model_dump()),
        },
        "files": {name: hashlib.sha256(text).hexdigest() for name, text in parts.items()},
        "rules": rules.label,
        "code": {
            "root": manifest.code_root(project, places.name(study)),
            "commit": commit,
            "clean": clean,
        },
        "versions": {"python": platform.python_version()} | packages,
    }


def _same(one: Mapping, other: Mapping) -> bool:
    """Whether two statements differ in nothing but date, commit and versions."""
    return all(one[key] == other[key] for key in ("study", "files", "rules")) and (
        one["code"]["root"] == other["code"]["root"]
    )


def _refuse_results(study: Study) -> None:
    paths = [path.as_posix() for path in files.below(places.RESULTS)]
    if ran := statements.own(study, sorted(paths)):
        raise StatementError(
            f"study {study.name}: jobs of this study have run here: {words.named(ran, _SHOWN)}; "
            "a statement now would come after them; allowed: a statement before the run, while "
            "results/ holds nothing of the study; move results/ away, state the study, and run it "
            "again"
        )


def _vouch(
    folder: Path, key: Path | None, server: str | None, authorities: Path | None
) -> list[str]:
    """Sign and stamp the statement in a folder, as asked for; says what was done."""
    place, told = folder / statements.NAME, []
    if key is not None:
        signatures.sign(place, folder / statements.SIGNATURE, key, signatures.STATED)
        told.append(f"signed with {key.name}: {statements.SIGNATURE}")
    if server is not None and (folder / statements.TOKEN).exists():
        told.append("stamped already: the first stamp stays, a later one would show less")
    elif server is not None:
        found = timestamps.ask(place, folder / statements.TOKEN, server, authorities)
        if authorities is not None:
            with files.atomic_write(folder / statements.AUTHORITIES) as temporary:
                temporary.write_bytes(authorities.read_bytes())
        told.append(f"{found.words}: {statements.TOKEN}")
    return told


def _date(clock: str | None) -> str:
    """Now in UTC, or the time that is given."""
    try:
        seconds = time.time() if clock is None else int(clock)
        if clock is None or re.fullmatch("[0-9]+", clock):
            return datetime.fromtimestamp(seconds, UTC).strftime(statements.DATE)
    except (ValueError, OverflowError, OSError):
        pass
    allowed = "a whole number of seconds since 1970; without it the machine's clock counts"
    raise StatementError(base_values.complaint(f"{CLOCK}={clock}: is no time", allowed))
