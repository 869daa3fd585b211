"""The verdict on a cell's rate: one rule and its certificates, fixed before any run.

The thresholds are those of the frozen decisions (`twotower.study.decisions`).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from twotower.rates.intervals import Interval
from twotower.study.decisions import Thresholds

ROUNDING = 1e-9
"""An exact power law does not steepen, however its logarithms are rounded."""


class Verdict(StrEnum):
    """What a cell's curve says about the rate, in the order in which the rule decides."""

    INCONCLUSIVE = "inconclusive"
    SLOWER = "slower"
    FLATTENS = "flattens"
    CONSISTENT = "consistent with the rate"
    FASTER = "faster"
    UNRESOLVED = "bound not contradicted, rate unresolved"


@dataclass(frozen=True)
class Certificate:
    """Whether a measurement can be trusted, and why, as a clause of a sentence."""

    passed: bool
    reason: str


@dataclass(frozen=True)
class MeasuredSlope:
    """What the rule looks at.

    Attributes:
        slope_low, slope_high: interval of the arm's slope over the window.
        steepening_high: upper limit of the interval of the slope's change from the lower to the
            upper half of the sizes; below 0 the curve steepens beyond doubt. NaN: not known.
        bound_slope: the bound's exponent s_B.
        log_allowance: slope that the bound's (log n)² adds over the sizes fitted.
        whole, upper, flattening: as of `departures.Departure`: measured minus predicted.
        replicates: targets that they were measured on.
        certificates: all must pass for any verdict but "inconclusive".
    """

    slope_low: float
    slope_high: float
    steepening_high: float
    bound_slope: float
    log_allowance: float
    whole: Interval
    upper: Interval
    flattening: Interval
    replicates: int
    certificates: tuple[Certificate, ...]


def judge(evidence: MeasuredSlope, thresholds: Thresholds) -> tuple[Verdict, str]:
    """The verdict and a sentence saying why; rules are tried in the order of `Verdict`."""
    failed = [certificate.reason for certificate in evidence.certificates if not certificate.passed]
    if failed:
        return Verdict.INCONCLUSIVE, "; ".join(failed)
    low, high, delta = evidence.slope_low, evidence.slope_high, thresholds.delta
    whole, upper, flattening = evidence.whole, evidence.upper, evidence.flattening
    if not all(map(math.isfinite, (low, high, *whole, *upper))):
        return Verdict.INCONCLUSIVE, "interval: the slope or its prediction has no finite value"

    limit = evidence.bound_slope + evidence.log_allowance + delta
    above = low > limit
    # Unknown (fewer than three sizes) is no assurance that the curve does not steepen.
    steepens = not evidence.steepening_high >= -ROUNDING
    if above and not steepens:
        return (
            Verdict.SLOWER,
            f"interval [{low:.3f}, {high:.3f}] is above {limit:.3f}, the bound's slope with its "
            f"logarithms and {delta}, and the curve does not steepen",
        )
    tolerance = thresholds.upper_tolerance
    half = f"over the upper half the slope is {_signed(upper)} from its prediction"
    change = f"{_signed(flattening)} more than over the lower half"
    flattens = upper.low > ROUNDING and flattening.low > ROUNDING
    within = max(-upper.low, upper.high) <= tolerance
    if upper.low > tolerance and not flattening.high < -ROUNDING:
        return Verdict.FLATTENS, f"{half}, more than {tolerance} above it"
    if flattens and not within:
        return Verdict.FLATTENS, f"{half}, {change}"
    if within and whole.high <= 2 * delta:
        aside = f"; that is {change}, and still within" if flattens else ""
        return Verdict.CONSISTENT, f"{half}, within {tolerance}{aside}"
    if upper.high < -tolerance:
        return (
            Verdict.FASTER,
            f"{half}, more than {tolerance} below it, which an upper bound allows",
        )
    if above:
        return (
            Verdict.UNRESOLVED,
            f"interval [{low:.3f}, {high:.3f}] is above {limit:.3f}, but the curve still steepens "
            "with n",
        )
    if within:
        return (
            Verdict.UNRESOLVED,
            f"{half}, but over the whole window {_signed(whole)}, not within {2 * delta:.2f}",
        )
    needed = replicates_to_decide(upper, evidence.replicates, tolerance)
    more = f"; about {needed:,.0f} replicates would tell" if math.isfinite(needed) else ""
    return Verdict.UNRESOLVED, f"{half}, not surely within {tolerance}{more}"


def replicates_to_decide(upper: Interval, replicates: int, tolerance: float) -> float:
    """How many replicates would bring an interval inside or outside of ± tolerance, if its estimate
    stayed as it is: half-widths fall as 1/√replicates. NaN where there is no interval, infinity
    where the estimate is the tolerance.
    """
    half, room = (upper.high - upper.low) / 2, abs(tolerance - abs(upper.estimate))
    if not math.isfinite(half) or room == 0:
        return math.nan if not math.isfinite(half) else math.inf
    return float(max(replicates, math.ceil(replicates * (half / room) ** 2 - ROUNDING)))


def _signed(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def reference_certificate(
    whole: Interval, monte_carlo_error: float, thresholds: Thresholds
) -> Certificate:
    """Whether the reference estimator behaves as its prediction says.

    Args:
        whole: its slope minus the predicted one over the window.
        monte_carlo_error: largest risk_se/risk of the reference in the window.
        thresholds: `reference_tolerance`, `max_monte_carlo_error`.
    """
    tolerance = thresholds.reference_tolerance
    precise = precision_certificate("reference", monte_carlo_error, thresholds)
    if not precise.passed:
        return precise
    differs = f"reference: its slope is {_signed(whole)} from its prediction"
    if not whole.high - whole.low <= 2 * tolerance:
        return Certificate(False, f"{differs}, an interval wider than ± {tolerance}")
    passed = whole.low <= tolerance and whole.high >= -tolerance
    verb = "meets" if passed else "misses"
    return Certificate(passed, f"{differs}, which {verb} ± {tolerance}")


def optimization_error(used: float, best: float) -> float:
    """Share of the risk that is due to optimization: max(0, used − best) / used.

    Args:
        used, best: mean risk from the start used, and of the fits with the lowest training loss
            (`curves.starts_at`), at the same size and over the same replicates.

    Returns:
        The share; NaN if one of them was not measured, or the risk used is not positive.
    """
    if not (math.isfinite(used) and math.isfinite(best)) or used <= 0:
        return math.nan
    return max(0.0, used - best) / used


def optimization_certificate(
    error: float, monte_carlo_error: float, thresholds: Thresholds
) -> Certificate:
    """Whether the towers reached the empirical risk minimizer the theorem is about.

    Args:
        error: largest `optimization_error` at the sizes where it is measured; NaN (at none) fails.
        monte_carlo_error: largest risk_se/risk of the arm in the window, at all starts.
        thresholds: `max_optimization_error`, `max_monte_carlo_error`.
    """
    if math.isnan(error):
        return Certificate(False, "optimization: a doubled or an oracle start was not measured")
    precise = precision_certificate("optimization", monte_carlo_error, thresholds)
    if not precise.passed:
        return precise
    passed = error <= thresholds.max_optimization_error
    relation = "at most" if passed else "more than"
    return Certificate(
        passed,
        f"optimization: {error:.0%} of the risk is optimization error, {relation} "
        f"{thresholds.max_optimization_error:.0%}",
    )


def precision_certificate(name: str, error: float, thresholds: Thresholds) -> Certificate:
    """Whether risks were measured precisely enough; a NaN fails."""
    return Certificate(
        error < thresholds.max_monte_carlo_error,
        f"{name}: the Monte Carlo error of a risk is {error:.1%} of it, "
        f"under {thresholds.max_monte_carlo_error:.0%} is needed",
    )
