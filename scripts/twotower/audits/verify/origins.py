"""The origin of each file: a record, and a job of the rules that can have written the record.

A file that was sealed has no origin by that: an author may seal anything.
"""

from collections.abc import Iterable
from pathlib import Path

from twotower.audits.verify.chain import record_of
from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import places
from twotower.records import environment, job_records, run_records, workflow_rules
from twotower.running import statements


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on files that no job recorded, and on records that no job wrote."""
    _check_strays(evidence, result)
    if evidence.reads_code:
        _check_rules(evidence, result)


def _check_strays(evidence: Evidence, result: Verification) -> None:
    """Every file of the results is one that a job recorded, a record, or of the statement."""
    diffs = (run["diff"]["file"] for run in evidence.runs.values() if run and run["diff"])
    known = {*evidence.records, *map(record_of, evidence.records), *diffs}
    known |= _named(environment.ENVIRONMENTS, evidence.environments)
    known |= _named(run_records.RUNS, evidence.runs)
    stated = {(statements.STATED / name).as_posix() for name in statements.ALL}
    known |= stated if job_records.STATED.as_posix() in evidence.found else set()
    sealed = evidence.sealed.files if evidence.sealed else {}
    for path in filter(places.is_made, {*evidence.found, *sealed} - known):
        if Path(path).is_relative_to(places.RESULTS / "checkpoints"):
            result.add(path, "EXTRA", "a checkpoint, which no finished study has")
        else:
            result.add(path, "UNRECORDED", "no job recorded this file")


def _check_rules(evidence: Evidence, result: Verification) -> None:
    """Each job's rule and outputs against the rules that are there.

    Where these are not the sealed ones, a rule may have gone since: what it made is stale.
    """
    rules = workflow_rules.read(evidence.project)
    sealed = evidence.sealed.files if evidence.sealed else {}
    there = {path: sha256 for path, (_, sha256) in evidence.found.items() if _is_rules(path)}
    same = there == {path: entry.sha256 for path, entry in sealed.items() if _is_rules(path)}
    verdict = "FORGED" if sealed and same else "STALE"
    for path, record in evidence.records.items():
        rule = rules.get(record["rule"]) if record else None
        if record and rule is None:
            reason = f"the project has no rule {record['rule']} that would make it"
            result.add(path, verdict, reason)
        elif rule and rule.outputs and not rule.makes(record["outputs"]):
            reason = f"no job of the rule {rule.name} makes just {several(record['outputs'])}"
            result.add(record_of(path), verdict, reason)


def _is_rules(path: str) -> bool:
    return Path(path).is_relative_to(workflow_rules.FOLDER)


def _named(folder: Path, digests: Iterable[str]) -> set[str]:
    return {(folder / f"{name}.json").as_posix() for name in digests}
