"""What a smaller risk is worth: error ∝ risk^power, from the ratio of both slopes."""

import numpy as np

from twotower.rates.intervals import Interval, half_width
from twotower.rates.slopes import BOOTSTRAP_DRAWS, resample, smoothed_weights
from twotower.theory.bound import least_squares_slope


def power(
    n: np.ndarray,
    slope: float,
    error: tuple[np.ndarray, np.ndarray],
    risk: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
    confidence: float,
) -> tuple[Interval, Interval]:
    """The slope of the risk, and the power of an error in it, with intervals.

    Args:
        n: sizes, [sizes].
        slope: of the error, as fitted.
        error, risk: values and their Monte Carlo errors, [replicates, sizes] each.
        rng: stream of the bootstrap.
        confidence: of the intervals.
    """

    def slopes(values: np.ndarray) -> np.ndarray:
        weights = smoothed_weights(np.log(n), values)
        return least_squares_slope(np.log(n), np.log(values.mean(axis=-2)), weights)

    # both in one array, so that each draw has the same targets in both
    together, spread = (np.concatenate(each, axis=1) for each in zip(error, risk, strict=True))
    drawn = resample(together, spread, rng, BOOTSTRAP_DRAWS)
    errors, risks = slopes(drawn[..., : len(n)]), slopes(drawn[..., len(n) :])
    found = []
    for value, draws in ((slopes(risk[0]), risks), (slope / slopes(risk[0]), errors / risks)):
        half = half_width(draws, len(risk[0]), confidence)
        found.append(Interval(float(value), float(value) - half, float(value) + half))
    return found[0], found[1]
