"""The study, its runs and the decision rules: are the files those that were run and judged?"""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from twotower.audits.seal import sealed_files
from twotower.audits.verify.evidence import NO_RECORD, Evidence
from twotower.audits.verify.findings import Verification
from twotower.base import errors, words
from twotower.records import job_records, run_records
from twotower.study import reading
from twotower.study.rules.ledgers import LEDGERS, Ledger
from twotower.study.schema import Study

DECISIONS = LEDGERS[0].rules


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on run records, the study's file, and tables that were judged."""
    _check_runs(evidence, result)
    if evidence.sealed is not None:
        _check_study(evidence, result)
    _check_decisions(evidence, result)


def _check_runs(evidence: Evidence, result: Verification) -> None:
    for name, run in evidence.runs.items():
        path = (run_records.RUNS / f"{name}.json").as_posix()
        if run is None:
            result.add(path, "FORGED", NO_RECORD)
            continue
        if run["environment"] not in evidence.environments:
            result.add(path, "FORGED", f"its environment {run['environment']} is not recorded")
        diff = run["diff"]
        if diff and evidence.is_gone(diff["file"]):
            result.add(diff["file"], "MISSING", f"the uncommitted changes of run {name}")
        elif diff and evidence.sha256(diff["file"]) != diff["sha256"]:
            result.add(diff["file"], "CHANGED", f"run {name} recorded {diff['sha256'][:12]}")
    if not evidence.runs:
        result.faults.append(
            "no run is recorded: it is not known from which code and study these results came"
        )


def _check_study(evidence: Evidence, result: Verification) -> None:
    """The study's file against the run that the seal names."""
    study, run = evidence.sealed.study, evidence.run
    if run is None:
        name = study.get("run")
        result.faults.append(f"the seal names run {name} as the study's, which has no valid record")
        return
    ran = run["study"]
    told = sealed_files.MANIFEST.as_posix()
    if (study.get("file"), study.get("settings")) != (ran["file"], ran["settings"]):
        result.add(told, "FORGED", f"it names another study than run {study['run']} recorded")
    place = sealed_files.found_given(ran["file"], evidence.folder, evidence.project)
    if place is None or ran["file"] not in evidence.found:
        result.notes.append(f"the study's file {ran['file']} is not here; the run holds its text")
        return
    if evidence.sha256(ran["file"]) != ran["sha256"]:
        result.add(ran["file"], "CHANGED", "its bytes differ from those that the run read")
    own = (run_records.RUNS / f"{study['run']}.json").as_posix()
    plain: dict = {}
    try:
        plain = reading.load_study(place)
        raw = reading.merged(plain, ran["given"])
        settings = reading.validated(raw, place).model_dump()
    except errors.ExpectedError as error:
        told = " ".join(map(str.strip, str(error).split("\n")[:2]))
        if ran["given"] and _is_valid(plain):
            keys = ", ".join(sorted(map(str, ran["given"])))
            reason = f"its values of --config ({keys}) make no valid study of {ran['file']}"
            result.add(own, "FORGED", f"{reason}: {told}")
        else:
            result.add(ran["file"], "CHANGED", f"it is no longer a valid study: {told}")
        return
    same_file = evidence.sha256(ran["file"]) == ran["sha256"]
    other = run_records.study_digest(settings) != ran["settings"]
    if other and not same_file:
        reason = "its settings differ from those of the run"
        result.add(ran["file"], "CHANGED", f"{reason}{differing(ran['content'], raw)}")
    elif other or job_records.plain(raw) != ran["content"]:
        reason = "the study in it is not that of the study's file with its values of --config"
        told = differing(ran["content"], job_records.plain(raw))
        result.add(own, "FORGED", f"{reason}{told}")


def _is_valid(raw: dict) -> bool:
    try:
        return bool(reading.validated(raw, ""))
    except errors.ExpectedError:
        return False


def differing(ran: dict, now: dict) -> str:
    """The first top-level keys in which two studies differ."""
    keys = sorted(map(str, ran.keys() | now.keys()))
    told = [f"{key} was {_short(ran.get(key))}, is {_short(now.get(key))}"
            for key in keys if _short(ran.get(key)) != _short(now.get(key))]  # fmt: skip
    return f": {'; '.join(told[:3])}" if told else ""


def _short(value: object) -> str:
    text = json.dumps(value, default=str, sort_keys=True)
    return (
        text
        if len(text) <= 40
        else f"{text[:30]}… ({hashlib.sha256(text.encode()).hexdigest()[:6]})"
    )


def _check_decisions(evidence: Evidence, result: Verification) -> None:
    """The claims of each ledger, and each table's own label of the rules that judged it, against
    the rules that are there.
    """
    first, *further = LEDGERS
    left = {path for path in evidence.found
            if path.startswith("results/tables/") and path.endswith(".csv")}  # fmt: skip
    for ledger in [each for each in further if each.table in left]:
        _check_judged(ledger, [ledger.table], evidence, result)
        left.remove(ledger.table)
    _check_judged(first, sorted(left), evidence, result)


def _check_judged(
    ledger: Ledger, tables: list[str], evidence: Evidence, result: Verification
) -> None:
    if ledger.rules in evidence.odd:
        result.add(ledger.rules, "CHANGED", "these are no longer valid rules")
        return
    try:
        rules = ledger.load(evidence.project / ledger.rules)
    except (errors.ExpectedError, OSError) as error:
        first = (str(error).split("\n") + [""])[1].strip() or type(error).__name__  # 0: the path
        result.add(ledger.rules, "CHANGED", f"these are no longer valid rules: {first}")
        return
    told = _values(evidence.folder / ledger.table, "claim")
    other = set() if told is None else {claim.id for claim in rules.claims} ^ told
    if ledger.table in tables and other:
        reason = f"its claims are not those of {ledger.rules}: {words.named(sorted(other), 5)}"
        result.add(ledger.table, "FORGED", reason)
    for path in tables:
        if judged := (_values(evidence.folder / path, "decisions") or set()) - {rules.label}:
            reason = f"it was judged by the rules {', '.join(sorted(judged))}"
            result.add(path, "STALE", f"{reason}; {ledger.rules} is {rules.label} now")


def _values(path: Path, column: str) -> set[str] | None:
    """What stands in a column of a table; nothing where the table has no such column, None where it
    is no table.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if column not in (rows.fieldnames or []):
                return set()
            return {row[column] or "" for row in rows}
    except (OSError, ValueError, csv.Error):
        return None


def of_run(run: dict) -> Study | None:
    """The study that a run's record holds; None if today's models give it other values."""
    told = run["study"]
    return of_settings(told["content"], told["file"], told["settings"])


def of_settings(content: dict, place: str, settings: str) -> Study | None:
    """The study in a mapping that was written as JSON; None if its settings have another digest."""
    found = recorded({"content": content, "file": place})
    same = found and run_records.study_digest(found.model_dump()) == settings
    return found if same else None


def recorded(told: dict) -> Study | None:
    """The study that a record holds, whatever digest stands beside it; None if it is not valid."""
    content = _numbers(told["content"])
    try:
        if names := told.get("experiments"):
            listed = content["experiments"]
            content = content | {"experiments": {name: listed[name] for name in names}}
        return reading.validated(content, told["file"])
    except (reading.StudyError, TypeError, KeyError):
        return None


def in_order(told: dict, folder: Path, project: Path) -> dict | None:
    """What a record says of a study, with the order of its experiments.

    Older records do not say it; then it is that of the file, if this is the one that was run. None
    if the order is not known: cells come in the order of the experiments that ask for them.
    """
    if "experiments" in told or len(told["content"].get("experiments", ())) < 2:
        return told
    place = sealed_files.found_given(told["file"], folder, project)
    try:
        raw = reading.merged(reading.load_study(place), told["given"]) if place else {}
    except errors.ExpectedError:
        return None
    if job_records.plain(raw) != told["content"]:
        return None
    return told | {"experiments": [*raw["experiments"]]}


def _numbers(value: Any) -> Any:
    """Records write numbers that JSON lacks as text; this reads them back."""
    if isinstance(value, dict):
        return {key: _numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return float(value) if value in ("inf", "-inf", "nan") else value
