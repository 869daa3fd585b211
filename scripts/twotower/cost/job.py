"""What the cost model says of a job."""

from dataclasses import dataclass

from twotower.cost.operations import Work

STAGES = ("data", "fits", "risks", "rates", "tables", "figures")
"""In this order: a job needs some of those of earlier stages."""


@dataclass(frozen=True)
class PlannedJob:
    """One job.

    Attributes:
        rule: name of its rule.
        about: id of its run or data set, an experiment, or "".
        stage: one of `STAGES`.
        work: operations, see `operations.SECONDS`.
        memory: peak, bytes.
        disk: bytes that it writes.
        on_card: whether it may run on a graphics card.
    """

    rule: str
    about: str
    stage: str
    work: Work
    memory: float = 2e8
    disk: float = 1e5
    on_card: bool = False
