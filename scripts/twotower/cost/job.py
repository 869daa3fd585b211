"""What the cost model says of a job."""

from collections.abc import Callable
from dataclasses import dataclass, field

from twotower.cost.operations.work import Work

STAGES = ("data", "fits", "risks", "rates", "tables", "figures")
"""In this order: a job needs some of those of earlier stages."""


@dataclass(frozen=True)
class PlannedJob:
    """One job.

    Attributes:
        rule: name of its rule.
        about: id of its run or data set, an experiment, or "".
        stage: one of `STAGES`.
        work: operations, see `operations.work.SECONDS`.
        memory: peak, bytes.
        disk: bytes that it writes.
        card_work: gives the operations on a graphics card, where the job may run on one.
    """

    rule: str
    about: str
    stage: str
    work: Work
    memory: float = 2e8
    disk: float = 1e5
    card_work: Callable[[], Work] | None = field(default=None, compare=False, repr=False)
