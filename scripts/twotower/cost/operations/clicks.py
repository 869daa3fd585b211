"""Operations of fits of towers to clicks."""

import math
from dataclasses import replace

from twotower.cost.operations.closed_form import hidden_layers, spectral_start, whitenings
from twotower.cost.operations.evaluations import minimizer, squared_errors
from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.work import Work
from twotower.study import arms
from twotower.towers.chunks import rows
from twotower.towers.steps import RENEWED_EVERY

_LIKE_ONE_PAIR = 14
"""As long as so many candidates takes a choice between two items, by the system's exponential."""


def full_batch_work(
    fit: FitSize, arm: str, output_steps: int, joint_steps: int, from_start: bool = False
) -> Work:
    """`clicks.fits.full_batch`: a spectral start, then L-BFGS on all clicks; `from_start`: from
    given towers.
    """
    steps = output_steps + joint_steps
    work = minimizer(fit, steps)
    if not from_start:
        work += spectral_start(replace(fit, rank=fit.rank - 1))
        for dim in fit.dims:
            work += hidden_layers(fit, dim)
    blocks = sum(math.ceil(each / RENEWED_EVERY) for each in (output_steps, joint_steps))
    for _ in range(max(blocks, 1)):  # each with curvatures at its start
        work += whitenings(fit)
    work += squared_errors(fit, blocks)
    return work + evaluations(fit, steps + max(blocks, 1), arm)


def adam_work(fit: FitSize, arm: str, steps: int) -> Work:
    """`clicks.fits.adam`: batches, then the loss at all clicks."""
    size = min(fit.n, fit.click_batch)
    batch = replace(fit, n=size, catalogue=size)
    return (
        Work(
            draw=steps * size * fit.batch,
            gathered=steps * size * (sum(fit.dims) + 1) * fit.batch,
            number=steps * 8 * fit.weights * fit.batch,
            call=5 * steps,
        )
        + evaluations(batch, steps, arm)
        + evaluations(fit, 1, arm)
    )


def evaluations(fit: FitSize, count: int, arm: str) -> Work:
    """`clicks.objective.ClickObjective`: both towers, and the clicks' choices, `count` times."""
    candidates = arms.candidates(arm, fit.click_batch, fit.n) or fit.catalogue
    if arm == arms.BPR:
        candidates = _LIKE_ONE_PAIR
    work = Work(choice=count * fit.n * candidates * fit.rank * fit.batch)
    sides = list(zip(fit.dims, (fit.n, fit.catalogue), strict=True))
    if fit.way(sorts=False) == "fused":  # `kernels.one_tower` counts as a tower of `kernels.fused`
        each = sum((2 * dim + 3 * fit.rank + 1) * points for dim, points in sides)
        work.update(fused=2 * count * each * fit.width * fit.batch, call=4 * count)
        return work
    work["call"] += 40 * count
    for dim, points in sides:
        weights = fit.layers(dim) + fit.width * fit.rank
        pairs = count * points * fit.batch
        # the embeddings are computed first, and once more on the way back
        work["product"] += pairs * (8 * weights - 2 * dim * fit.width)
        work["element"] += 4 / 3 * pairs * fit.width * fit.depth
        parts = math.ceil(points / rows(fit.width, fit.device, fit.batch))
        work["round"] += count * parts * (1 + fit.depth)
    return work
