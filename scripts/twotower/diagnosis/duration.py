"""How long a diagnosis takes, from the operations of its fits, before it starts."""

import math
from collections.abc import Mapping
from dataclasses import replace

from twotower.cost.operations.arms import ARM_WORK
from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.work import Work, seconds
from twotower.diagnosis.factorial import BEST, SHARES, Rung
from twotower.diagnosis.kinds import kind

_BESIDE = 12.0
"""Seconds of the jobs that fit nothing: reading, judging and drawing."""


def work(
    rung: Rung, trained: int, dims: tuple[int, int], count: int, repeats: int, catalogue: int = 0
) -> Work:
    """Operations of one rung's job.

    Args:
        trained: ratings in the training part of a split.
        dims: covariates of users and of items.
        count, repeats: splits, and seeds on each.
        catalogue: items that are clicked, 0 of ratings.
    """
    of = kind.CLICKS if catalogue else kind.RATINGS
    made = Work(torch=1)
    towers = rung.towers
    for share in rung.shares:
        n = round(SHARES[share] * trained)
        rank = towers.rank + (catalogue > 0)  # with an item's own score
        size = FitSize(n, towers.width, towers.depth, dims, rank, count * repeats)
        if catalogue:
            size = replace(size, catalogue=catalogue, click_batch=towers.batch_size)
        made += ARM_WORK[of.own_arm](size, towers.adam(), False)
        for from_start in (False, True) if rung.training == BEST else ():
            made += ARM_WORK[of.best_arm](size, of.best_settings, from_start)
    return made


def expected(
    rungs: Mapping[str, Rung],
    trained: int,
    dims: tuple[int, int],
    count: int,
    repeats: int,
    cores: int,
    pace: float = 1.0,
    catalogue: int = 0,
) -> float:
    """Seconds of the whole diagnosis: the longest jobs first, each on the first free core.

    Args:
        pace: of this machine, see `twotower.cost.probe.pace`.
        catalogue: items that are clicked, 0 of ratings.
    """
    about = (trained, dims, count, repeats, catalogue)
    jobs = [seconds(work(rung, *about), pace) for rung in rungs.values()]
    busy = [0.0] * cores
    for job in sorted(jobs, reverse=True):
        busy[busy.index(min(busy))] += job
    return max(busy) + _BESIDE * pace


def shown(duration: float) -> str:
    """Such as "about 7 minutes"."""
    minutes = math.ceil(duration / 60)
    return "less than a minute" if minutes <= 1 else f"about {minutes} minutes"
