"""The predicted cost of a whole study, as a table to read before it starts."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from twotower.base import words
from twotower.cost.job import STAGES, PlannedJob
from twotower.cost.jobs import jobs
from twotower.cost.operations import work
from twotower.study import grid
from twotower.study.schema import Study

CARD_SPEEDUP = 20
"""A graphics card's speed at the matrix products of training, which is all that it runs there, in
cores of the reference machine at the same products: assumed, not measured."""

CARD_START = 5.0
"""Seconds until a card is ready for a job: assumed, not measured."""


@dataclass(frozen=True)
class StudyCost:
    """Predicted cost of jobs that start from nothing.

    Attributes:
        listed: the jobs.
        pace: time that the machine takes, in units of the reference machine's.
        cores: jobs at a time.
    """

    listed: list[PlannedJob]
    pace: float = 1.0
    cores: int = 1

    def seconds(self, listed: Iterable[PlannedJob] | None = None) -> float:
        """Core seconds of the given jobs, or of all."""
        chosen = self.listed if listed is None else listed
        return sum(work.seconds(job.work, self.pace) for job in chosen)

    def longest(self) -> PlannedJob:
        """The job that takes longest."""
        return max(self.listed, key=lambda job: self.seconds([job]))

    def wall_seconds(self) -> float:
        """Seconds with all cores busy; at least the sum of each stage's longest job."""
        chain = sum(
            max((self.seconds([job]) for job in self.listed if job.stage == stage), default=0.0)
            for stage in STAGES
        )
        return max(self.seconds() / self.cores, chain)

    def card_seconds(self) -> float:
        """Seconds of a graphics card if every training job had one; assumed, not measured."""
        starts = ("torch", "second", "byte")
        total = 0.0
        for job in self.listed:
            if job.card_work is not None:
                on_card = job.card_work()
                fitting = work.Work({k: v for k, v in on_card.items() if k not in starts})
                rest = work.seconds(on_card - fitting)
                total += work.seconds(fitting) / CARD_SPEEDUP + rest + CARD_START
        return total


def plan(study: Study, pace: float = 1.0, cores: int = 1) -> StudyCost:
    """The plan of a study on a machine with this pace and this many cores."""
    return StudyCost(list(jobs(study)), pace, cores)


def report(study: Study, made: StudyCost) -> str:
    """The plan as text: a line for each rule, then what the whole run takes."""
    longest = made.longest()
    cores = words.count(made.cores, "core")
    experiments = words.count(len(study.experiments), "experiment")
    return "\n".join(
        [
            f"Study {study.name}: {experiments}, "
            f"{len(grid.cells(study))} cells, {study.replicates} replicates, "
            f"up to {max(_sizes(study)):,} ratings",
            "",
            *table(made),
            "",
            f"Core hours: {made.seconds() / 3600:.2f}; a core here takes {made.pace:.2f} times "
            "as long as one of the reference machine.",
            f"Wall time: {shown(made.wall_seconds())} on {cores}.",
            f"Longest job: {longest.rule} {longest.about}".rstrip()
            + f", {shown(made.seconds([longest]))}.",
            f"GPU hours if training.gpu were true: {made.card_seconds() / 3600:.2g}. Assumed, not "
            f"measured: a card does matrix products like {CARD_SPEEDUP} cores of the reference "
            "machine, and lacks the faster loops of a core.",
            "These are predictions for a run from nothing; they may be wrong by a factor of 2.",
        ]
    )


def table(made: StudyCost) -> list[str]:
    """Lines of a table: a row for each rule, and one for all."""
    rows = [("rule", "jobs", "core time", "longest", "memory", "disk")]
    for rule in dict.fromkeys(job.rule for job in made.listed):
        rows.append(_row(rule, made, [job for job in made.listed if job.rule == rule]))
    rows.append(_row("all", made, made.listed))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if index == 0 else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _sizes(study: Study) -> set[int]:
    return {n for cell in grid.cells(study) for n in cell.sample_sizes}


def _row(rule: str, made: StudyCost, listed: list[PlannedJob]) -> tuple[str, ...]:
    return (
        rule,
        f"{len(listed):,}",
        shown(made.seconds(listed)),
        shown(max(made.seconds([job]) for job in listed)),
        size(max(job.memory for job in listed)),
        size(sum(job.disk for job in listed)),
    )


def shown(seconds: float) -> str:
    """A time in one unit: 41 s, 12 min, 3.5 h, 4.2 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def size(count: float) -> str:
    """A number of bytes: 12 MB, 3.4 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{math.ceil(count / 1e6)} MB"
