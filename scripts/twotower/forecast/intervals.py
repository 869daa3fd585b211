"""Intervals of an answer: what the draws of a forecast say of one number."""

import math
from dataclasses import dataclass, replace

import numpy as np

CONFIDENCE = 0.8
"""Of all intervals in an answer."""


@dataclass(frozen=True)
class Interval:
    """A median and the limits of an 80% interval; inf where they are out of reach."""

    middle: float
    low: float
    high: float


def interval(draws: np.ndarray) -> Interval:
    """Median and 80% interval; no interpolation, so that an end out of reach is inf."""
    half = CONFIDENCE / 2
    low, middle, high = np.quantile(draws, [0.5 - half, 0.5, 0.5 + half], method="higher")
    return Interval(float(middle), float(low), float(high))


def needed(ratings: np.ndarray) -> Interval:
    """Median and 80% interval of the ratings needed; without an upper end, from the 20% quantile.

    Above the 10% quantile lie 90% of the draws: open there, the interval would hold more than it
    says.
    """
    found = interval(ratings)
    if math.isinf(found.high):
        low = np.quantile(ratings, 1.0 - CONFIDENCE, method="higher")
        found = replace(found, low=float(low))
    return found


def shown(found: Interval) -> str:
    """An estimate with its interval, three digits each."""
    return f"{found.middle:.3g} [{found.low:.3g}, {found.high:.3g}]".replace("-", "−")
