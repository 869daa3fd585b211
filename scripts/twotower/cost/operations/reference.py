"""Operations of the reference estimator, and the cut-offs that it tries."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from twotower.cost.operations.targets import box
from twotower.cost.operations.work import Work
from twotower.data.targets import TOWERS
from twotower.methods import reference
from twotower.methods.sieve_sizes import ALTERNATIONS, LARGEST_TABLE, SPAN, grid_size, window_bytes
from twotower.theory import spectrum

_CUTOFFS = reference.cutoffs(4096)
FEWEST_HALF_STEPS, BY_SHARE = 4, 100
"""Half-steps at one cut-off: so many, and more by functions per rating, as were counted on targets
of one to three dimensions; never more than the estimator allows."""


def reference_cutoff(data: dict, n: int) -> int:
    """The cut-off of least predicted risk on n ratings of a data set with a reference."""
    if "control" in data:  # nothing to be learned
        return 1
    towers = tuple(
        (dim, *spectrum.law_of(data, t)) for dim, t in zip(_dims(data), TOWERS, strict=True)
    )
    return _cutoff(towers, data["rank"], float(data["noise_sd"]), n)


@lru_cache(maxsize=4096)
def _cutoff(towers, rank, noise_sd, n) -> int:
    """The risk R is the tail plus p·functions/n·(σ² + R), summed over both towers.

    Functions of d axes count (1 + d) / 2 times: with this the cut-offs are those that the estimator
    chose on targets of one to three axes, or next to them.
    """
    risks = {}
    for cutoff in _CUTOFFS:
        share = rank * sum((1 + dim) / 2 * ball(dim, cutoff) for dim, *_ in towers) / n
        if share >= 1:
            break
        tail = sum(cut_tail(cutoff, *tower) for tower in towers)
        risks[cutoff] = (tail + share * noise_sd**2) / (1 - share)
    return min(risks, key=risks.get, default=1)


def ball(dim: int, cutoff: int) -> float:
    """About the number of frequencies |k| ≤ cutoff: the volume of that ball, 1 added."""
    return 1 + math.pi ** (dim / 2) / math.gamma(dim / 2 + 1) * cutoff**dim


@lru_cache(maxsize=1024)
def cut_tail(cutoff: int, dim: int, smoothness: float, noise: int | None = None) -> float:
    """Share of a target's variance beyond the cut-off."""
    norms, cumulative = _energies(dim, smoothness, noise)
    inside = np.searchsorted(norms, cutoff**2, side="right")
    return 1.0 - (cumulative[inside - 1] if inside else 0.0)


@lru_cache(maxsize=64)
def _energies(dim: int, smoothness: float, noise: int | None) -> tuple[np.ndarray, np.ndarray]:
    waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, smoothness, noise))
    norms = (waves**2).sum(axis=1)
    order = np.argsort(norms)
    return norms[order], np.cumsum(spectrum.mode_variances(waves, smoothness, noise)[order])


def tried_cutoffs(data: dict, n: int) -> list[int]:
    """Every cut-off up to two beyond the best, then the best again on all ratings."""
    best, grid = reference_cutoff(data, n), _CUTOFFS
    most = (n - int(reference.HELD_OUT_SHARE * n)) // 2 / data["rank"]
    tried = grid[: grid.index(best) + 1 + reference.PATIENCE]
    within = [c for c in tried if max(ball(dim, c) for dim in _dims(data)) <= most]
    return [*(within or tried[:1]), best]


def reference_work(data: dict, sizes: Sequence[int], batch: int) -> Work:
    """`reference.fit_sizes`."""
    work = Work(start=1)
    for n in sizes:
        held_out = int(reference.HELD_OUT_SHARE * n)
        *tried, best = tried_cutoffs(data, n)
        one = _alternations(data, n - held_out, tried) + _alternations(data, n, [best])
        one += _errors(data, held_out, tried)
        work.update({kind: batch * count for kind, count in one.items()})
    return work


def half_steps(data: dict, n: int, cutoff: int) -> float:
    """Half-steps of the alternation on n pairs, both towers."""
    share = data["rank"] * sum(ball(dim, cutoff) for dim in _dims(data)) / n
    return min(FEWEST_HALF_STEPS + BY_SHARE * share, 2 * ALTERNATIONS)


def _dims(data: dict) -> list[int]:
    return [data[f"{tower}_intrinsic_dim"] for tower in TOWERS]


def _alternations(data: dict, n: int, cutoffs: Sequence[int]) -> Work:
    """`alternation.alternate` on n pairs at each cut-off, one after another."""
    dims, rank = _dims(data), data["rank"]
    products = rank * (rank + 1) // 2
    work, tables = Work(), 0
    for cutoff in cutoffs:
        by_tables = dims == [1, 1] and cutoff <= LARGEST_TABLE
        if by_tables and (size := grid_size(1, 2 * cutoff)) != tables:
            tables = size
            work.update(window=2 * n, tap=2 * SPAN**2 * n, transform=2 * size**2)
        steps = half_steps(data, n, cutoff) / 2
        for dim, other in (dims, dims[::-1]):
            functions = ball(dim, cutoff)
            work.update(
                half_step=steps * dim,
                lookup=steps * products * functions**2,
                factorization=steps * 0.2 * (rank * functions) ** 3,
            )
            if by_tables:
                work["transform"] += steps * (products + rank) * 4 * cutoff**2 / 10
                continue
            work["point"] += steps * n
            _add(work, _sums(dim, n, cutoff, products + rank), steps)
            _add(work, _series(other, n, cutoff, rank), steps)
    if not (dims == [1, 1] and max(cutoffs) <= LARGEST_TABLE):
        work += _windows(dims, n, cutoffs, FEWEST_HALF_STEPS)
    return work


def _errors(data: dict, n: int, cutoffs: Sequence[int]) -> Work:
    """`PairSums.squared_error` at n pairs held out, at each cut-off."""
    dims = _dims(data)
    work = _windows(dims, n, cutoffs, 1)
    for cutoff in cutoffs:
        work["point"] += n
        for dim in dims:
            work += _series(dim, n, cutoff, data["rank"])
    return work


def _add(work: Work, other: Work, times: float) -> None:
    for kind, count in other.items():
        work[kind] += times * count


def _windows(dims: Sequence[int], n: int, cutoffs: Sequence[int], passes: float) -> Work:
    """`GriddedPoints.windows`: for each new grid, or in every pass where they are not kept."""
    work = Work()
    for dim in dims:
        if dim > 2:
            continue
        kept = window_bytes(n, dim) <= reference.KEPT_BYTES
        made = len({grid_size(dim, 2 * cutoff) for cutoff in cutoffs})
        work["window"] += dim * n * (made if kept else passes * len(cutoffs))
    return work


def _sums(dim: int, n: int, cutoff: int, count: int) -> Work:
    """Weights of n points spread over a grid and transformed; written out with three axes."""
    if dim > 2:
        return Work(moment=n * count * box(dim, 2 * cutoff))
    return Work(tap=count * SPAN**dim * n, transform=count * grid_size(dim, 2 * cutoff) ** dim)


def _series(dim: int, n: int, cutoff: int, count: int) -> Work:
    """Series at n points."""
    if dim > 2:
        return Work(moment=n * count * box(dim, cutoff))
    grid = grid_size(dim, 2 * cutoff) ** dim
    return Work(tap=1.5 * count * SPAN**dim * n, transform=count * grid)
