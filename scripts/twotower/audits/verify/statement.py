"""The statement before the run: was the stated study run and judged, and after the statement?

The records of the run and of its jobs name the statement's hash, and so were written after it was.
Clocks are asked as well, where they are known: Snakemake's notes of when jobs began, the date of
the statement, and the time of its stamp. The first two are their author's word.
"""

import csv
from contextlib import suppress
from pathlib import Path

from twotower.audits.seal import manifest, signatures, timestamps
from twotower.audits.verify import statement_order
from twotower.audits.verify import study as study_checks
from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import identity, places
from twotower.records import job_records
from twotower.records.reading import canonical
from twotower.running import statements
from twotower.running.statements import STATED, Statement
from twotower.study import decisions, grid
from twotower.study.schema import Study

MOST_POINTS = 5000  # cells by sizes for which predictions are computed again: some ten seconds
_STUDY = (STATED / "study.json").as_posix()


def check(
    evidence: Evidence, result: Verification, signers: Path | None, authorities: Path | None
) -> None:
    """Tell of the statement in the results: what contradicts it, and what vouches for it.

    Arguments and errors are those of `verification.verify`.
    """
    named = {run.get("statement") for run in _runs(evidence)} - {None}
    for name, run in evidence.runs.items():
        if run and run.get("statement") and run["statement"] not in named:
            told = f"statement: run {name}, also recorded here, names another one"
            result.notes.append(f"{told}, {run['statement'][:12]}: ask for it, and for its results")
    statement = _found(evidence, result)
    if statement is None:
        return
    _tell(statement, evidence, result)
    stated = _settings(statement)
    study = stated and study_checks.of_settings(stated, "study.json", statement.settings)
    if _check_parts(statement, evidence, result):
        _check_study(statement, stated, study, evidence, result)
    code, seal = statement.content["code"], evidence.sealed
    if seal is not None and seal.roots["code"] != code["root"]:
        made_by = f" (of commit {code['commit'][:12]})" if code["commit"] else ""
        result.notes.append(f"statement: the code was changed after it{made_by}, before the seal")
    if not any(Path(path).is_relative_to(STATED) for path in evidence.odd):
        moments = _vouched(statement, signers, authorities, result)
        if study:
            statement_order.by_clock(study, moments, result)


def _found(evidence: Evidence, result: Verification) -> Statement | None:
    """The statement in the results; where there is none that can be read, that is told."""
    place = (STATED / statements.NAME).as_posix()
    try:
        return statements.read(evidence.folder / STATED)
    except statements.StatementError as error:
        result.add(place, "CHANGED", str(error))
        return None
    except FileNotFoundError:
        naming = [path for path, each in evidence.records.items() if each and each.get("statement")]
    if naming or any(run.get("statement") for run in _runs(evidence)):
        who = several(naming) if naming else "the run"
        hint = "copy its folder from preregistration/ to results/preregistration"
        result.add(place, "MISSING", f"the record of {who} names a statement before it; {hint}")
    else:
        result.notes.append(
            "no statement was made before the run: nothing here dates the rules and the "
            "predictions, which may be later than the results (`make preregister`)"
        )
        _tell_unnamed(evidence, result)
    return None


def _tell(statement: Statement, evidence: Evidence, result: Verification) -> None:
    """What the statement is of, and whether the run names it."""
    about = statement.content
    result.notes.append(
        f"statement: of study {about['study']['name']}, rules {about['rules']}, dated "
        f"{about['date']} by {about['clock']}; its SHA-256 is {statement.sha256}"
    )
    if about["previous"]:
        result.notes.append(f"statement: it amends an earlier one, {about['previous']}")
    named = {run.get("statement") for run in _runs(evidence)} - {None}
    if statement.sha256 in named:
        result.notes.append(
            "statement: the record of the run names it: the record is the later one"
        )
    else:
        others = " and ".join(sorted(each[:12] for each in named)) or "none"
        result.faults.append(
            f"BEFORE: the record of the run names {others} as its statement, not "
            f"{statement.sha256[:12]}: the statement was made after the run began, or was changed "
            "since"
        )


def _tell_unnamed(evidence: Evidence, result: Verification) -> None:
    """Statements of the study that the project holds, and that no record names."""
    settings = {run["study"]["settings"] for run in _runs(evidence)}
    with suppress(statements.StatementError):
        for each in statements.made(evidence.project):
            if each.settings in settings:
                result.notes.append(
                    f"statement: the project holds one of this study, {each.folder.name}, dated "
                    f"{each.content['date']}, which neither the run nor its jobs name: it was made "
                    "after the run began, or it was taken out of the records"
                )


def _vouched(
    statement: Statement, signers: Path | None, authorities: Path | None, result: Verification
) -> dict[str, int]:
    """Tell what vouches for the statement; returns when it was made, by what says so."""
    names = statements.NAME, statements.SIGNATURE, statements.TOKEN, statements.AUTHORITIES
    place, signature, token, kept = (statement.folder / name for name in names)
    signed = signatures.check(place, signature, signers, signatures.STATED)
    try:
        stamp = timestamps.check(place, token, authorities, kept)
    except timestamps.StampError as error:
        if authorities is not None:
            raise
        stamp = timestamps.Stamp("unvouched", f"its time stamp cannot be checked: {error}")
    for found in (signed, stamp):
        told = result.faults if found.state == "bad" else result.notes
        told.append(f"statement: {found.words}")
    moments = {"the date of the statement": statement.seconds}
    if stamp.seconds is not None:
        moments["the time of its stamp"] = stamp.seconds
    return moments


def _runs(evidence: Evidence) -> list[dict]:
    """The run that the seal names; without a seal all that are recorded."""
    runs = [evidence.run] if evidence.sealed else evidence.runs.values()
    return [run for run in runs if run]


def _check_parts(statement: Statement, evidence: Evidence, result: Verification) -> bool:
    """Each file against the hash that the statement has of it; whether all are as stated."""
    whole = True
    for name, sha256 in statement.content["files"].items():
        path = (STATED / name).as_posix()
        found = evidence.sha256(path)
        whole = whole and found == sha256
        if found is None:
            result.add(path, "MISSING", "it is part of the statement before the run")
        elif found != sha256:
            result.add(path, "FORGED", f"stated was {sha256[:12]}, it is {found[:12]}")
    return whole


def _check_study(
    statement: Statement,
    stated: dict | None,
    study: Study | None,
    evidence: Evidence,
    result: Verification,
) -> None:
    """What was stated against what was run, and against the rules that are there."""
    if stated is None:
        result.add(_STUDY, "FORGED", "it is not the study whose settings the statement names")
        return
    for run in _runs(evidence):
        named = run.get("statement") == statement.sha256
        if named and run["study"]["settings"] != statement.settings:
            ran = study_checks.of_run(run)
            other = (
                study_checks.differing(stated, job_records.plain(ran.model_dump())) if ran else ""
            )
            result.faults.append(f"statement: another study was run than was stated{other}")
    rules = evidence.sha256(study_checks.DECISIONS)
    if rules is not None and rules != statement.rules:
        label = statement.content["rules"]
        result.faults.append(
            f"statement: {study_checks.DECISIONS} is not as it was stated, {label}"
        )
    if study is None:
        result.notes.append(f"{_STUDY} cannot be read by this version of the project")
        return
    _check_predictions(statement, study, result)
    statement_order.check(statement, study, evidence, result)


def _settings(statement: Statement) -> dict | None:
    """The settings that were stated; None if they are not those of the statement's digest."""
    try:
        found = canonical.read(statement.folder / "study.json")
        return found if identity.digest(found).hex() == statement.settings else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _check_predictions(statement: Statement, study: Study, result: Verification) -> None:
    """The predictions against those that this code makes of the stated study."""
    points = sum(len(cell.sample_sizes) for cell in grid.cells(study))
    if points > MOST_POINTS:
        result.notes.append(
            f"statement: its predictions, of {points:,} sizes, were not computed again"
        )
        return
    from twotower.claims import predicted_table  # here: it takes half a second

    try:
        rules = decisions.load(statement.folder / "decisions.yaml")
        made = predicted_table.written(study, rules)
        other = [
            (STATED / name).as_posix()
            for name in made
            if not predicted_table.agree((statement.folder / name).read_bytes(), made[name])
        ]
    except (decisions.DecisionsError, OSError, ValueError, csv.Error):
        return  # told already: other bytes than were stated, or rules that this code cannot read
    about = statement.content
    here = manifest.code_root(places.PROJECT, about["study"]["file"])
    stated_code = about["code"]["root"] == here
    for path in other:
        if stated_code:
            result.add(path, "FORGED", "it is not what the stated code predicts of the study")
        else:
            result.notes.append(f"{path}: the code of this clone differs and predicts other values")
    if not other:
        result.notes.append("statement: its predictions were computed again, and are the same")
