"""Student intervals over replicates: of means, of slopes and of their differences.

Quantiles and tails come from scipy.special: the same bits as from scipy.stats, which calls it and
takes a second to import.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit


class Interval(NamedTuple):
    """An estimate and the limits of its interval; NaN where there are none."""

    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan

    def columns(self, name: str) -> dict[str, float]:
        """The three numbers as columns of a table."""
        return dict(zip((name, f"{name}_low", f"{name}_high"), self, strict=True))


def student_quantile(replicates: int, confidence: float) -> float:
    """Two-sided Student t quantile of an interval over replicates; NaN for fewer than two."""
    if replicates < 2:
        return math.nan
    return float(stdtrit(replicates - 1, 0.5 + confidence / 2))


def slope_error(low: float, high: float, replicates: int, confidence: float) -> float:
    """Standard error that an interval of `fit_rate` stands for; NaN where there is no interval."""
    return (high - low) / (2 * student_quantile(int(replicates), confidence))


def p_above(
    slope: float, low: float, high: float, limit: float, replicates: int, confidence: float
) -> float:
    """One-sided Student p-value of "the slope is at most `limit`"; NaN where there is no interval.

    Below (1 − confidence)/2 exactly where the interval lies wholly above the limit.
    """
    error = slope_error(low, high, replicates, confidence)
    if not math.isfinite(error):
        return math.nan
    # Identical replicates leave no error at all.
    distance = slope - limit
    t = distance / error if error > 0 else math.copysign(math.inf, distance)
    return float(stdtr(replicates - 1, -t))


def mean_interval(risk: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Mean over replicates and its Student interval on the log scale, from risks [replicates]."""
    mean, count = float(risk.mean()), len(risk)
    # Standard error of log mean risk, to first order.
    spread = math.nan
    if count > 1 and mean > 0:
        spread = float(risk.std(ddof=1)) / (mean * math.sqrt(count))
    half = student_quantile(count, confidence) * spread
    return mean, mean * math.exp(-half), mean * math.exp(half)


def student_interval(values: np.ndarray, confidence: float) -> Interval:
    """Mean over replicates and its Student interval, from values [replicates] that may be 0."""
    mean, count = float(values.mean()), len(values)
    spread = float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    half = student_quantile(count, confidence) * spread
    return Interval(mean, mean - half, mean + half)


def half_width(statistics: np.ndarray, replicates: int, confidence: float) -> float:
    """Half-width of the corrected Student interval from bootstrap statistics, shape [draws]."""
    if replicates < 2:
        return math.nan
    correction = math.sqrt(replicates / (replicates - 1))
    return student_quantile(replicates, confidence) * correction * float(statistics.std(ddof=1))


def difference(first, second) -> tuple[float, float, float]:
    """Slope of the second row minus that of the first, with its interval.

    Cells are taken as independent; where they share targets, the interval is too wide.
    """
    half = math.hypot(
        (first.slope_high - first.slope_low) / 2, (second.slope_high - second.slope_low) / 2
    )
    change = second.slope - first.slope
    return change, change - half, change + half
