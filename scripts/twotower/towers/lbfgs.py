"""L-BFGS on a batch of independent problems, each with its own steps.

Every evaluation serves every problem: one whose trial point fails the sufficient-decrease test
shortens its step while the others go on, so no problem's path depends on its neighbours'.
(Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 3.1.)

On the CPU a compiled loop takes each step, in place. The tensor form says the same in torch. It
serves cards, where it never waits for a number to come back.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from twotower.kernels import lbfgs as kernel

MEMORY = 10


class State(NamedTuple):
    """All that the next evaluation depends on; B problems in P variables.

    Attributes:
        evaluations: calls of the function after the first one, a whole number, on the CPU always.
        point, gradient, direction: [B, P]. value, length: [B].
        steps, changes: [B, MEMORY, P], of points and gradients, the newest last.
        inverse: [B, MEMORY], 1 / ⟨step, change⟩, 0 where there is none.
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

    def to(self, device: torch.device) -> "State":
        """The state on a device, all but the counter: a loop that asked a card would wait for it
        at each evaluation.
        """
        return State(self.evaluations, *(tensor.to(device) for tensor in self[1:]))

    def copy(self) -> "State":
        """A state in memory of its own."""
        return State(*(tensor.clone(memory_format=torch.contiguous_format) for tensor in self))


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
    state = start.copy() if isinstance(start, State) else _begun(function, start)
    after_each(state)
    while state.evaluations < evaluations:
        state = _evaluated(function, state)
        after_each(state)
    return state.point, state.value


def _begun(function: Function, point: torch.Tensor) -> State:
    value, gradient = function(point)
    batch, size = point.shape
    return State(
        evaluations=torch.tensor(0),
        point=point,
        value=value,
        gradient=gradient,
        direction=-gradient,
        length=1.0 / gradient.norm(dim=1).clamp_min(1.0),
        steps=point.new_zeros(batch, MEMORY, size),
        changes=point.new_zeros(batch, MEMORY, size),
        inverse=point.new_zeros(batch, MEMORY),
    ).copy()


def _evaluated(function: Function, state: State) -> State:
    """The state after one more evaluation, at the end of the step that it plans.

    On the CPU its tensors are the given ones, changed.
    """
    if state.point.device.type != "cpu":
        trial = torch.addcmul(state.point, state.length[:, None], state.direction)
        return _advanced(state, trial, *function(trial))
    arrays = [tensor.numpy() for tensor in state[1:]]
    trial = torch.empty_like(state.point)
    kernel.trial(arrays[0], arrays[3], arrays[4], trial.numpy())
    found = [tensor.contiguous().numpy() for tensor in function(trial)]
    kernel.advance(*arrays, trial.numpy(), *found)
    return state._replace(evaluations=state.evaluations + 1)


def _advanced(
    state: State, trial: torch.Tensor, trial_value: torch.Tensor, trial_gradient: torch.Tensor
) -> State:
    """`kernels.lbfgs.advance` in torch, which leaves the state as it was."""
    evaluations, point, value, gradient, direction, length, steps, changes, inverse = state
    promised = length * (gradient * direction).sum(1)
    finite = trial_value.isfinite() & trial_gradient.isfinite().all(1)
    accepted = finite & (trial_value <= value + kernel.DECREASE * promised)

    step, change = length[:, None] * direction, trial_gradient - gradient
    product = (step * change).sum(1)
    useful = accepted & (product > kernel.CURVATURE * step.norm(dim=1) * change.norm(dim=1))
    steps, changes = _pushed(steps, step, useful), _pushed(changes, change, useful)
    inverse = _pushed(inverse, product.reciprocal(), useful)

    # the minimum of the parabola through both values and the slope, within [0.1, 0.5]
    shrink = -0.5 * promised / (trial_value - value - promised)
    shrink = shrink.nan_to_num(0.1, 0.1, 0.1).clamp(0.1, 0.5)
    gradient = torch.where(accepted[:, None], trial_gradient, gradient)
    fresh = _quasi_newton(gradient, steps, changes, inverse)
    return State(
        evaluations + 1,
        torch.where(accepted[:, None], trial, point),
        torch.where(accepted, trial_value, value),
        gradient,
        torch.where(accepted[:, None], fresh, direction),
        torch.where(accepted, 1.0, length * shrink),
        steps,
        changes,
        inverse,
    )


def _pushed(history: torch.Tensor, new: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """History [B, MEMORY, …] with `new` [B, …] appended and the oldest entry dropped, for the
    problems of the mask [B].
    """
    moved = torch.cat([history[:, 1:], new[:, None]], dim=1)
    return torch.where(where.view(-1, *[1] * new.dim()), moved, history)


def _quasi_newton(
    gradient: torch.Tensor, steps: torch.Tensor, changes: torch.Tensor, inverse: torch.Tensor
) -> torch.Tensor:
    """The two-loop recursion; steepest descent where a problem has no history."""
    history = [each.unbind(1) for each in (steps, changes, inverse[..., None])]
    history = list(zip(*history, strict=True))
    direction, shares = -gradient, []
    for step, change, weight in reversed(history):
        share = weight * (step * direction).sum(1, keepdim=True)
        direction = torch.addcmul(direction, share, change, value=-1.0)
        shares.append(share)
    _, change, weight = history[-1]
    scale = 1.0 / (weight * change.square().sum(1, keepdim=True))
    direction = direction * torch.where(weight > 0, scale, 1.0).nan_to_num(1.0, 1.0, 1.0)
    for (step, change, weight), share in zip(history, reversed(shares), strict=True):
        back = weight * (change * direction).sum(1, keepdim=True)
        direction = torch.addcmul(direction, share - back, step)
    return direction
