"""The verdict of an audit on each claim: claim → figure → cells → jobs → files, and back."""

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pandas as pd

from twotower.audits.compare import rungs
from twotower.audits.compare.rungs import Rung
from twotower.audits.rerun.run import UNEXPLAINED, Outcome
from twotower.audits.verify.findings import SOUND, Verification
from twotower.base import places
from twotower.records import environment, job_records
from twotower.records.job_graph import JobGraph
from twotower.study.decisions import Answer, Claim

LEDGER = "results/tables/claims.csv"
RATES = "results/tables/rates.csv"
TABLES = {
    "primary": "meta_regression", "cold_start": "cold_start", "extrapolation": "extrapolation",
    "falsifiability": "falsifiability", "lemma": "lemmas", "tournament": "tournament",
    "rivals": "methods", "newcomers": "newcomers",
}  # fmt: skip
"""The table that a rule of the ledger looks at besides the rates."""


class Reproduction(StrEnum):
    """What an audit says of a claim."""

    IDENTICAL = "IDENTICAL"
    EQUIVALENT = "EQUIVALENT"
    WITHIN_TOLERANCE = "WITHIN TOLERANCE"
    DIFFERENT = "DIFFERENT"
    TAMPERED = "TAMPERED"
    NOT_RUN = "NOT RUN"


MEANINGS = {
    Reproduction.IDENTICAL: "every file that was made again has the recorded bytes",
    Reproduction.EQUIVALENT: "other bytes, which say exactly the same",
    Reproduction.WITHIN_TOLERANCE: (
        "other numbers, within the tolerance that was declared beforehand for other environments"
    ),
    Reproduction.DIFFERENT: (
        "other numbers, words or pictures, more than a difference of environments explains; or an "
        "origin that is not the stated one"
    ),
    Reproduction.TAMPERED: "files are not as they were made, recorded or sealed",
    Reproduction.NOT_RUN: "what it rests on could not be made again",
}

GRAVITY = (Reproduction.IDENTICAL, Reproduction.EQUIVALENT, Reproduction.WITHIN_TOLERANCE,
           Reproduction.NOT_RUN, Reproduction.DIFFERENT, Reproduction.TAMPERED)  # fmt: skip
"""Of several verdicts the last one stands. From NOT RUN on an audit has failed."""

_BY_RUNG = {
    Rung.BYTES: Reproduction.IDENTICAL,
    Rung.CONTENT: Reproduction.EQUIVALENT,
    Rung.NUMERICAL: Reproduction.WITHIN_TOLERANCE,
    Rung.STATISTICAL: Reproduction.WITHIN_TOLERANCE,
    Rung.DIFFERENT: Reproduction.DIFFERENT,
}


@dataclass
class ClaimVerdict:
    """What an audit found about one claim.

    Attributes:
        claim, statement, recorded, result, figure: as the recorded ledger has them.
        verdict: of the audit.
        why: in words; empty where there is nothing to say.
        diverged: the first job, in the order of the study, that sets the verdict; "" if none.
        jobs: names of all jobs that the claim rests on, in order.
        rerun: how many of them were rerun.
        differences: of the environments of these jobs, in words.
        statistical: whether fresh seeds have answered for what differs.
    """

    claim: str
    statement: str
    recorded: str
    result: str
    figure: str
    verdict: Reproduction = Reproduction.IDENTICAL
    why: str = ""
    diverged: str = ""
    jobs: list[str] = field(default_factory=list)
    rerun: int = 0
    differences: list[str] = field(default_factory=list)
    statistical: bool = False


def judge(
    ledger: pd.DataFrame,
    again: pd.DataFrame | None,
    claims: Mapping[str, Claim],
    graph: JobGraph,
    outcomes: Mapping[str, Outcome],
    verified: Verification,
    relative: float = 0.0,
    explained: Container[str] = (),
) -> list[ClaimVerdict]:
    """The verdict on each claim that the recorded study tests.

    Args:
        ledger: the recorded claims; of them those that are tested have a verdict here.
        again: the claims as they were judged again; None if they could not be.
        claims: the decisions' claims by id.
        graph: the jobs.
        outcomes: of each job by its name.
        verified: what verification found.
        relative: the declared tolerance of tables.
        explained: names of the jobs to which it applies.
    """
    tested = ledger[ledger["verdict"] != str(Answer.UNTESTED)]
    evidence = again, claims, graph, outcomes, verified, relative, explained
    return [_verdict(row, *evidence) for row in rows(tested)]


def explain(differences: Iterable[str]) -> bool:
    """Whether differences of environments can explain other numbers: no unpinned package does."""
    return not all(environment.BESIDE in line for line in differences)


def explained(
    graph: JobGraph, differences: Mapping[str, Iterable[str]], everything: bool
) -> set[str]:
    """The rerun jobs whose numbers may differ since environments do: their own or, where everything
    was rerun, that of a job before them.

    Args:
        differences: of the environments of each rerun job, in words.
    """
    found: set[str] = set()
    for name, job in graph.jobs.items():
        if explain(differences.get(name, ())) or (everything and found & graph.before(job)):
            found.add(name)
    return found


def rests_on(row: Mapping, claim: Claim | None, graph: JobGraph) -> list[str]:
    """The jobs that a claim rests on: its figure, its table, its cells' rates, and all before.

    The table of all rates, from which it is judged, counts as well, but not all that is before.
    """
    names = claim.experiments if claim else ()
    rates = [path for path in graph.maker if _is_rates(path)]
    own = [path for path in rates if Path(path).parent.name in names] if names else rates
    table = f"results/tables/{TABLES[claim.rule]}.csv" if claim and claim.rule in TABLES else ""
    found = graph.upstream([row["figure"], table, *own])
    found += [graph.maker[path] for path in (RATES,) if path in graph.maker]
    return [name for name in graph.jobs if name in found]


def rows(ledger: pd.DataFrame) -> list[dict]:
    """The rows of a ledger, with an empty text for what is missing."""
    return ledger.astype(object).where(ledger.notna(), "").to_dict("records")


def worst(verdicts: Iterable[Reproduction]) -> Reproduction:
    """The gravest of several verdicts; IDENTICAL if there are no verdicts."""
    return max(verdicts, key=GRAVITY.index, default=Reproduction.IDENTICAL)


def failed(verdict: Reproduction) -> bool:
    """Whether an audit with this verdict ends with a status that is not 0."""
    return GRAVITY.index(verdict) >= GRAVITY.index(Reproduction.NOT_RUN)


def of_rung(rung: Rung) -> Reproduction:
    """The verdict that a rung stands for."""
    return _BY_RUNG[rung]


def tampered(paths: Iterable[str], verified: Verification) -> dict[str, str]:
    """Those of some files that are not as they were made, and why.

    A file as it was made, but by other code than is here, is not among them: the rerun decides.
    """
    found = {}
    for path in paths:
        known = verified.files.get(path)
        if known is not None and known.verdict not in (*SOUND, "STALE"):
            found[path] = f"{known.verdict}: {known.reason}" if known.reason else known.verdict
    return found


def _verdict(row, again, claims, graph, outcomes, verified, relative, explained) -> ClaimVerdict:
    name = str(row["claim"])
    jobs = rests_on(row, claims.get(name), graph)
    found = ClaimVerdict(
        name, row["statement"], row["verdict"], row["result"], row["figure"], jobs=jobs
    )
    found.rerun = sum(outcomes[job].rung is not None for job in jobs)
    touched = tampered(_files(jobs, graph, row), verified)
    if LEDGER in tampered([LEDGER], verified) and (edited := row_differs(row, again)):
        touched[LEDGER] = edited
    if touched:
        found.verdict = Reproduction.TAMPERED
        paths = list(touched)
        more = f", and {len(paths) - 1} more" if len(paths) > 1 else ""
        found.why = f"{paths[0]}: {touched[paths[0]]}{more}"
        found.diverged = next((job for job in jobs if outcomes[job].rung == Rung.DIFFERENT), "")
        return found
    ranks = {job: outcomes[job].rung for job in jobs if outcomes[job].rung is not None}
    unequal = row_differs(row, again, relative)
    if not unequal and graph.maker.get(LEDGER, "") not in explained:
        exact = row_differs(row, again)
        unequal = f"{exact}: within the tolerance, but {UNEXPLAINED}" if exact else ""
    failing = [job for job in jobs if outcomes[job].asked and outcomes[job].rung is None]
    lowest = max(ranks.values(), default=Rung.BYTES)
    verdicts = [of_rung(lowest)] + [Reproduction.NOT_RUN] * bool(failing or not ranks)
    if unequal and lowest < Rung.DIFFERENT and not failing:
        verdicts.append(Reproduction.DIFFERENT if again is not None else Reproduction.NOT_RUN)
    found.verdict = worst(verdicts)
    if found.verdict == Reproduction.NOT_RUN and failing:
        found.diverged, found.why = failing[0], outcomes[failing[0]].why
    elif lowest > Rung.BYTES and of_rung(lowest) == found.verdict:
        found.diverged = next(job for job, rung in ranks.items() if rung == lowest)
        found.why = outcomes[found.diverged].detail
    elif found.verdict != Reproduction.IDENTICAL:
        found.diverged, found.why = graph.maker.get(LEDGER, ""), unequal
    return found


def _files(jobs: list[str], graph: JobGraph, row: Mapping) -> list[str]:
    """Every file of some jobs: what they made and read, and the records of it; and the figure."""
    paths = dict.fromkeys([row["figure"]] if row["figure"] else [])
    for job in jobs:
        each = graph.jobs[job]
        for path in [*each.inputs, *each.outputs]:
            paths[path] = None
            if places.is_made(path):
                paths[job_records.record_path(path).as_posix()] = None
    return list(paths)


def row_differs(row: Mapping, again: pd.DataFrame | None, relative: float = 0.0) -> str:
    """How the ledger's row differs from the one that was judged again, in words; empty if not.

    Args:
        relative: numbers may differ by this share, and printed ones by their last digit; with 0
            all must be equal.
    """
    if again is None:
        return "the ledger could not be judged again"
    same = rows(again[again["claim"].astype(str) == str(row["claim"])])
    if not same:
        return "the ledger judged again has no such claim"
    now = same[0]
    for column in [name for name in row if name != "claim"]:
        was, new = row[column], now.get(column, "")
        if was != new and not (relative and _near(was, new, relative)):
            return f"{column}: {new or 'nothing'}, recorded was {was or 'nothing'}"
    return ""


def _near(was: object, new: object, relative: float) -> bool:
    if isinstance(was, float) and isinstance(new, float):
        return math.isclose(was, new, rel_tol=relative)
    return rungs.near_text(str(was), str(new))


def _is_rates(path: str) -> bool:
    parts = Path(path).parts
    return parts[:2] == ("results", "rates") and parts[-1] == "rates.csv" and len(parts) == 4
