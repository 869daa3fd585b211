"""Learning curves that end on noise: mean squared error = floor + scale · n^(−rate).

The test error of real ratings holds their noise, and whatever no growth of the sample would
teach. Floor and rate are fitted together; over few doublings they stand in for each other, and
where they do, that is said.
"""

from dataclasses import dataclass

import numpy as np

RATES = np.linspace(0.02, 2.0, 100)
"""Tried; for each the floor and the scale follow in closed form."""
WIDEST = 0.5
"""An interval of the rate that is wider, or that touches the ends of `RATES`, tells nothing."""
LEAST_FLOOR = 0.1
"""Of the smallest error; ratings have noise, so a lower floor means that the curve bends too little
for one to be seen."""
_FEWEST = 4  # sizes for three parameters
_LEAST = 1.0e-6  # of the largest error: what smaller ones weigh no more than


@dataclass(frozen=True)
class FloorFit:
    """A fitted curve: floor and scale in squared ratings, and the rate, each [low, high] of 95%.

    Attributes:
        told_apart: whether the rate's interval tells floor and rate from each other.
    """

    floor: float
    scale: float
    rate: float
    floor_interval: tuple[float, float]
    rate_interval: tuple[float, float]
    told_apart: bool

    def at(self, n: np.ndarray) -> np.ndarray:
        """Mean squared error at sizes n."""
        return self.floor + self.scale * np.asarray(n, float) ** -self.rate


def fit(sizes: np.ndarray, errors: np.ndarray, rng: np.random.Generator, draws: int = 500):
    """Fit to errors [splits, k] at sizes [k].

    Intervals are those of a bootstrap over splits, widened to hold those without the smallest and
    without the largest size: all splits share the shape of one curve, which need not be a power.
    Squared deviations are weighted by 1 / (mean error)², so that all sizes count alike.

    Returns:
        FloorFit; with one split its intervals are (NaN, NaN), and nothing is told apart.
    """
    sizes = np.asarray(sizes, float)
    floor, scale, rate = _least_squares(sizes, errors.mean(axis=0)[None])[0]
    if len(errors) < 2:
        nothing = (float("nan"), float("nan"))
        return FloorFit(floor, scale, rate, nothing, nothing, False)
    picks = rng.integers(len(errors), size=(draws, len(errors)))
    curves = errors[picks].mean(axis=1)
    kept = [slice(None)]
    if len(sizes) > _FEWEST:
        kept += [slice(1, None), slice(None, -1)]
    ends = [
        np.quantile(_least_squares(sizes[part], curves[:, part]), (0.025, 0.975), axis=0)
        for part in kept
    ]
    low, high = np.min([one[0] for one in ends], axis=0), np.max([one[1] for one in ends], axis=0)
    inside = low[2] > RATES[0] and high[2] < RATES[-1]
    above = low[0] > LEAST_FLOOR * errors.mean(axis=0).min()
    told = bool(inside and above and high[2] - low[2] <= WIDEST)
    return FloorFit(floor, scale, rate, (low[0], high[0]), (low[2], high[2]), told)


def _least_squares(sizes: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """(floor, scale, rate) of each of the curves [m, k]: [m, 3]; floor and scale at least 0."""
    powers = (sizes / sizes[0]) ** -RATES[:, None]  # [rates, k]
    mean = curves.mean(axis=0)
    least = _LEAST * mean.max() or 1.0  # a method may make no error at some sizes, or at all
    weight = 1.0 / np.square(np.maximum(mean, least))
    total = weight.sum()
    power_mean = (powers * weight).sum(axis=1) / total
    curve_mean = (curves * weight).sum(axis=1) / total
    centered = powers - power_mean[:, None]
    scale = (curves * weight) @ centered.T / (centered**2 * weight).sum(axis=1)  # [m, rates]
    floor = curve_mean[:, None] - scale * power_mean
    below = floor < 0  # the constraint binds: a pure power
    pure = (curves * weight) @ powers.T / (powers**2 * weight).sum(axis=1)
    scale, floor = np.where(below, pure, scale), np.where(below, 0.0, floor)
    flat = scale < 0  # an error that does not fall
    scale, floor = np.where(flat, 0.0, scale), np.where(flat, curve_mean[:, None], floor)
    residual = curves[:, None, :] - floor[..., None] - scale[..., None] * powers
    best = (np.square(residual) * weight).sum(axis=2).argmin(axis=1)
    rows = np.arange(len(curves))
    rate = RATES[best]
    return np.stack([floor[rows, best], scale[rows, best] * sizes[0] ** rate, rate], axis=1)
