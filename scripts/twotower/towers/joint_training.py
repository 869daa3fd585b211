"""Joint training of all layers: full-batch L-BFGS in coordinates that suit the towers.

Kinks of rough functions lie close together, so that raw weights are hopelessly ill-conditioned.
Training moves z in θ = θ₀ + P z instead: output layers through the whitening of their features,
hidden layers through the roots of their Gauss–Newton curvatures. The Hessian in z is near the
identity at the start. Kinks move, so P and θ₀ are chosen anew after `RENEWED_EVERY` evaluations:
without noise this halves the evaluations to the same loss (docs/benchmarks.md, Optimizers).
"""

from collections.abc import Callable

import torch

from twotower.towers import lbfgs
from twotower.towers.checkpoint import Progress
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.outputs import WhitenedTowers
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError
from twotower.towers.steps import RENEWED_EVERY

Objective = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""From parameters [B, n_parameters] to values [B] and gradients."""
_LOWEST_CURVATURE = 1.0e-6  # relative to a layer's highest: units that are dead on the data


def train(
    start: Towers,
    error: SquaredError,
    objective: Objective,
    evaluations: int,
    progress: Progress,
    renewed_every: int | None = None,
    first: tuple[Objective, int] | None = None,
) -> tuple[Towers, torch.Tensor]:
    """Towers of a lower (never a higher) loss, and that loss.

    Args:
        start: B networks, in the dtype to train in; `WhitenedTowers` of these pairs bring the
            whitening of their features.
        error: knows the pairs, and the curvatures on them.
        objective: from parameters [B, n_parameters], in the order of `Towers.flat`, to the losses
            on these pairs, [B], and their gradients; often the error itself.
        evaluations: how often loss and gradient are computed after the start, not counting the
            one more at each new choice of coordinates.
        progress: keeps the start of the present coordinates with the state of the minimizer.
        renewed_every: evaluations after which coordinates are chosen anew, RENEWED_EVERY unless
            given.
        first: an objective of the same values that takes its place before, for so many evaluations
            more; such as one whose gradient keeps some layers as they are.

    Returns:
        The towers and their losses [B].
    """
    ahead = first[1] if first else 0
    if evaluations + ahead == 0:
        return start, objective(start.flat())[0]
    block = renewed_every or RENEWED_EVERY
    before, state = 0, None
    if earlier := progress.earlier():
        before = int(earlier["before"])
        state = lbfgs.State(*(earlier[name] for name in lbfgs.State._fields))
    while True:
        function, end = first if before < ahead else (objective, ahead + evaluations)
        steps = min(block, end - before)
        start, loss = _trained(start, error, function, steps, state, before, progress)
        before, state = before + steps, None
        if before >= ahead + evaluations:
            return start, loss


def _trained(
    start: Towers,
    error: SquaredError,
    objective: Objective,
    evaluations: int,
    state: lbfgs.State | None,
    before: int,
    progress: Progress,
) -> tuple[Towers, torch.Tensor]:
    """`train` in the coordinates of `start`, from a state in these coordinates, if there is one,
    after so many evaluations in earlier ones.
    """
    origin = start.flat()
    blocks = _blocks(start, error)

    def point(z: torch.Tensor) -> torch.Tensor:
        return origin + _mapped(blocks, z)

    def function(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loss, gradient = objective(point(z))
        return loss, _mapped(blocks, gradient, transposed=True)

    kept = {"start": origin, "before": torch.tensor(before)}
    z, loss = lbfgs.minimize(
        function,
        torch.zeros_like(origin) if state is None else state.to(origin.device),
        evaluations,
        lambda state: progress.offer(lambda: kept | state._asdict()),
    )
    return start.unflat(point(z)), loss


def _blocks(start: Towers, error: SquaredError) -> list[torch.Tensor]:
    """P block by block, in the order of `Towers.flat`: a diagonal [B, k] for each hidden layer,
    a whitening matrix [B, M, M] for each output layer.
    """
    curvature = start.unflat(error.curvatures(start.flat()))
    blocks = []
    for layers, values, whitening in zip(
        (start.user, start.item),
        (curvature.user, curvature.item),
        _whitening(start, error.users, error.items),
        strict=True,
    ):
        for weight, bias in values[:-1]:
            rows = torch.cat([weight.flatten(1), bias.flatten(1)], dim=1)
            lowest = _LOWEST_CURVATURE * rows.amax(dim=1, keepdim=True)
            blocks.append(torch.maximum(rows, lowest).clamp_min(1.0e-30).rsqrt())
        blocks.append(whitening.to(layers[0][0].dtype))
    return blocks


def _whitening(
    start: Towers, users: torch.Tensor, items: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The maps that whiten the features of both towers: those that the closed form has left, or
    the same computed again.
    """
    if isinstance(start, WhitenedTowers):
        return start.user_whitening, start.item_whitening
    dtype = start.user[0][0].dtype

    def whitening(layers: list, covariates: torch.Tensor) -> torch.Tensor:
        hidden = [(weight.double(), bias.double()) for weight, bias in layers[:-1]]
        return features(hidden, covariates, dtype).whitening

    return whitening(start.user, users), whitening(start.item, items)


def _mapped(blocks: list[torch.Tensor], rows: torch.Tensor, transposed: bool = False):
    """P z, or Pᵀ z, of rows [B, n_parameters]; output layers are [weight; bias], [M, p] each."""
    pieces, position = [], 0
    sizes = _sizes(blocks, rows.shape[1])
    for block, size in zip(blocks, sizes, strict=True):
        piece = rows[:, position : position + size]
        position += size
        if block.dim() == 2:
            pieces.append(block * piece)
        else:
            matrix = block.transpose(1, 2) if transposed else block
            outputs = piece.reshape(len(piece), block.shape[1], -1)
            pieces.append(torch.bmm(matrix, outputs).flatten(1))
    return torch.cat(pieces, dim=1)


def _sizes(blocks: list[torch.Tensor], total: int) -> list[int]:
    """Parameters of each block: a diagonal's own length, M·p for an output layer."""
    diagonals = sum(block.shape[1] for block in blocks if block.dim() == 2)
    features = sum(block.shape[1] for block in blocks if block.dim() == 3)
    rank = (total - diagonals) // features
    return [block.shape[1] * (1 if block.dim() == 2 else rank) for block in blocks]
