"""The verdict on a cell's rate: one rule and its certificates, fixed before any run.

The thresholds are those of the frozen decisions (`twotower.study.decisions`).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from twotower.study.decisions import Thresholds

ROUNDING = 1e-9
"""An exact power law does not steepen, however its logarithms are rounded."""


class Verdict(StrEnum):
    """What a cell's curve says about the bound, in the order in which the rule decides."""

    INCONCLUSIVE = "inconclusive"
    SLOWER = "slower"
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
        slope_low, slope_high: interval of the arm's slope.
        steepening_high: upper limit of the interval of the slope's change from the lower to the
            upper half of the sizes; below 0 the curve steepens beyond doubt. NaN: not known.
        bound_slope: the bound's exponent s_B.
        log_allowance: slope that the bound's (log n)² adds over the sizes fitted.
        judged_slope: slope s_R that is due, taken as given: the reference estimator's on the same
            ratings, or the finite-n prediction's where there is no reference.
        judge: whose slope that is, for the sentence.
        certificates: all must pass for any verdict but "inconclusive".
    """

    slope_low: float
    slope_high: float
    steepening_high: float
    bound_slope: float
    log_allowance: float
    judged_slope: float
    certificates: tuple[Certificate, ...]
    judge: str = "reference"


def judge(evidence: MeasuredSlope, thresholds: Thresholds) -> tuple[Verdict, str]:
    """The verdict and a sentence saying why; rules are tried in the order of `Verdict`."""
    failed = [certificate.reason for certificate in evidence.certificates if not certificate.passed]
    if failed:
        return Verdict.INCONCLUSIVE, "; ".join(failed)
    low, high, due = evidence.slope_low, evidence.slope_high, evidence.judged_slope
    delta = thresholds.delta
    whose = f"the {evidence.judge}'s slope {due:.3f}"
    interval = f"interval [{low:.3f}, {high:.3f}]"
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(due)):
        return Verdict.INCONCLUSIVE, "interval: the slope or the one due has no finite value"

    limit = evidence.bound_slope + evidence.log_allowance + delta
    above = low > limit
    # Unknown (fewer than three sizes) is no assurance that the curve does not steepen.
    steepens = not evidence.steepening_high >= -ROUNDING
    if above and not steepens:
        return (
            Verdict.SLOWER,
            f"{interval} is above {limit:.3f}, the bound's slope with its logarithms and "
            f"{delta}, and the curve does not steepen",
        )
    if low >= due - 2 * delta and high <= due + 2 * delta:
        return (
            Verdict.CONSISTENT,
            f"{interval} is within {2 * delta:.2f} of {whose}",
        )
    if high < due - 2 * delta:
        return (
            Verdict.FASTER,
            f"{interval} is more than {2 * delta:.2f} below {whose}, which an upper bound allows",
        )
    if above:
        return (
            Verdict.UNRESOLVED,
            f"{interval} is above {limit:.3f}, but the curve still steepens with n",
        )
    return (
        Verdict.UNRESOLVED,
        f"{interval} is neither above {limit:.3f} nor within {2 * delta:.2f} of {whose}",
    )


def reference_certificate(
    slope_low: float,
    slope_high: float,
    predicted_slope: float,
    monte_carlo_error: float,
    thresholds: Thresholds,
) -> Certificate:
    """Whether the reference estimator behaves as the finite-n prediction says.

    Args:
        slope_low, slope_high: interval of the reference's slope.
        predicted_slope: slope of the finite-n prediction over the same sizes.
        monte_carlo_error: largest risk_se/risk of the reference in the window.
        thresholds: `reference_tolerance`, `max_monte_carlo_error`.
    """
    tolerance = thresholds.reference_tolerance
    precise = precision_certificate("reference", monte_carlo_error, thresholds)
    if not precise.passed:
        return precise
    if not slope_high - slope_low <= 2 * tolerance:
        return Certificate(
            False,
            f"reference: its interval [{slope_low:.3f}, {slope_high:.3f}] is wider than "
            f"± {tolerance}",
        )
    passed = slope_low <= predicted_slope + tolerance and slope_high >= predicted_slope - tolerance
    verb = "meets" if passed else "misses"
    return Certificate(
        passed,
        f"reference: its interval [{slope_low:.3f}, {slope_high:.3f}] {verb} the predicted slope "
        f"{predicted_slope:.3f} ± {tolerance}",
    )


def optimization_error(used: float, doubled: float, oracle: float) -> float:
    """Share of the risk that is due to optimization: max(0, used − min(doubled, oracle)) / used.

    Args:
        used, doubled, oracle: mean risk from the start used, after twice the steps, and from an
            oracle start, at the same size and over the same replicates; of each replicate the
            risk used where the training loss is no lower (`curves.starts_at`).

    Returns:
        The share; NaN if one of them was not measured, or the risk used is not positive.
    """
    if not all(map(math.isfinite, (used, doubled, oracle))) or used <= 0:
        return math.nan
    return max(0.0, used - min(doubled, oracle)) / used


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
