"""L-BFGS on a batch of independent problems, each with its own steps.

Every evaluation serves every problem: one whose trial point fails the sufficient-decrease test
shortens its step while the others go on, so no problem's path depends on its neighbours'.
(Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 3.1.)
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

MEMORY = 10
_DECREASE = 1.0e-4
_CURVATURE = 1.0e-10


class State(NamedTuple):
    """All that the next evaluation depends on; B problems in P variables.

    Attributes:
        evaluations: calls of the function after the first one, a whole number.
        point, gradient, direction: [B, P]. value, length: [B].
        steps, changes: [MEMORY, B, P], of points and gradients, the newest last.
        inverse: [MEMORY, B], 1 / ⟨step, change⟩, 0 where there is none.
    """

    evaluations: torch.Tensor
    point: torch.Tensor
    value: torch.Tensor
    gradient: torch.Tensor
    direction: torch.Tensor
    length: torch.Tensor
    steps: torch.Tensor
    changes: torch.Tensor
    inverse: torch.Tensor


Function = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def minimize(
    function: Function,
    start: torch.Tensor | State,
    evaluations: int,
    after_each: Callable[[State], None] = lambda state: None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Minimize B functions side by side.

    Args:
        function: from points [B, P] to values [B] and gradients [B, P].
        start: [B, P], or the state in which an earlier call was left.
        evaluations: how often `function` is called, after once at the start.
        after_each: is called with the state after each evaluation, the one at the start too.

    Returns:
        The best accepted points [B, P] and their values [B], never above those at the start.

    Example:
        >>> square = lambda points: (points.square().sum(dim=1), 2.0 * points)
        >>> minimize(square, torch.ones(3, 2), evaluations=20)[0].abs().max().item() < 1e-6
        True
    """
    state = start if isinstance(start, State) else _begun(function, start)
    after_each(state)
    while state.evaluations < evaluations:
        state = _evaluated(function, state)
        after_each(state)
    return state.point, state.value


def _begun(function: Function, point: torch.Tensor) -> State:
    value, gradient = function(point)
    steps = point.new_zeros(MEMORY, *point.shape)
    return State(
        evaluations=torch.tensor(0),
        point=point,
        value=value,
        gradient=gradient,
        direction=-gradient,
        length=1.0 / gradient.norm(dim=1).clamp_min(1.0),
        steps=steps,
        changes=torch.zeros_like(steps),
        inverse=point.new_zeros(MEMORY, len(point)),
    )


def _evaluated(function: Function, state: State) -> State:
    """The state after one more evaluation, at the end of the step that it plans."""
    evaluations, point, value, gradient, direction, length, steps, changes, inverse = state
    slope = (gradient * direction).sum(1)
    step = length[:, None] * direction
    trial_value, trial_gradient = function(point + step)
    finite = trial_value.isfinite() & trial_gradient.isfinite().all(1)
    accepted = finite & (trial_value <= value + _DECREASE * length * slope)

    change = trial_gradient - gradient
    product = (step * change).sum(1)
    useful = accepted & (product > _CURVATURE * step.norm(dim=1) * change.norm(dim=1))
    steps = _pushed(steps, step, useful)
    changes = _pushed(changes, change, useful)
    inverse = torch.where(useful, torch.cat([inverse[1:], (1.0 / product)[None]]), inverse)

    # the minimum of the parabola through both values and the slope, within [0.1, 0.5]
    excess = trial_value - value - length * slope
    shrink = (-0.5 * length * slope / excess).nan_to_num(0.1, 0.1, 0.1).clamp(0.1, 0.5)
    point = torch.where(accepted[:, None], point + step, point)
    gradient = torch.where(accepted[:, None], trial_gradient, gradient)
    value = torch.where(accepted, trial_value, value)
    fresh = _quasi_newton(gradient, steps, changes, inverse)
    direction = torch.where(accepted[:, None], fresh, direction)
    length = torch.where(accepted, torch.ones_like(length), length * shrink)
    return State(
        evaluations + 1, point, value, gradient, direction, length, steps, changes, inverse
    )


def _pushed(history: torch.Tensor, new: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """History with `new` appended and the oldest entry dropped, for the problems of the mask."""
    return torch.where(where[None, :, None], torch.cat([history[1:], new[None]]), history)


def _quasi_newton(
    gradient: torch.Tensor, steps: torch.Tensor, changes: torch.Tensor, inverse: torch.Tensor
) -> torch.Tensor:
    """The two-loop recursion; steepest descent where a problem has no history."""
    direction = -gradient
    shares = []
    for index in range(MEMORY - 1, -1, -1):
        share = inverse[index] * (steps[index] * direction).sum(1)
        direction = direction - share[:, None] * changes[index]
        shares.append(share)
    newest = changes[-1].square().sum(1)
    scale = torch.where(inverse[-1] > 0, 1.0 / (inverse[-1] * newest), torch.ones_like(newest))
    scale = scale.nan_to_num(1.0, 1.0, 1.0)
    direction = direction * scale[:, None]
    for index in range(MEMORY):
        back = inverse[index] * (changes[index] * direction).sum(1)
        direction = direction + (shares[MEMORY - 1 - index] - back)[:, None] * steps[index]
    return direction
