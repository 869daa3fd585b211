"""What fits, data and risks cost before they are made: operations counted from the code, times
measured speeds.

`Work` counts operations of a few kinds; `SECONDS` says what one of each takes on one core of the
reference machine. Counts keep the terms that grow: products over n pairs, passes over hidden units
(whose speed is that of memory), and solves. Each function names the code that it counts.

The speeds of training were fitted to the default study of 2026-11-23 (commit fec1147, jobs on both
cores of an AMD EPYC virtual machine), every fit by itself: its 100 fits took 448 s, and each is
predicted within a quarter. The other speeds come from its other jobs and from short trials; all of
its jobs took 852 s.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS
from twotower.methods import reference
from twotower.theory import spectrum
from twotower.theory.bound import Theory
from twotower.theory.width import units
from twotower.towers import chunks
from twotower.towers.steps import ORACLE, ORACLE_SIZES, RENEWED_EVERY, with_doubled_steps

Work = Counter

SECONDS = {
    "product": 3.2e-11,  # a floating-point operation of a matrix product
    "element": 2.8e-9,  # a hidden unit at a pair, forward and back
    "factorization": 4.0e-11,  # an operation of an eigendecomposition, singular values or a solve
    "call": 4.5e-5,  # a round of batched operations on one chunk of pairs
    "update": 2.0e-4,  # a step of Adam, the part that no size changes
    "draw": 2.5e-5,  # a replicate's minibatch in a step of Adam
    "wave": 2.0e-10,  # a frequency at a point, where targets are drawn
    "moment": 4.0e-10,  # the same in the reference estimator, whose products are small
    "point": 2.2e-7,  # a point in a half-step of the reference estimator
    "lookup": 2.0e-8,  # an entry of its normal equations
    "neighbour": 7.5e-8,  # a neighbour found, in one dimension
    "compared": 2.0e-8,  # a pair of ratings in the pairwise loss, forward and back
    "listed": 1.5e-7,  # an item in the list of one user
    "byte": 3.0e-9,  # of a file of data, read or written
    "torch": 2.0,  # starting Python with torch
    "start": 1.2,  # and without
    "second": 1.0,  # measured as such
}
"""Seconds of one operation on one core of the reference machine."""

_CUTOFFS = reference.cutoffs(4096)
HALF_STEPS = 5  # of the reference estimator at one cut-off; 4 to 20 were counted, mostly 4


@dataclass(frozen=True)
class FitSize:
    """B networks of `depth` hidden layers of `width` units, fitted to n ratings.

    `dims` are the covariates of both sides, `rank` the components of the embeddings.
    """

    n: int
    width: int
    depth: int
    dims: tuple[int, int]
    rank: int
    batch: int

    @property
    def weights(self) -> int:
        """Weights of one network, both towers; biases are left out."""
        deep = (self.depth - 1) * self.width**2
        return sum(dim * self.width + deep + self.width * self.rank for dim in self.dims)

    def chunks(self, n: int) -> int:
        """Chunks in which a CPU takes n pairs."""
        return math.ceil(n / chunks.rows(self.width, "cpu"))

    def gradients(self, count: int, n: int | None = None) -> Work:
        """`networks.loss_and_gradient` at n pairs (default: all), `count` times."""
        n = self.n if n is None else n
        pairs = count * n * self.batch
        return Work(
            product=6 * pairs * self.weights,  # 2 forward, 4 back
            element=2 * pairs * self.width * self.depth,
            call=count * self.chunks(n) * (1 + self.depth),
        )


def erm_work(fit: FitSize, alternations: int, joint_steps: int, from_start: bool = False) -> Work:
    """`training.erm`: the closed form, then L-BFGS; `from_start`: from given towers."""
    n, size, rank = fit.n, fit.width + 1, fit.rank
    gram = 2 * n * size**2
    hidden = sum(2 * n * (dim + (fit.depth - 1) * fit.width) * fit.width for dim in fit.dims)
    passes = 4 * alternations + 4
    # whitening, there and in joint_training._blocks; an eigendecomposition is about 10 size³
    blocks = max(1, math.ceil(joint_steps / RENEWED_EVERY))
    product = (1 + blocks) * (2 * gram + hidden)
    factorization = (1 + blocks) * 2 * 10 * size**3
    # half-steps: features' products for each pair of components, a solve, the embeddings
    pairs = rank * (rank + 1) // 2
    half_step = pairs * gram + hidden + 4 * n * size * rank + 4 * rank**2 * size**3
    product += 2 * alternations * half_step
    factorization += 2 * alternations * 2 / 3 * (rank * size) ** 3
    call = passes * fit.chunks(n) + 30 * joint_steps
    if not from_start:  # random hidden layers by pivoted Cholesky, the spectral start
        candidates = max(4 * fit.width, 64)
        layer = 2 * min(n, 2048) * candidates**2 + candidates * fit.width**2
        product += 2 * fit.depth * layer + gram + hidden
        factorization += 20 * size**3
        call += 2 * fit.depth * fit.width + fit.chunks(n)
    product += joint_steps * 8 * size**2 * rank  # to whitened coordinates and back
    element = passes * n * fit.width + joint_steps * 5 * fit.weights  # L-BFGS: its history
    work = fit.gradients(joint_steps + 2 * blocks)
    work.update(
        product=product * fit.batch,
        factorization=factorization * fit.batch,
        element=element * fit.batch,
        call=call,
    )
    return work


def adam_work(fit: FitSize, steps: int, batch_size: int) -> Work:
    """`training.adam`: minibatches, then the loss at all pairs."""
    work = fit.gradients(steps, min(fit.n, batch_size)) + fit.gradients(1)
    work.update(update=steps, draw=steps * fit.batch, element=steps * fit.weights * fit.batch)
    return work


def pairwise_work(
    fit: FitSize, alternations: int, joint_steps: int, comparisons: int, from_start: bool = False
) -> Work:
    """`training.pairs_of_ratings`: as erm, with scores computed twice, and pairs compared."""
    work = erm_work(fit, alternations, joint_steps, from_start)
    again = fit.gradients(joint_steps + 1)
    pairs = fit.n * min(comparisons, fit.n - 1) * fit.batch
    work.update(
        product=again["product"] / 3,
        element=again["element"] / 3,
        compared=(joint_steps + 1) * pairs,
        call=again["call"] / 2,
    )
    return work


ARM_WORK: dict[str, Callable[[FitSize, dict, bool], Work]] = {
    "erm": lambda fit, of, start: erm_work(fit, of["alternations"], of["joint_steps"], start),
    "adam": lambda fit, of, start: adam_work(fit, of["steps"], of["batch_size"]),
    "pairwise": lambda fit, of, start: pairwise_work(
        fit, of["alternations"], of["joint_steps"], of["comparisons"], start
    ),
}
"""By arm of towers, the operations of a fit with its settings; the last argument says whether
training starts from given towers."""


def fits_of(cell: dict, sizes: Sequence[int], batch: int) -> dict[int, FitSize]:
    """The fit at each sample size of a cell, given by its specification."""
    theory = Theory.of(cell)
    dims = (cell["user_ambient_dim"], cell["item_ambient_dim"])
    rank = cell.get("embedding_dim", cell["rank"])
    return {
        n: FitSize(n, units(cell["width"], theory, n), cell["depth"], dims, rank, batch)
        for n in sizes
    }


def train_work(
    cell: dict, arm: str, settings: dict, sizes: Sequence[int], certificate: int, batch: int
) -> Work:
    """`training_job.train`: every size, and four fits in all at the certificate's.

    Raises:
        NotImplementedError: for an arm of towers that `ARM_WORK` lacks.
    """
    if arm not in ARM_WORK:
        place = f"ARM_WORK of {__name__}"
        raise NotImplementedError(f"the arm {arm!r} has no cost: count its operations in {place}")
    of, doubled = ARM_WORK[arm], with_doubled_steps(arm, settings)
    work = Work(torch=1, second=0.8)  # the first call of everything
    for n, fit in fits_of(cell, sizes, batch).items():
        work += of(fit, settings, False)
        if n == certificate:
            large = min(ORACLE_SIZES * n, max(sizes))
            oracle = FitSize(large, fit.width, fit.depth, fit.dims, fit.rank, batch)
            work += erm_work(oracle, **ORACLE)
            work += of(fit, doubled, False) + of(fit, settings, True)
    return work


def box(dim: int, cutoff: int) -> int:
    """Frequencies in a `fourier.Box`."""
    return (cutoff + 1) * (2 * cutoff + 1) ** (dim - 1)


def reference_cutoff(data: dict, n: int) -> int:
    """The cut-off of least predicted risk on n ratings of a data set with a reference."""
    if "control" in data:  # nothing to be learned
        return 1
    dims = [data[f"{tower}_intrinsic_dim"] for tower in TOWERS]
    return _cutoff(float(data["smoothness"]), *dims, data["rank"], float(data["noise_sd"]), n)


@lru_cache(maxsize=4096)
def _cutoff(smoothness, user_dim, item_dim, rank, noise_sd, n) -> int:
    """The risk R is the tail plus p·functions/n·(σ² + R), summed over both towers."""
    dims, risks = (user_dim, item_dim), {}
    for cutoff in _CUTOFFS:
        share = rank * sum(ball(dim, cutoff) for dim in dims) / n
        if share >= 1:
            break
        tail = sum(cut_tail(dim, cutoff, smoothness) for dim in dims)
        risks[cutoff] = (tail + share * noise_sd**2) / (1 - share)
    return min(risks, key=risks.get, default=1)


def ball(dim: int, cutoff: int) -> float:
    """About the number of frequencies |k| ≤ cutoff: the volume of that ball, 1 added."""
    return 1 + math.pi ** (dim / 2) / math.gamma(dim / 2 + 1) * cutoff**dim


@lru_cache(maxsize=1024)
def cut_tail(dim: int, cutoff: int, smoothness: float) -> float:
    """Share of a target's variance beyond the cut-off."""
    norms, cumulative = _energies(dim, smoothness)
    inside = np.searchsorted(norms, cutoff**2, side="right")
    return 1.0 - (cumulative[inside - 1] if inside else 0.0)


@lru_cache(maxsize=64)
def _energies(dim: int, smoothness: float) -> tuple[np.ndarray, np.ndarray]:
    waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, smoothness))
    norms = (waves**2).sum(axis=1)
    order = np.argsort(norms)
    return norms[order], np.cumsum(spectrum.mode_variances(waves, smoothness)[order])


def tried_cutoffs(data: dict, n: int) -> list[int]:
    """Every cut-off up to two beyond the best, then the best again on all ratings."""
    best, grid = reference_cutoff(data, n), _CUTOFFS
    return [*grid[: grid.index(best) + 1 + reference.PATIENCE], best]


def reference_work(data: dict, sizes: Sequence[int], batch: int) -> Work:
    """`reference.fit_sizes`."""
    dims = [data[f"{tower}_intrinsic_dim"] for tower in TOWERS]
    rank = data["rank"]
    pairs = rank * (rank + 1) // 2
    work = Work(start=1)
    for n in sizes:
        for cutoff in tried_cutoffs(data, n):
            for dim in dims:
                steps = batch * HALF_STEPS / 2
                size = ball(dim, cutoff)
                waves = (pairs + rank) * box(dim, 2 * cutoff) + rank * box(dim, cutoff)
                work.update(
                    point=steps * n,
                    moment=steps * n * waves,
                    lookup=steps * pairs * size**2,
                    factorization=steps * 4 / 3 * (rank * size) ** 3,
                )
    return work


target_cutoff = lru_cache(maxsize=1024)(spectrum.default_cutoff)
"""Largest |k| of a target, by dimension and smoothness; many data sets share it."""


def target_waves(data: dict, points: Sequence[float]) -> float:
    """Frequencies times points where both towers' embeddings are computed."""
    total = 0.0
    for tower, count in zip(TOWERS, points, strict=True):
        dim = coordinate_dim(data, tower)
        cutoff = target_cutoff(dim, float(data["smoothness"]))
        total += count * box(dim, cutoff) * data["rank"]
    return total


def seconds(work: Work, pace: float = 1.0) -> float:
    """Seconds of the work on one core; `pace` is that of the machine, see `probe.pace`."""
    return pace * sum(count * SECONDS[kind] for kind, count in work.items())
