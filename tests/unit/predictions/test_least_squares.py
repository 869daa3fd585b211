"""The risk of rank-q least squares against ordinary regression and against noisy matrices."""

import numpy as np
import pytest

from twotower.predictions.targets import least_squares


def test_components_that_are_seen_are_an_ordinary_regression():
    lost, noise, n, users, items = 0.02, 0.5, np.array([400.0, 4000.0]), 21.0, 31.0
    parameters = 2 * (users + items) - 4
    found = least_squares.risk(n, lost, [1e9, 1e9], noise, users, items)
    assert found == pytest.approx(lost + (noise + lost) * parameters / (n - parameters - 1))


def test_it_is_the_fixed_point_of_both_towers():
    """R_j = A_j + m (σ² + R_other + A_j)/(n − m), summed, but for the p² that change nothing."""
    a, m, n, noise = (0.02, 0.05), 30.0, 1000.0, 0.5
    r = list(a)
    for _ in range(500):
        r = [a[j] + m * (noise + r[1 - j] + a[j]) / (n - m) for j in (0, 1)]
    found = least_squares.risk(n + 1, sum(a), [1e9], noise, m + 0.5, m + 0.5)
    assert found == pytest.approx(sum(r), rel=1e-6)


@pytest.mark.parametrize("strengths", [(0.9, 0.1), (0.95, 0.02), (0.6, 0.0), (0.8, 0.15, 0.05)])
@pytest.mark.parametrize("n", [8000, 32000])
def test_weak_and_missing_components_are_those_of_a_matrix_under_noise(strengths, n):
    """Seen, unseen and absent components, by singular values of drawn matrices."""
    users, items, lost, noise = 160, 240, 0.05, 0.5
    due = float(least_squares.risk(n, lost, strengths, noise, users, items))
    sd = np.sqrt((noise + due) / (n - 1))  # what is left out and not yet known are noise too
    rng, errors = np.random.default_rng(1), []
    signal = np.zeros((users, items))
    diagonal = np.arange(len(strengths))
    signal[diagonal, diagonal] = np.sqrt(strengths)
    for _ in range(12):
        u, s, v = np.linalg.svd(
            signal + sd * rng.standard_normal((users, items)), full_matrices=False
        )
        kept = u[:, : len(strengths)] * s[: len(strengths)] @ v[: len(strengths)]
        errors.append(np.square(kept - signal).sum())
    assert due - lost == pytest.approx(np.mean(errors), rel=0.05)


def test_ratings_that_are_too_few_have_no_risk():
    assert np.isnan(least_squares.risk(60, 0.1, [0.5, 0.4], 1.0, 20, 20))


def test_bent_ratings_leave_what_their_slope_misses():
    """Half of R* is seen: a quarter of its energy stays, and the rest is a smaller regression."""
    found = least_squares.risk(1e9, 0.0, [0.7, 0.3], 1.0, 10, 10, slope=0.5)
    assert found == pytest.approx(0.25, rel=1e-6)
    whole = least_squares.risk(1000, 0.0, [2.8, 1.2], 1.0, 10, 10)
    assert least_squares.risk(1000, 0.0, [11.2, 4.8], 1.0, 10, 10, slope=0.5) == pytest.approx(
        whole + 0.25 * 16.0
    )
