"""Exponents of the bound, and the finite-n slopes that a perfect fit is due."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twotower.theory import spectrum, width
from twotower.theory.bound import (
    Theory,
    finite_n_risk,
    least_squares_slope,
    log_factor_slope,
    predicted_slope,
)

SMALL = 2 ** np.arange(9, 15)  # 512 … 16k
LARGE = 2 ** np.arange(10, 18)  # 1k … 131k
# Wide enough that the slopes no longer depend on the cut; targets are drawn with smaller ones.
UNCUT = {1: 65536, 2: 512, 3: 48, 4: 12}
# Registered before any run, p = 2, σ = 1: d → β → slopes over SMALL and LARGE.
REGISTERED = {
    1: {0.5: (-0.52, -0.51), 1: (-0.66, -0.66), 2: (-0.78, -0.78), 3: (-0.83, -0.83)},
    2: {0.5: (-0.37, -0.36), 1: (-0.52, -0.51), 2: (-0.67, -0.67), 3: (-0.74, -0.74)},
    3: {0.5: (-0.29, -0.30), 1: (-0.43, -0.42), 2: (-0.59, -0.58), 3: (-0.69, -0.67)},
    4: {0.5: (-0.25, -0.26), 1: (-0.37, -0.36), 2: (-0.53, -0.52), 3: (-0.62, -0.62)},
}
CASES = [(dim, beta, *slopes) for dim, row in REGISTERED.items() for beta, slopes in row.items()]
positive_smoothness = st.floats(0.1, 10.0)
dims = st.integers(1, 6)


@pytest.mark.parametrize(("dim", "smoothness", "small", "large"), CASES)
def test_finite_n_slopes_are_the_registered_ones(dim, smoothness, small, large):
    theory = Theory(smoothness, dim, dim)
    cutoffs = (UNCUT[dim], UNCUT[dim])
    # In four dimensions at β = ½ even this lattice is cut where n = 131k can tell.
    tolerance = 0.025 if (dim, smoothness) == (4, 0.5) else 0.015
    assert predicted_slope(SMALL, theory, 2, 1.0, cutoffs) == pytest.approx(small, abs=tolerance)
    assert predicted_slope(LARGE, theory, 2, 1.0, cutoffs) == pytest.approx(large, abs=tolerance)


@pytest.mark.parametrize(
    ("dim", "smoothness", "cutoff", "slope"),
    [(1, 0.5, 512, -0.63), (2, 0.5, 64, -0.50), (2, 1, 64, -0.59)],
)
def test_little_noise_steepens_small_samples(dim, smoothness, cutoff, slope):
    """The registered slopes at σ = 0.3; those at β = ½ are of spectra cut at these |k|."""
    theory = Theory(smoothness, dim, dim)
    quiet = predicted_slope(SMALL, theory, 2, 0.3, (cutoff, cutoff))
    assert quiet == pytest.approx(slope, abs=0.015)
    assert quiet < predicted_slope(SMALL, theory, 2, 1.0, (cutoff, cutoff)) - 0.05


@pytest.mark.parametrize(("dim", "smoothness"), [(1, 0.5), (2, 1.0), (4, 2.0)])
def test_default_cutoffs_are_those_of_the_targets(dim, smoothness):
    theory = Theory(smoothness, dim, 1)
    cutoffs = tuple(spectrum.default_cutoff(each, smoothness) for each in (dim, 1))
    assert finite_n_risk(4096, theory, 2, 1.0) == finite_n_risk(4096, theory, 2, 1.0, cutoffs)


@pytest.mark.parametrize("smoothness", [1.0, 2.0])
@pytest.mark.parametrize("dim", [1, 2])
def test_slope_tends_to_the_bound(dim, smoothness):
    theory = Theory(smoothness, dim, dim)
    cutoff = {1: 65536, 2: 512}[dim]
    slope = predicted_slope([2**18, 2**19, 2**20], theory, 2, 1.0, (cutoff, cutoff))
    assert slope == pytest.approx(theory.bound_slope, abs=0.02)


def test_a_trigonometric_polynomial_is_learned_at_the_parametric_rate():
    theory = Theory(math.inf, 1, 1)
    assert predicted_slope([2**20, 2**22], theory, 2, 1.0) == pytest.approx(-1, abs=1e-3)


def test_dimension_of_the_larger_tower_sets_the_slope():
    """Max, not sum: (1, 2) is close to (2, 2), and far from a regression on three dimensions."""
    mixed = predicted_slope(LARGE, Theory(1.0, 1, 2), 2, 1.0)
    assert mixed == pytest.approx(predicted_slope(LARGE, Theory(1.0, 2, 2), 2, 1.0), abs=0.05)
    assert mixed == pytest.approx(predicted_slope(LARGE, Theory(1.0, 2, 1), 2, 1.0))
    assert mixed < predicted_slope(LARGE, Theory(1.0, 3, 3), 2, 1.0) - 0.05


@pytest.mark.parametrize("noise_sd", [0.0, 0.3, 1.0])
def test_risk_solves_its_equation_over_single_frequencies(noise_sd):
    theory, n, rank = Theory(1.0, 2, 1), 4096, 3
    risk = finite_n_risk(n, theory, rank, noise_sd)
    total = 0.0
    for dim in (2, 1):
        waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, 1.0))
        variance = spectrum.mode_variances(waves, 1.0)
        total += (variance / (1 + n / rank * variance / (noise_sd**2 + risk))).sum()
    assert risk == pytest.approx(total, rel=1e-9)
    assert risk > 0


def test_noise_free_ratings_beyond_the_unknowns_leave_no_risk():
    theory = Theory(math.inf, 1, 1)  # 4 frequencies a tower, so 8 p unknowns
    assert finite_n_risk(17, theory, 2, 0.0) == 0.0
    assert finite_n_risk(15, theory, 2, 0.0) > 0.0
    assert math.isnan(predicted_slope([64, 128], theory, 2, 0.0))


def test_risk_falls_with_n_and_rises_with_noise_and_rank():
    theory = Theory(1.0, 1, 1)
    base = finite_n_risk(4096, theory, 2, 1.0)
    assert finite_n_risk(8192, theory, 2, 1.0) < base
    assert finite_n_risk(4096, theory, 2, 2.0) > base
    assert finite_n_risk(4096, theory, 4, 1.0) > base


@given(positive_smoothness, dims, dims)
def test_exponents(smoothness, user, item):
    theory = Theory(smoothness, user, item)
    assert theory.intrinsic_dim == max(user, item)
    assert -1 < theory.bound_slope < 0
    assert width.exponent(theory, "units") == pytest.approx(1 + theory.bound_slope)
    assert width.exponent(theory, "dense") == width.exponent(theory, "units") / 2
    # Theorem 1: the approximation error of the scheduled width falls at the bound's rate.
    approximation = -2 * smoothness / theory.intrinsic_dim * width.exponent(theory, "units")
    assert approximation == pytest.approx(theory.bound_slope)


def test_infinite_smoothness():
    theory = Theory(math.inf, 1, 3)
    assert theory.bound_slope == -1
    assert width.exponent(theory, "units") == width.exponent(theory, "dense") == 0


@pytest.mark.parametrize(
    ("betas", "dims", "slope", "exponent", "approximation"),
    [
        ((0.5, 1.0), (1, 1), -1 / 2, 1 / 2, -1.0),
        ((2.0, 1.0), (1, 1), -2 / 3, 1 / 3, -2.0),
        ((0.5, 2.0), (1, 2), -1 / 2, 1 / 2, -1.0),  # the smaller dimension rules
        ((2.0, 0.5), (1, 2), -1 / 3, 2 / 3, -0.5),
        ((math.inf, 1.0), (2, 1), -2 / 3, 1 / 3, -2.0),
    ],
)
def test_of_two_smoothnesses_the_slower_tower_rules(betas, dims, slope, exponent, approximation):
    smaller = min(betas)
    cell = {"smoothness": smaller, "user_intrinsic_dim": dims[0], "item_intrinsic_dim": dims[1]}
    own = {"user_smoothness": betas[0], "item_smoothness": betas[1]}
    written = {key: math.nan if beta == smaller else beta for key, beta in own.items()}
    theory = Theory.of(cell | written)
    assert theory.towers == tuple(zip(betas, dims, strict=True))
    assert theory == Theory.of(cell | {key: beta for key, beta in own.items() if beta != smaller})
    assert theory.bound_slope == pytest.approx(slope)
    assert width.exponent(theory, "units") == pytest.approx(exponent)
    assert theory.approximation_slope == pytest.approx(approximation)
    alone = [Theory(beta, dim, dim) for beta, dim in theory.towers]
    slopes = [predicted_slope(LARGE, each, 2, 1.0) for each in (theory, *alone)]
    assert slopes[0] > sum(slopes[1:]) / 2 and slopes[0] < max(slopes[1:]) + 0.01


@pytest.mark.parametrize(("thickness", "dim"), [(None, 1), (math.nan, 1), (0.0, 1), (0.1, 2)])
def test_a_thick_slab_has_the_dimension_of_the_space_around_it(thickness, dim):
    """By a cell's specification, where None is left out, and by its columns in a table."""
    cell = {"smoothness": 1.0, "user_intrinsic_dim": 1, "item_intrinsic_dim": 1}
    cell |= {} if thickness is None else {"off_manifold_noise": thickness}
    both = {"user_ambient_dim": 2, "item_ambient_dim": 2}
    assert Theory.of(cell | both) == Theory.of(cell | {"ambient_dim": 2}) == Theory(1.0, dim, dim)


@pytest.mark.parametrize("fields", [(0.0, 1, 1), (-1.0, 1, 1), (math.nan, 1, 1), (1.0, 0, 1)])
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValueError, match="must be"):
        Theory(*fields)


def test_unknown_width_schedule_is_refused():
    with pytest.raises(ValueError, match='"units", .*got "fixed"'):
        width.exponent(Theory(1.0, 1, 1), "fixed")


def test_log_factor_slope_is_what_the_factor_adds():
    n = np.array([1000, 3000, 10000, 100000])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    risk = 3 * n**-0.5
    inflated = risk * np.log(n) ** 2
    added = least_squares_slope(np.log(n), np.log(inflated), weights) - least_squares_slope(
        np.log(n), np.log(risk), weights
    )
    assert log_factor_slope(n, 2, weights) == pytest.approx(added)
    assert log_factor_slope(n, 0, weights) == 0
    assert log_factor_slope(n, 2, weights) == pytest.approx(2 * log_factor_slope(n, 1, weights))
    assert log_factor_slope([10**3, 10**4, 10**5], 2) == pytest.approx(0.22, abs=0.01)


def test_slope_of_a_single_size_is_not_a_number():
    assert math.isnan(least_squares_slope([1.0], [2.0]))
