"""What an audit finds: claims with verdicts, jobs, files, and the verdict on the whole."""

from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.compare.rungs import Rung
from twotower.audits.rerun import verdicts
from twotower.audits.rerun.options import Asked
from twotower.audits.rerun.run import Outcome
from twotower.audits.rerun.verdicts import ClaimVerdict, Reproduction
from twotower.audits.verify.findings import Verification
from twotower.records.job_graph import JobGraph

PLACE = Path("results-audit")
"""Beside results/: where audits leave what they found."""


@dataclass
class Audit:
    """What an audit found; `report` and `page` write it down.

    Attributes:
        asked: what was asked for.
        root: of the seal, or of the files as they are where there is none.
        run: the record of the run that made the study.
        verified: what verification found.
        graph, outcomes: the jobs, and what became of each.
        population, drawn: names of the jobs to draw from, and of those drawn.
        claims: the verdicts.
        untested: claims that the study does not test.
        notes: what else a reader should know, in words.
        reused: whether the environment was given, and not made from the lock.
        seconds: by stage.
    """

    asked: Asked
    root: str
    sealed: bool
    run: dict
    verified: Verification
    graph: JobGraph = field(default_factory=JobGraph)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    population: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    claims: list[ClaimVerdict] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reused: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Reproduction:
        """The gravest of all claims, jobs and files."""
        found = [claim.verdict for claim in self.claims]
        excused = {job for claim in self.claims if claim.statistical for job in claim.jobs}
        for name, outcome in self.outcomes.items():
            if outcome.rung == Rung.DIFFERENT and name in excused:
                found.append(Reproduction.WITHIN_TOLERANCE)  # fresh seeds have answered for it
            elif outcome.rung is not None:
                found.append(verdicts.of_rung(outcome.rung))
            elif outcome.asked:
                found.append(Reproduction.NOT_RUN)
        if self.verified.faults or self.tampered:
            found.append(Reproduction.TAMPERED)
        return verdicts.worst(found)

    @property
    def tampered(self) -> dict[str, str]:
        """Every file that is not as it was made, recorded and sealed, and why."""
        return verdicts.tampered(self.verified.wrong(), self.verified)
