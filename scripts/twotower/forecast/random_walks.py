"""Integrated random walks as the prior of a curve: covariance, draws, and fits to data.

Places are doublings of the number of ratings, from the smallest size on. The slope changes in two
ways: it bends steadily, and it drifts at random; both are counted as its change in one doubling.
See `drift` for the model.
"""

import math
from dataclasses import dataclass

import numpy as np

_LEVEL_SD = 10.0  # on the log scale: anything
_ROUNDS = 25  # of Gauss–Newton; most fits need five
_LARGEST_STEP = 1.0


@dataclass(frozen=True)
class Fits:
    """Laplace's approximation for each component of the prior.

    Attributes:
        evidence: log marginal likelihood, shape [components].
        pseudo: log excess that stands for the data, shape [components, sizes].
        noise: its covariance, shape [components, sizes, sizes].
    """

    evidence: np.ndarray
    pseudo: np.ndarray
    noise: np.ndarray


def line(places: np.ndarray) -> np.ndarray:
    """What a slope of 1 at the smallest size adds to g at places, without any bend or walk."""
    return math.log(2) * places


def bend(places: np.ndarray) -> np.ndarray:
    """What a slope that grows by 1 in each doubling adds to g at places."""
    return math.log(2) * np.square(places) / 2


def covariance(
    left: np.ndarray,
    right: np.ndarray,
    slope_sds: np.ndarray,
    bend_sds: np.ndarray,
    drifts: np.ndarray,
) -> np.ndarray:
    """Covariance of g at places (doublings from the smallest size), [components, left, right].

    Args:
        left, right: places.
        slope_sds: standard deviation of the slope at the smallest size, shape [components].
        bend_sds: of the slope's steady growth in one doubling, shape [components].
        drifts: shape [components].
    """
    a, b = np.meshgrid(left, right, indexing="ij")
    least = np.minimum(a, b)
    walk = least**3 / 3 + least**2 * np.abs(a - b) / 2
    lines, walked = np.square(slope_sds), np.square(math.log(2) * drifts)
    along, bent = line(a) * line(b), bend(a) * bend(b)
    steady = lines[:, None, None] * along + np.square(bend_sds)[:, None, None] * bent
    return _LEVEL_SD**2 + steady + walked[:, None, None] * walk


def paths(
    places: np.ndarray,
    slope_sds: np.ndarray,
    bend_sds: np.ndarray,
    drifts: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws of g minus its mean, one for each component, at places in any order, [draws, places].

    Args as in `covariance`, shape [draws].
    """
    draws = drifts.size
    order = np.argsort(places, kind="stable")
    level = _LEVEL_SD * rng.standard_normal(draws)
    slope = np.zeros(draws)
    start, bent = slope_sds * rng.standard_normal(draws), bend_sds * rng.standard_normal(draws)
    scale = drifts * math.log(2)
    drawn = np.empty((draws, places.size))
    at = 0.0
    for place in order:
        step = places[place] - at
        if step > 0:
            first, second = rng.standard_normal((2, draws))
            # (∫W, W) over a step: covariance [[h³/3, h²/2], [h²/2, h]]
            level = level + slope * step
            level = level + scale * step**1.5 * (first / math.sqrt(12) + second / 2)
            slope = slope + scale * math.sqrt(step) * second
            at = places[place]
        drawn[:, place] = level + start * line(at) + bent * bend(at)
    return drawn


def laplace(mean, floors, noise, prior, centre) -> Fits:
    """Gauss–Newton on log excess for all components at once, linearized where the curve is.

    Linearized at the data instead, a floor just below the smallest error would cost nothing.
    """
    excess = np.maximum(mean - floors[:, None], 1e-3 * mean)
    g = np.log(excess)
    for _ in range(_ROUNDS):
        pseudo, spread = _linearized(g, mean, floors, noise)
        gain = np.linalg.solve(prior + spread, (pseudo - centre)[..., None])
        aim = centre + (prior @ gain)[..., 0]
        step = np.clip(aim - g, -_LARGEST_STEP, _LARGEST_STEP)
        g = g + step
        if np.abs(step).max() < 1e-8:
            break
    pseudo, spread = _linearized(g, mean, floors, noise)
    missed = pseudo - centre
    total = prior + spread
    square = (missed * np.linalg.solve(total, missed[..., None])[..., 0]).sum(axis=1)
    evidence = -0.5 * (square + np.linalg.slogdet(total)[1]) - g.sum(axis=1)
    return Fits(evidence, pseudo, spread)


def _linearized(g, mean, floors, noise):
    scale = np.exp(-g)
    pseudo = g + (mean - floors[:, None]) * scale - 1.0
    return pseudo, noise * scale[:, :, None] * scale[:, None, :]
