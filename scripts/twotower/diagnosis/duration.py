"""How long a diagnosis takes, from the operations of its fits, before it starts."""

import math
from collections.abc import Mapping

from twotower.cost.operations.arms import ARM_WORK
from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.work import Work, seconds
from twotower.diagnosis.factorial import BEST, BEST_SETTINGS, SHARES, Rung, left_out

_BESIDE = 12.0
"""Seconds of the jobs that fit nothing: reading, judging and drawing."""


def work(rung: Rung, trained: int, dims: tuple[int, int], count: int, repeats: int) -> Work:
    """Operations of one rung's job.

    Args:
        trained: ratings in the training part of a split.
        dims: covariates of users and of items.
        count, repeats: splits, and seeds on each.
    """
    made = Work(torch=1)
    if left_out(rung, trained):
        return made
    towers = rung.towers
    for share in rung.shares:
        n = round(SHARES[share] * trained)
        size = FitSize(n, towers.width, towers.depth, dims, towers.rank, count * repeats)
        made += ARM_WORK["adam"](size, towers.adam(), False)
        for from_start in (False, True) if rung.training == BEST else ():
            made += ARM_WORK["erm"](size, BEST_SETTINGS, from_start)
    return made


def expected(
    rungs: Mapping[str, Rung],
    trained: int,
    dims: tuple[int, int],
    count: int,
    repeats: int,
    cores: int,
    pace: float = 1.0,
) -> float:
    """Seconds of the whole diagnosis: the longest jobs first, each on the first free core.

    Args:
        pace: of this machine, see `twotower.cost.probe.pace`.
    """
    jobs = [seconds(work(rung, trained, dims, count, repeats), pace) for rung in rungs.values()]
    busy = [0.0] * cores
    for job in sorted(jobs, reverse=True):
        busy[busy.index(min(busy))] += job
    return max(busy) + _BESIDE * pace


def shown(duration: float) -> str:
    """Such as "about 7 minutes"."""
    minutes = math.ceil(duration / 60)
    return "less than a minute" if minutes <= 1 else f"about {minutes} minutes"
