"""Ways to train all layers that the project could take in place of its L-BFGS.

Each starts from the closed form's towers and gives its path: the mean training losses after each
evaluation or iteration, [T, B], and the processor seconds of a network until then, [T].
"""

import time
from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch

from twotower.towers import joint_training, lbfgs, training
from twotower.towers.checkpoint import Progress
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError
from twotower.towers.steps import RENEWED_EVERY

Path = tuple[np.ndarray, np.ndarray]
_RIDGE = 1.0e-12  # of the largest diagonal entry of normal equations
_TRIALS = 12  # of the damping, until an iteration is given up


class Clock(Progress):
    """Notes the loss and the processor time after each evaluation of a joint training."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.losses, self.seconds, self._batch = [], [], batch
        self.began = time.process_time()

    def offer(self, state: Callable[[], dict]) -> None:
        self.note(state()["value"].numpy())

    def note(self, losses: np.ndarray) -> None:
        """Keep the losses, [B], never above those before."""
        best = np.minimum(losses, self.losses[-1]) if self.losses else losses.copy()
        self.losses.append(best)
        self.seconds.append((time.process_time() - self.began) / self._batch)

    def drop(self) -> None:
        """Forget the last one."""
        self.losses.pop(), self.seconds.pop()

    @property
    def path(self) -> Path:
        return np.array(self.losses), np.array(self.seconds)


def quasi_newton(sample: training.Sample, start: Towers, evaluations: int) -> Path:
    """L-BFGS in coordinates chosen once, at the start."""
    return _in_blocks(sample, start, evaluations, evaluations, least_squares=False)


def renewed(sample: training.Sample, start: Towers, evaluations: int) -> Path:
    """The project's joint training: L-BFGS, coordinates chosen anew every `RENEWED_EVERY`."""
    return _in_blocks(sample, start, evaluations, RENEWED_EVERY, least_squares=False)


def alternating(sample: training.Sample, start: Towers, evaluations: int, block: int = 30) -> Path:
    """The same every `block` evaluations, and before it one round of least squares for both
    output layers, as in the closed form.
    """
    return _in_blocks(sample, start, evaluations, block, least_squares=True)


def _in_blocks(sample, start, evaluations, block, least_squares) -> Path:
    clock = Clock(len(sample.ratings))
    towers = start
    error = SquaredError(start, *sample.pairs)
    for done in range(0, evaluations, block):
        if done and least_squares:
            towers = training.closed_form(sample, 1, towers)
        steps = min(block, evaluations - done)
        towers, _ = joint_training.train(towers, error, error, steps, clock, block)
        if done + block < evaluations:
            clock.drop()  # the next block begins with an evaluation of its own
    return clock.path


def projected(sample: training.Sample, start: Towers, evaluations: int) -> Path:
    """L-BFGS over all but the users' output layers, which least squares gives at each point."""
    error = SquaredError(start, *sample.pairs)
    blocks = joint_training._blocks(start, error)
    origin, clock = start.flat(), Clock(len(sample.ratings))
    free = start.unflat(torch.ones_like(origin))
    free.user[-1][0].zero_(), free.user[-1][1].zero_()
    free = free.flat()

    def point(z: torch.Tensor) -> torch.Tensor:
        rows = origin + joint_training._mapped(blocks, z)
        towers = start.unflat(rows)
        weights, biases = towers.user[-1]
        for b in range(len(rows)):
            found = _outputs(*(side[b].numpy() for side in sample.pairs), towers, b)
            weights[b], biases[b] = torch.from_numpy(found[:-1]), torch.from_numpy(found[-1:])
        return towers.flat()

    def function(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loss, gradient = error(point(z))
        return loss, joint_training._mapped(blocks, gradient * free, transposed=True)

    begin = torch.zeros_like(origin)
    lbfgs.minimize(function, begin, evaluations, lambda s: clock.note(s.value.numpy()))
    return clock.path


def _outputs(users, items, ratings, towers: Towers, b: int) -> np.ndarray:
    """The users' least-squares output layer, [W + 1, p], of one network."""
    _, hidden, _ = _layers(towers.user, users, b)
    _, _, fixed = _layers(towers.item, items, b)
    hidden = np.concatenate([hidden, np.ones((len(hidden), 1))], axis=1)
    design = (hidden[:, :, None] * fixed[:, None, :]).reshape(len(hidden), -1)
    gram = design.T @ design
    gram[np.diag_indices_from(gram)] += _RIDGE * gram.diagonal().max()
    found = scipy.linalg.solve(gram, design.T @ ratings, assume_a="pos", check_finite=False)
    return found.reshape(hidden.shape[1], -1)


def _layers(layers: list, covariates: np.ndarray, b: int):
    """Which units are active, their values [n, W], and the embedding [n, p] of one network."""
    (weight, bias), (outputs, constant) = ((w[b].numpy(), c[b].numpy()) for w, c in layers)
    values = covariates @ weight + bias
    active = values > 0
    values *= active
    return active, values, values @ outputs + constant


def levenberg_marquardt(sample: training.Sample, start: Towers, iterations: int) -> Path:
    """Dense Gauss–Newton steps with Marquardt's damping, one network at a time.

    J'J is one symmetric product (numpy hands it to BLAS so), the loss of a trial is the project's.
    """
    paths = []
    for b in range(len(sample.ratings)):
        one = [side[b : b + 1] for side in sample.pairs]
        rows = start.flat()[b : b + 1]
        like = start.unflat(rows)
        clock, error = Clock(1), SquaredError(like, *one)
        loss, damping = float(error(rows)[0]), 1.0e-3
        clock.note(np.array([loss]))
        for _ in range(iterations):
            jacobian, residuals = _jacobian(like.unflat(rows), *(side[0].numpy() for side in one))
            matrix, slope = jacobian.T @ jacobian, jacobian.T @ residuals
            scale = np.sqrt(np.maximum(matrix.diagonal(), 1.0e-12 * matrix.diagonal().max()))
            matrix, slope = matrix / scale / scale[:, None], slope / scale
            for _ in range(_TRIALS):
                damped = matrix.copy()
                damped[np.diag_indices_from(damped)] += damping
                try:
                    step = scipy.linalg.solve(damped, slope, assume_a="pos", check_finite=False)
                except np.linalg.LinAlgError:
                    damping *= 10.0
                    continue
                trial = rows - torch.from_numpy(step / scale)[None]
                found = float(error(trial)[0])
                if found < loss:
                    rows, loss, damping = trial, found, max(damping / 5.0, 1.0e-10)
                    break
                damping *= 4.0
            else:
                break
            clock.note(np.array([loss]))
        missing = iterations + 1 - len(clock.losses)
        clock.losses += clock.losses[-1:] * missing
        clock.seconds += clock.seconds[-1:] * missing
        paths.append(clock.path)
    losses, seconds = zip(*paths, strict=True)
    return np.concatenate(losses, axis=1), np.mean(seconds, axis=0)


def _jacobian(towers: Towers, users, items, ratings) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the scores by all parameters, [n, n_parameters], and the residuals [n]."""
    sides = [_layers(towers.user, users, 0), _layers(towers.item, items, 0)]
    jacobian, at = np.empty((len(ratings), towers.flat().shape[1])), 0
    for index, (layers, covariates) in enumerate(((towers.user, users), (towers.item, items))):
        (active, values, _), other = sides[index], sides[1 - index][2]
        by_bias = other @ layers[1][0][0].numpy().T * active
        parts = [by_bias * column[:, None] for column in covariates.T] + [by_bias]
        parts += [(values[:, :, None] * other[:, None, :]).reshape(len(ratings), -1), other]
        for part in parts:
            jacobian[:, at : at + part.shape[1]] = part
            at += part.shape[1]
    return jacobian, (sides[0][2] * sides[1][2]).sum(axis=1) - ratings
