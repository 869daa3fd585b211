"""Operations of the squared error with its gradient, and of what the minimizers do around it."""

import math

from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.work import Work
from twotower.kernels import limits
from twotower.towers import chunks


def squared_errors(fit: FitSize, count: int, n: int | None = None, sorts: bool = False) -> Work:
    """`objectives.SquaredError` at n pairs (default: all), `count` times.

    Args:
        fit: the networks.
        count: evaluations; one of curvatures costs about as much.
        n: pairs.
        sorts: whether the pairs may be sorted first, once.
    """
    n = fit.n if n is None else n
    match fit.way(sorts):
        case "sorted":
            networks = count * fit.batch
            return Work(
                sorting=n * fit.batch,
                sorted=networks * n * fit.rank,
                kink=networks * 2 * fit.width,
                call=count,
            )
        case "fused":
            return Work(fused=count * fused_operations(fit, n), call=count)
        case "deep":
            return Work(deep=count * deep_operations(fit, n), call=count)
    return matrix_products(fit, count, n)


def fused_operations(fit: FitSize, n: int) -> float:
    """Of one pass of `kernels.fused` over n pairs of each network, in float64."""
    rows = limits.ROWS * math.ceil(n / limits.ROWS)
    each = sum(2 * (2 * dim + 3 * fit.rank + 1) * fit.width for dim in fit.dims)
    return rows * each * fit.batch * (0.5 if fit.precision == "float32" else 1.0)


def deep_operations(fit: FitSize, n: int) -> float:
    """Of one pass of `kernels.deep`, whose layers are padded, over n pairs of each network."""
    rows = limits.ROWS * math.ceil(n / limits.ROWS)
    each = 0
    for dim in fit.dims:
        padded = [
            limits.TILE * math.ceil(size / limits.TILE)
            for size in (dim, *[fit.width] * fit.depth, fit.rank)
        ]
        each += sum(6 * i * o for i, o in zip(padded[:-1], padded[1:], strict=True))
    return rows * each * fit.batch * (0.5 if fit.precision == "float32" else 1.0)


def matrix_products(fit: FitSize, count: float, n: int | None = None) -> Work:
    """`networks.loss_and_gradient` at n pairs (default: all), `count` times."""
    n = fit.n if n is None else n
    pairs, first = count * n * fit.batch, sum(fit.dims) * fit.width
    return Work(
        product=pairs * (6 * fit.weights - 2 * first),  # 2 forward, 4 back, fewer to inputs
        element=2 * pairs * fit.width * fit.depth,
        round=count * fit.chunks(n) * (1 + fit.depth),
    )


def minimizer(fit: FitSize, steps: int) -> Work:
    """`joint_training.train` without its objective: coordinates, L-BFGS with ten last steps."""
    maps = 2 * 2 * 2 * fit.features**2 * fit.rank  # to whitened coordinates and back, both sides
    return Work(
        product=steps * maps * fit.batch,
        number=steps * 40 * fit.weights * fit.batch,
        call=2 * steps,
    )


def adam_steps(fit: FitSize, steps: int, batch_size: int) -> Work:
    """`minibatch_adam.train`: minibatches are drawn and gathered a block at a time."""
    size = min(fit.n, batch_size)
    columns = sum(fit.dims) + 1
    work = Work(
        draw=steps * size * fit.batch,
        gathered=steps * size * columns * fit.batch,
        number=steps * 8 * fit.weights * fit.batch,
    )
    if fit.way(sorts=False) != "fused":
        return work + squared_errors(fit, steps, size) + Work(call=5 * steps)
    blocks = math.ceil(steps / chunks.BLOCK)
    return work + Work(fused=steps * fused_operations(fit, size), call=5 * blocks)
