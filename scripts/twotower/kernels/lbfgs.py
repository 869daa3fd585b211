"""One step of L-BFGS for a batch of problems, in place: the compiled twin of `towers.lbfgs`.

Every sum runs along one problem's own row, so no problem's bits depend on its neighbours. Sums are
of float64, whatever the arrays are.
"""

import numpy as np

from twotower.kernels.compiled import compiled

DECREASE = 1.0e-4
"""Share of the decrease that the slope promises which a step must bring."""

CURVATURE = 1.0e-10
"""Least cosine of a step and a change of the gradient that are kept."""


@compiled
def trial(point, direction, length, found):
    """Write the points [B, P] at the ends of steps of lengths [B] along directions [B, P]."""
    batch, size = point.shape
    for b in range(batch):
        for j in range(size):
            found[b, j] = point[b, j] + length[b] * direction[b, j]


@compiled
def _direction(gradient, steps, changes, inverse, shares, direction):
    """Minus the inverse Hessian's estimate times the gradient [P], by the two-loop recursion.

    Entries of the history [MEMORY, P] without a product, `inverse` 0, are those not filled yet.
    """
    memory, size = steps.shape
    for j in range(size):
        direction[j] = -gradient[j]
    for k in range(memory - 1, -1, -1):
        if inverse[k] != 0:
            total = 0.0
            for j in range(size):
                total += steps[k, j] * direction[j]
            shares[k] = inverse[k] * total
            for j in range(size):
                direction[j] -= shares[k] * changes[k, j]
    if inverse[memory - 1] > 0:
        total = 0.0
        for j in range(size):
            total += changes[memory - 1, j] * changes[memory - 1, j]
        scale = 1 / (inverse[memory - 1] * total)
        if np.isfinite(scale):
            for j in range(size):
                direction[j] *= scale
    for k in range(memory):
        if inverse[k] != 0:
            total = 0.0
            for j in range(size):
                total += changes[k, j] * direction[j]
            share = shares[k] - inverse[k] * total
            for j in range(size):
                direction[j] += share * steps[k, j]


@compiled
def advance(
    point,
    value,
    gradient,
    direction,
    length,
    steps,
    changes,
    inverse,
    trial_point,
    trial_value,
    trial_gradient,
):
    """Take in the function at the trial points, in place.

    Args:
        point, gradient, direction, trial_point, trial_gradient: [B, P].
        value, length, trial_value: [B].
        steps, changes: [B, MEMORY, P], the newest last.
        inverse: [B, MEMORY], 1 / ⟨step, change⟩, 0 where there is none.
    """
    batch, memory, size = steps.shape
    shares = np.empty(memory)
    for b in range(batch):
        slope = 0.0
        finite = np.isfinite(trial_value[b])
        for j in range(size):
            slope += gradient[b, j] * direction[b, j]
        for j in range(size):
            finite &= np.isfinite(trial_gradient[b, j])
        promised = length[b] * slope
        if not (finite and trial_value[b] <= value[b] + DECREASE * promised):
            # the minimum of the parabola through both values and the slope, within [0.1, 0.5]
            shrink = -0.5 * promised / (trial_value[b] - value[b] - promised)
            length[b] *= min(max(shrink, 0.1), 0.5) if np.isfinite(shrink) else 0.1
            continue
        product, squared_step, squared_change = 0.0, 0.0, 0.0
        for j in range(size):
            step = length[b] * direction[b, j]
            change = trial_gradient[b, j] - gradient[b, j]
            product += step * change
            squared_step += step * step
            squared_change += change * change
        if product > CURVATURE * np.sqrt(squared_step) * np.sqrt(squared_change):
            for k in range(1, memory):
                inverse[b, k - 1] = inverse[b, k]
                for j in range(size):
                    steps[b, k - 1, j] = steps[b, k, j]
                    changes[b, k - 1, j] = changes[b, k, j]
            inverse[b, memory - 1] = 1 / product
            for j in range(size):
                steps[b, memory - 1, j] = length[b] * direction[b, j]
                changes[b, memory - 1, j] = trial_gradient[b, j] - gradient[b, j]
        point[b] = trial_point[b]
        gradient[b] = trial_gradient[b]
        value[b] = trial_value[b]
        length[b] = 1
        _direction(gradient[b], steps[b], changes[b], inverse[b], shares, direction[b])
