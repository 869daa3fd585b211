"""Did the jobs of a study come after its statement, by their records and by clocks?"""

from twotower.audits.seal import timestamps
from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.running import statements
from twotower.running.statements import Statement
from twotower.study.schema import Study

LEEWAY = 120.0
"""Seconds by which clocks of machines may differ, and nothing is made of it."""


def check(statement: Statement, study: Study, evidence: Evidence, result: Verification) -> None:
    """Whether the jobs' records name the statement, as those that were written after it do."""
    own = statements.own(study, evidence.records)
    before = [
        path
        for path in own
        if (record := evidence.records[path]) and record.get("statement") != statement.sha256
    ]
    if not before:
        result.notes.append(f"statement: the records of {len(own):,} results name it as well")
    else:
        result.faults.append(
            f"BEFORE: {several(before)}: made before the statement {statement.sha256[:12]}, since "
            "the record does not name it; for a run after the statement, move results/ away and "
            "run again"
        )


def by_clock(study: Study, moments: dict[str, int], result: Verification) -> None:
    """Whether jobs began, by Snakemake's notes, before a time: that of the statement, of its stamp.

    Args:
        moments: seconds since 1970, by what they are the time of.
    """
    began = {path: result.began[path] for path in statements.own(study, result.began)}
    if began:
        first = timestamps.utc(min(began.values()))
        result.notes.append(f"statement: the first job began at {first}, by Snakemake's note")
    for what, moment in moments.items():
        early = [path for path, seconds in began.items() if seconds < moment - LEEWAY]
        if early:
            first = timestamps.utc(min(began[path] for path in early))
            result.faults.append(
                f"BEFORE: {several(early)}: begun at {first} by Snakemake's note, before "
                f"{what}, {timestamps.utc(moment)}"
            )
