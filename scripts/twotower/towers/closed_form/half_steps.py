"""One half of a round of alternating least squares: one tower's output layer, the other fixed."""

from collections.abc import Callable, Iterable

import torch

from twotower.towers.closed_form import products
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats
from twotower.towers.closed_form.limits import SOLVED_SIZE, STEPS, pairs_are


def least_squares(
    tower: Dense | Hats,
    fixed: Callable[[], Iterable[torch.Tensor]],
    ratings: torch.Tensor,
    ridge: torch.Tensor,
    start: torch.Tensor | None = None,
) -> torch.Tensor:
    """Weights [B, M, p] on whitened features that minimize the ridge loss, or come near it.

    Args:
        tower: whose weights they are.
        fixed: gives the other tower's embeddings [B, rows, p] in the chunks of `tower`.
        ratings: [B, n].
        ridge: [B].
        start: weights from which conjugate gradients go; by default 0.
    """
    solved = isinstance(tower, Hats) or tower.size <= SOLVED_SIZE
    equations = tower.equations(fixed, ratings, whole=solved)
    if solved:
        return _solved(equations, ridge)
    return _descended(equations, ridge, start, STEPS[pairs_are(tower.n, tower.size)])


def _solved(equations, ridge: torch.Tensor) -> torch.Tensor:
    """By Cholesky factors; where rounding has left no positive matrix, by elimination.

    Always by elimination on a card, which would have to wait for the answer whether it is positive.
    """
    normal, right = equations.matrix(), equations.right
    batch, size, rank = right.shape
    normal.diagonal(dim1=1, dim2=2).add_(ridge[:, None])
    right = right.transpose(1, 2).reshape(batch, rank * size, 1)
    if normal.device.type == "cpu":
        factor, failed = torch.linalg.cholesky_ex(normal)
        solution = torch.cholesky_solve(right, factor)
        for b in failed.nonzero().flatten().tolist():
            solution[b] = torch.linalg.solve(normal[b : b + 1], right[b : b + 1])[0]
    else:
        solution = torch.linalg.solve(normal, right)
    return solution.reshape(batch, rank, size).transpose(1, 2).contiguous()


def _descended(
    equations, ridge: torch.Tensor, start: torch.Tensor | None, steps: int
) -> torch.Tensor:
    """By conjugate gradients, scaled by the moment of the other tower's embeddings: the matrix
    would be that moment, times the identity, if embeddings and features were independent.
    """
    ridge = ridge[:, None, None]
    identity = torch.eye(equations.moment.shape[1]).to(equations.moment)
    scaling = torch.linalg.inv(equations.moment + ridge * identity)
    if start is None:
        weights, residual = torch.zeros_like(equations.right), equations.right.clone()
    else:
        weights = start.clone()
        residual = equations.right - equations.times(weights) - ridge * weights
    scaled = torch.bmm(residual, scaling)
    direction, size = scaled.clone(), products.inner(residual, scaled)
    for _ in range(steps):
        along = equations.times(direction) + ridge * direction
        length = _ratio(size, products.inner(direction, along))
        weights += length * direction
        residual -= length * along
        scaled = torch.bmm(residual, scaling)
        last, size = size, products.inner(residual, scaled)
        direction = scaled + _ratio(size, last) * direction
    return weights


def _ratio(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Their quotient; 0 where nothing is left to do."""
    return torch.where(below > 0, above / below, torch.zeros_like(above))
