"""Windows, weights, fits and intervals, and the tables made of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import WLS

from frozen import THRESHOLDS
from risk_draws import TARGETS, N, random_risks
from twotower.rates.intervals import p_above, student_quantile
from twotower.rates.slopes import (
    BOOTSTRAP_DRAWS,
    bootstrap,
    bootstrap_generator,
    fit_rate,
    resample,
    smoothed_weights,
)
from twotower.rates.windows import fit_window
from twotower.theory.bound import least_squares_slope


def fit(risk, relative_error=0.0, key="cell", **options):
    rng = bootstrap_generator(key, "erm")
    return fit_rate(N, risk, relative_error * np.asarray(risk), rng, 0.95, **options)


# ---------------------------------------------------------------- window


def test_window_starts_where_the_reference_stays_below_a_quarter():
    window = fit_window(N, [0.9, 0.4, 0.24, 0.2, 0.15, 0.1, 0.05, 0.02], THRESHOLDS)
    assert (window.n_min, window.n_max, window.valid, window.reason) == (2048, 65536, True, "")
    assert window.contains(N).tolist() == [False, False] + [True] * 6


def test_a_dip_does_not_open_the_window():
    window = fit_window(N, [0.9, 0.2, 0.26, 0.2, 0.15, 0.1, 0.05, 0.02], THRESHOLDS)
    assert window.n_min == 4096


def test_a_quarter_itself_is_not_below():
    assert fit_window(N, [0.25] + [0.2] * 7, THRESHOLDS).n_min == 1024


@pytest.mark.parametrize(("below", "fitted"), [(4, 4), (3, 3), (2, 5), (0, 5)])
def test_too_few_sizes_leave_no_valid_window(below, fitted):
    window = fit_window(N, [0.5] * (8 - below) + [0.1] * below, THRESHOLDS)
    assert not window.valid
    assert window.contains(N).sum() == fitted
    assert f"only {below} of 8 sizes, 5 are needed" in window.reason


def test_short_studies_use_all_their_sizes():
    window = fit_window([64, 128], [0.9, 0.9], THRESHOLDS)
    assert (window.n_min, window.n_max, window.valid) == (64, 128, False)


def test_a_reference_that_is_not_a_number_opens_no_window():
    assert not fit_window(N, [math.nan] * 8, THRESHOLDS).valid


@pytest.mark.parametrize("sizes", [[], [512, 512], [1024, 512]])
def test_sizes_must_increase(sizes):
    with pytest.raises(ValueError, match="strictly increasing"):
        fit_window(sizes, [0.1] * len(sizes), THRESHOLDS)


# ---------------------------------------------------------------- fit


@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_closed_form_is_statsmodels(seed, sizes):
    rng = np.random.default_rng(seed)
    log_n = np.sort(rng.uniform(5, 12, sizes)) + np.arange(sizes)
    y, weights = rng.standard_normal(sizes), rng.uniform(0.1, 5, sizes)
    design = np.column_stack([np.ones(sizes), log_n])
    expected = WLS(y, design, weights=weights).fit().params[1]
    assert least_squares_slope(log_n, y, weights) == pytest.approx(expected, abs=1e-9)


def test_point_estimate_is_the_weighted_fit_of_log_mean_risk():
    risk = random_risks()
    log_n = np.log(N)
    weights = smoothed_weights(log_n, risk)
    result = fit(risk)
    expected = least_squares_slope(log_n, np.log(risk.mean(axis=0)), weights)
    assert result.slope == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(result.weights, weights)
    np.testing.assert_allclose(np.log(result.risk(N)), result.intercept + result.slope * log_n)


def test_weights_smooth_the_replicate_variance():
    """A variance that is a power of n gives exactly the inverse power, whatever its scale."""
    log_n = np.log(N)
    deviation = 0.1 * (N / N[0]) ** 0.25
    pattern = np.array([1.0, -1.0, 1.0, -1.0])[:, np.newaxis]
    risk = N**-0.5 * (1 + deviation * pattern)
    weights = smoothed_weights(log_n, risk)
    np.testing.assert_allclose(weights, (1.0 / N**0.5) / (1.0 / N**0.5).sum())
    np.testing.assert_allclose(smoothed_weights(log_n, 7 * risk), weights)


def test_weights_are_equal_where_there_is_no_variance_to_go_by():
    log_n = np.log(N)
    equal = np.full(N.size, 1 / N.size)
    identical = np.tile(0.2 * (N / 700) ** -0.7, (TARGETS, 1))
    np.testing.assert_array_equal(smoothed_weights(log_n, identical), equal)
    np.testing.assert_array_equal(smoothed_weights(log_n, random_risks(targets=1)), equal)


def test_draws_are_whole_targets_with_errors_as_large_as_theirs():
    risk = random_risks()
    se = risk * np.linspace(0.01, 0.05, N.size)
    targets, errors = bootstrap(risk, se, bootstrap_generator("a", "erm"), 4000)
    assert targets.shape == (4000, TARGETS) and set(targets.flat) == set(range(TARGETS))
    np.testing.assert_allclose(errors.std(axis=(0, 1)), se[0] / risk[0], rtol=0.02)
    drawn = resample(risk, se, bootstrap_generator("a", "erm"), 4000)
    np.testing.assert_array_equal(drawn, risk[targets] * np.exp(errors))
    exact = resample(risk, 0 * se, bootstrap_generator("a", "erm"), 4000)
    np.testing.assert_array_equal(exact, risk[targets])


def test_weights_of_a_batch_are_those_of_its_members():
    log_n = np.log(N)
    batch = np.stack([random_risks(seed) for seed in range(3)])
    each = [smoothed_weights(log_n, member) for member in batch]
    np.testing.assert_allclose(smoothed_weights(log_n, batch), each, rtol=1e-12)


def test_units_of_risk_do_not_matter():
    risk = random_risks()
    result, scaled = fit(risk), fit(1000 * risk)
    assert scaled.slope == pytest.approx(result.slope)
    assert scaled.slope_low == pytest.approx(result.slope_low)
    assert scaled.steepening_high == pytest.approx(result.steepening_high)


def test_log_correction_is_the_fit_of_divided_risks():
    risk = random_risks()
    result = fit(risk)
    for power in (0, 1, 2):
        divided = fit(risk / np.log(N) ** power)
        assert result.log_corrected_slope(power) == pytest.approx(divided.slope)
    assert result.log_corrected_slope(0) == result.slope


def test_steepening_tells_curvature():
    line = np.tile(0.2 * (N / N[0]) ** -0.5, (TARGETS, 1))
    kink = np.tile(np.minimum(N, 4096) ** -0.2 * np.maximum(N, 4096) ** -0.8, (TARGETS, 1))
    assert fit(line).steepening == pytest.approx(0, abs=1e-12)
    assert fit(kink).steepening < -0.4
    assert fit(1 / kink).steepening > 0.4


def test_halves_of_an_odd_number_of_sizes_share_the_middle():
    n = N[:5]
    kink = np.minimum(n, n[2]) ** -0.25 * np.maximum(n, n[2]) ** -0.75
    risk = np.tile(kink, (3, 1))
    result = fit_rate(n, risk, 0 * risk, bootstrap_generator("a", "erm"), 0.95)
    assert result.steepening == pytest.approx(-0.5)


# ---------------------------------------------------------------- interval


def test_interval_is_deterministic_and_keyed():
    risk = random_risks()
    assert fit(risk, 0.02).slope_low == fit(risk, 0.02).slope_low
    assert fit(risk, 0.02, key="other").slope_low != fit(risk, 0.02).slope_low
    first = bootstrap_generator("cell", "erm").random()
    assert first != bootstrap_generator("cell", "adam").random()


def test_interval_agrees_with_the_textbook_one():
    """With equal weights, little spread and no Monte Carlo error, it is the t interval of the
    single targets' slopes."""
    rng = np.random.default_rng(3)
    shape = (TARGETS, N.size)
    risk = 0.2 * (N / N[0]) ** -0.5 * np.exp(0.01 * rng.standard_normal(shape))
    log_n = np.log(N)
    weights = smoothed_weights(log_n, risk)
    slopes = least_squares_slope(log_n, np.log(risk), weights)
    half = student_quantile(TARGETS, 0.95) * slopes.std(ddof=1) / math.sqrt(TARGETS)
    result = fit(risk, draws=20 * BOOTSTRAP_DRAWS)
    assert result.slope_high - result.slope == pytest.approx(half, rel=0.05)
    assert result.slope - result.slope_low == pytest.approx(result.slope_high - result.slope)


def test_monte_carlo_error_widens_the_interval():
    identical = np.tile(0.2 * (N / N[0]) ** -0.5, (TARGETS, 1))
    certain, uncertain = fit(identical), fit(identical, 0.05)
    assert certain.slope_high - certain.slope_low < 1e-9
    assert uncertain.slope_high - uncertain.slope_low > 1e-3


def test_one_target_gives_a_slope_and_no_interval():
    result = fit(random_risks(targets=1))
    assert math.isfinite(result.slope)
    assert math.isnan(result.slope_low)
    assert math.isnan(result.steepening_high)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_risks_must_be_finite_and_positive(bad):
    risk = random_risks()
    risk[3, 2] = bad
    with pytest.raises(ValueError, match="finite and positive"):
        fit_rate(N, risk, np.zeros_like(risk), bootstrap_generator("a", "erm"), 0.95)


def test_the_p_value_agrees_with_the_interval():
    """A limit at the interval's lower end has p = 2.5%; far from it p is 0 or 1."""
    result = fit(random_risks())
    found = (result.slope, result.slope_low, result.slope_high)
    assert p_above(*found, result.slope_low, TARGETS, 0.95) == pytest.approx(0.025)
    assert p_above(*found, result.slope, TARGETS, 0.95) == pytest.approx(0.5)
    assert p_above(*found, -9, TARGETS, 0.95) < 1e-9 < 1 - 1e-9 < p_above(*found, 9, TARGETS, 0.95)
    assert math.isnan(p_above(-0.5, math.nan, math.nan, 0, 1, 0.95))
    assert p_above(-0.5, -0.5, -0.5, -0.6, TARGETS, 0.95) == 0


def test_shapes_must_agree():
    risk = random_risks()
    with pytest.raises(ValueError, match="shape"):
        fit_rate(N[:-1], risk, risk, bootstrap_generator("a", "erm"), 0.95)
    with pytest.raises(ValueError, match="not negative"):
        fit_rate(N, risk, -risk, bootstrap_generator("a", "erm"), 0.95)
