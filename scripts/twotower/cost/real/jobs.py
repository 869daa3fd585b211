"""The jobs of a run on real ratings, with what each costs."""

import math
from collections.abc import Sequence

from twotower.cost.job import PlannedJob
from twotower.cost.operations.work import Work
from twotower.cost.real import fits
from twotower.data.ratings_size import RatingsSize

TRAINED = {"random": 0.8, "time": 0.8, "cold": 0.51, "few": 0.58}
"""By kind of split, the share of all ratings that trains."""
FRACTIONS = {"random": (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)}
"""Of the training ratings, for which each method is fitted; kinds that lack here: all of them."""
ONCE = ("time",)
"""Kinds of which there is one split."""
FIGURES = 3
_LINE, _PARSED = 1.0e-6, 2.0e-8  # seconds of a line of numbers, of a byte of JSON
_HASHED = 5  # times that each byte of a file is read for its SHA-256, or passed on to a parser
SPLIT = 3.5e-7
"""Seconds of a rating in a split."""
_SCORED, _RANKED = 4.0e-7, 1.0e-4  # seconds of a test rating, of a user's list
_DRAWN, _SUMMED = 500 * 1.0e-8, 500 * 1.1e-8
"""Of a bootstrap, seconds of a user who tests: of its draws, and of each method's two means."""
_TWICE = ("time", "cold", "few")
"""Kinds whose test ratings are drawn by group as well, where about as many users stand again."""


def jobs(
    size: RatingsSize,
    parts: dict[str, Sequence[str]],
    methods: Sequence[str],
    splits: int,
    budget: int,
) -> list[PlannedJob]:
    """All jobs, in the order in which they can run.

    Args:
        parts: by name of a part of the splits, their kinds; a job fits a method to a part.
        methods: by name.
        splits, budget: seeded splits of each kind, settings that a method tries.
    """
    kinds = [kind for own in parts.values() for kind in own]
    found = [PlannedJob("load_real", "", "data", _seconds(_load(size, splits)), _loaded(size))]
    for part, own in parts.items():
        for method in methods:
            work = _seconds(sum(_fitted(size, kind, method, splits, budget) for kind in own))
            work["torch" if fits.holds_torch(method) else "start"] = 1
            disk = 8.0 * sum(_tested(size, kind) * _count(kind, splits) for kind in own)
            about, memory = f"{part}/{method}", fits.memory(method, size)
            found.append(PlannedJob("fit_real", about, "fits", work, memory, disk))
    scored = sum(_scored(size, kind, splits, len(methods)) for kind in kinds)
    memory = fits.memory("global_mean", size) + 24.0 * size.ratings
    memory += 8.0 * sum(_held(size, kind, splits, len(methods)) for kind in kinds)
    found.append(PlannedJob("score_real", "", "risks", _seconds(scored + 3.0), memory))
    found += [PlannedJob("draw_real", "", "figures", _seconds(2.0), 3e8)] * FIGURES
    return found


def _seconds(count: float) -> Work:
    return Work({"second": count})


def _count(kind: str, splits: int) -> int:
    return 1 if kind in ONCE else splits


def _tested(size: RatingsSize, kind: str) -> float:
    """Test ratings of all fits to one split of a kind."""
    return (1 - TRAINED[kind]) * size.ratings * len(FRACTIONS.get(kind, (1.0,)))


def _fitted(size: RatingsSize, kind: str, method: str, splits: int, budget: int) -> float:
    """Seconds of a method on all splits of a kind."""
    tested = (1 - TRAINED[kind]) * size.ratings
    each = SPLIT * size.ratings
    for fraction in FRACTIONS.get(kind, (1.0,)):
        each += fits.seconds(method, size.part(TRAINED[kind] * fraction), tested, budget)
    return each * _count(kind, splits)


def _load(size: RatingsSize, splits: int) -> float:
    """Seconds: the files are read, and each split that holds out is tried."""
    read = _PARSED * size.file_bytes if size.parsed else _LINE * size.ratings
    read += _HASHED * 1.0e-9 * size.file_bytes
    return 2.0 + read + 2 * splits * SPLIT * size.ratings


def _loaded(size: RatingsSize) -> float:
    """Peak bytes: columns of the ratings; of JSON ids as well, and what is known of each user."""
    peak = 170 * fits.MEBI + 140.0 * size.ratings
    peak += 8.0 * 3 * (size.users * size.user_columns + size.items * size.item_columns)
    return peak + (400.0 * size.users if size.parsed else 0.0)


def _scored(size: RatingsSize, kind: str, splits: int, methods: int) -> float:
    """Seconds of all methods on all splits of a kind."""
    tested = (1 - TRAINED[kind]) * size.ratings
    listed = min(size.users, tested / 11)  # with more than ten items
    each, once = _SCORED * _tested(size, kind) + _RANKED * listed, SPLIT * size.ratings
    if _count(kind, splits) == 1:
        drawn = size.users * -math.expm1(-tested / size.users)  # who test, if all rate alike
        drawn *= 2 if kind in _TWICE else 1
        each, once = each + _SUMMED * drawn, once + _DRAWN * drawn
    return (once + methods * each) * _count(kind, splits)


def _held(size: RatingsSize, kind: str, splits: int, methods: int) -> float:
    """Numbers that scores hold: splits, one method's predictions; all, of a kind with one split."""
    count, tested = _count(kind, splits), (1 - TRAINED[kind]) * size.ratings
    return count * (size.ratings + _tested(size, kind)) + methods * tested * (count == 1)
