"""The rule that turns a slope into a verdict, and its certificates."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frozen import THRESHOLDS
from twotower.rates.intervals import Interval
from twotower.rates.verdicts import (
    Certificate,
    MeasuredSlope,
    Verdict,
    judge,
    optimization_certificate,
    optimization_error,
    reference_certificate,
    replicates_to_decide,
)

PASSED = Certificate(True, "fine")
# Limit of "slower": −0.5 + 0.2 + 0.05 = −0.25.
EVIDENCE = MeasuredSlope(
    slope_low=-0.55,
    slope_high=-0.49,
    steepening_high=0.1,
    bound_slope=-0.5,
    log_allowance=0.2,
    whole=Interval(0.0, -0.03, 0.03),
    upper=Interval(0.0, -0.04, 0.04),
    flattening=Interval(0.0, -0.06, 0.06),
    replicates=12,
    certificates=(PASSED, PASSED),
)


def verdict(**changes):
    return judge(replace(EVIDENCE, **changes), THRESHOLDS)[0]


def test_verdicts_are_the_registered_words():
    assert {str(member) for member in Verdict} == {
        "slower",
        "consistent with the rate",
        "faster",
        "flattens",
        "bound not contradicted, rate unresolved",
        "inconclusive",
    }


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.04, 0.04, Verdict.CONSISTENT),
        (-0.06, 0.06, Verdict.CONSISTENT),
        (-0.07, 0.05, Verdict.UNRESOLVED),  # sticks out below
        (-0.05, 0.07, Verdict.UNRESOLVED),  # sticks out above
        (0.05, 0.20, Verdict.UNRESOLVED),  # not wholly above
        (0.07, 0.20, Verdict.FLATTENS),
        (-0.20, -0.07, Verdict.FASTER),
        (-0.20, -0.05, Verdict.UNRESOLVED),
    ],
)
def test_the_upper_half_decides(low, high, expected):
    assert verdict(upper=Interval((low + high) / 2, low, high)) == expected


@pytest.mark.parametrize(
    ("upper", "flattening", "expected"),
    [
        (Interval(0.05, 0.02, 0.08), Interval(0.08, 0.01, 0.15), Verdict.FLATTENS),
        (Interval(0.05, -0.01, 0.11), Interval(0.08, 0.01, 0.15), Verdict.UNRESOLVED),
        (Interval(0.05, 0.02, 0.08), Interval(0.08, -0.01, 0.15), Verdict.UNRESOLVED),
        # it flattens, and is shown to stay within the tolerance: the sentence says so
        (Interval(0.03, 0.01, 0.05), Interval(0.08, 0.01, 0.15), Verdict.CONSISTENT),
        (Interval(0.02, -0.01, 0.05), Interval(0.08, -0.01, 0.15), Verdict.CONSISTENT),
        # above its prediction, but on the way down to it
        (Interval(0.10, 0.08, 0.12), Interval(-0.1, -0.15, -0.05), Verdict.UNRESOLVED),
    ],
)
def test_flattening_is_never_hidden_in_consistent(upper, flattening, expected):
    assert verdict(upper=upper, flattening=flattening) == expected


def test_a_flattening_within_the_tolerance_is_told():
    upper, flattening = Interval(0.03, 0.01, 0.05), Interval(0.08, 0.01, 0.15)
    _, reason = judge(replace(EVIDENCE, upper=upper, flattening=flattening), THRESHOLDS)
    assert "+0.080 [+0.010, +0.150] more than over the lower half" in reason


def test_power_is_stated_where_an_interval_is_too_wide():
    """A half-width of .10 at 12 replicates, where .05 are left: four times as many."""
    upper = Interval(0.01, -0.09, 0.11)
    assert replicates_to_decide(upper, 12, 0.06) == 48
    assert "about 48 replicates" in judge(replace(EVIDENCE, upper=upper), THRESHOLDS)[1]
    assert math.isnan(replicates_to_decide(Interval(0.01), 1, 0.06))


def test_a_whole_window_that_is_too_flat_is_not_consistent():
    assert verdict(whole=Interval(0.08, 0.06, 0.10)) == Verdict.CONSISTENT
    assert verdict(whole=Interval(0.09, 0.06, 0.12)) == Verdict.UNRESOLVED


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-0.26, -0.10, Verdict.CONSISTENT), (-0.24, -0.10, Verdict.SLOWER)],
)
def test_only_the_bound_makes_slower(low, high, expected):
    assert verdict(slope_low=low, slope_high=high) == expected


@pytest.mark.parametrize(
    ("steepening_high", "expected"),
    [
        (0.1, Verdict.SLOWER),
        (0.0, Verdict.SLOWER),
        (-1e-15, Verdict.SLOWER),
        (-0.01, Verdict.UNRESOLVED),
        (math.nan, Verdict.UNRESOLVED),
    ],
)
def test_a_steepening_curve_is_never_slower(steepening_high, expected):
    changes = {"slope_low": -0.2, "slope_high": -0.1, "upper": Interval(0.0, -0.2, 0.2)}
    changes |= {"steepening_high": steepening_high}
    assert verdict(**changes) == expected


def test_the_reason_tells_that_it_steepens():
    wide = {"upper": Interval(0.0, -0.2, 0.2), "steepening_high": -0.1}
    _, reason = judge(replace(EVIDENCE, slope_low=-0.2, slope_high=-0.1, **wide), THRESHOLDS)
    assert "still steepens" in reason


def test_slower_is_decided_before_consistent():
    flat = {"slope_low": -0.2, "slope_high": -0.18}
    assert verdict(**flat) == Verdict.SLOWER
    assert verdict(**flat, steepening_high=-0.1) == Verdict.CONSISTENT


@given(st.floats(-2, 1), st.floats(0, 1), st.floats(-1, 1))
def test_a_failed_certificate_is_inconclusive_whatever_the_slope(low, width, steepening):
    evidence = replace(
        EVIDENCE,
        slope_low=low,
        slope_high=low + width,
        steepening_high=steepening,
        certificates=(PASSED, Certificate(False, "first"), Certificate(False, "second")),
    )
    assert judge(evidence, THRESHOLDS) == (Verdict.INCONCLUSIVE, "first; second")


@pytest.mark.parametrize("field", ["slope_low", "slope_high"])
def test_an_unknown_number_is_inconclusive(field):
    assert verdict(**{field: math.nan}) == Verdict.INCONCLUSIVE


@pytest.mark.parametrize("field", ["whole", "upper"])
def test_an_unknown_difference_is_inconclusive(field):
    assert verdict(**{field: Interval()}) == Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (-0.05, 0.05, True),
        (-0.25, -0.09, True),  # its upper end reaches −0.10
        (-0.25, -0.11, False),
        (0.09, 0.20, True),
        (0.11, 0.20, False),
        (math.nan, math.nan, False),
    ],
)
def test_reference_must_meet_the_prediction(low, high, passed):
    certificate = reference_certificate(Interval(0.0, low, high), 0.01, THRESHOLDS)
    assert certificate.passed is passed
    assert certificate.reason.startswith("reference: ")


@pytest.mark.parametrize("error", [0.05, 0.2, math.nan])
def test_imprecise_risks_fail_both_certificates(error):
    assert not reference_certificate(Interval(0.0, -0.05, 0.05), error, THRESHOLDS).passed
    assert not optimization_certificate(0.0, error, THRESHOLDS).passed
    assert "Monte Carlo" in optimization_certificate(0.0, error, THRESHOLDS).reason


@pytest.mark.parametrize(
    ("used", "best", "error"),
    [(0.10, 0.08, 0.2), (0.10, 0.11, 0.0), (0.10, math.nan, math.nan), (0.0, 0.0, math.nan)],
)
def test_optimization_error(used, best, error):
    assert optimization_error(used, best) == pytest.approx(error, nan_ok=True)


@pytest.mark.parametrize(("error", "passed"), [(0, True), (0.15, True), (0.16, False)])
def test_optimization_certificate(error, passed):
    certificate = optimization_certificate(error, 0.01, THRESHOLDS)
    assert certificate.passed is passed
    assert f"{error:.0%}" in certificate.reason


def test_an_unmeasured_optimization_error_fails():
    certificate = optimization_certificate(math.nan, 0.01, THRESHOLDS)
    assert not certificate.passed
    assert "not measured" in certificate.reason


def test_a_reference_with_a_wide_interval_certifies_nothing():
    certificate = reference_certificate(Interval(0.0, -5.9, 4.3), 0.01, THRESHOLDS)
    assert not certificate.passed
    assert "wider" in certificate.reason
