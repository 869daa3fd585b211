"""Catalogues: kriging against dense algebra, and limits in which they must be fresh pairs."""

import math

import numpy as np
import pytest

from figure_fakes import DEFAULTS as PLAIN
from twotower.data import sampling
from twotower.predictions import catalogues, ensemble
from twotower.theory import spectrum

MARKS = {1: 1 << 15, 2: 1 << 9}  # of the lattice, along an axis


def covariance(waves, variance, x, y):
    """Σ_k λ_k cos 2π⟨k, x − y⟩ at all pairs of points [m, d] and [l, d]."""
    left, right = (np.exp(2j * np.pi * points @ waves.T) for points in (x, y))
    return ((left * variance) @ right.conj().T).real


@pytest.mark.parametrize(("dim", "smoothness"), [(1, 2.0), (2, math.inf)])
@pytest.mark.parametrize("information", [0.0, 50.0])
def test_errors_are_those_of_dense_regression_at_fresh_points(dim, smoothness, information):
    rng = np.random.default_rng(0)
    marks = rng.integers(MARKS[dim], size=(1, 12, dim))
    shares = rng.dirichlet(np.ones(12))
    profile = catalogues.profile(smoothness, dim, marks, shares, information)
    waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, smoothness))
    variance = spectrum.mode_variances(waves, smoothness)
    variance = variance / (1.0 + information * variance)
    points = marks[0] / MARKS[dim]
    count = {1: 1024, 2: 8}[dim]  # products of waves that matter have a mean of 0 over so many
    axis = np.arange(count) / count
    fresh = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    between = covariance(waves, variance, points, fresh)
    among = covariance(waves, variance, points, points)
    for noise in (0.001, 0.1):
        known = among + np.diag(noise / shares)
        explained = (between * np.linalg.solve(known, between)).sum(axis=0)
        assert profile.fresh(noise) == pytest.approx(variance.sum() - explained.mean(), rel=1e-4)
        posterior = among - among @ np.linalg.solve(known, among)
        assert profile.seen(noise) == pytest.approx((shares * np.diag(posterior)).sum())


def test_users_who_are_all_rated_without_noise_leave_no_error_where_they_are():
    marks = np.arange(0, MARKS[1], MARKS[1] // 16)[None, :, None]
    profile = catalogues.profile(0.5, 1, marks, np.full(16, 1 / 16))
    assert profile.seen(1e-9) == pytest.approx(0.0, abs=1e-6)
    # waves that differ by multiples of 16 are one at 16 points in even distances
    waves = spectrum.frequencies(1, spectrum.default_cutoff(1, 0.5))
    variance = spectrum.mode_variances(waves, 0.5)
    alias = waves[:, 0] % 16
    both, squares = (np.bincount(alias, weights) for weights in (variance, variance**2))
    assert profile.fresh(1e-9) == pytest.approx(1.0 - (squares / both).sum(), rel=1e-3)


def test_a_small_catalogue_leaves_bridges_between_random_neighbours():
    """At β = ½, d = 1 the field is √12 (B − ∫B), B a Brownian bridge, with covariance 1 − 6h + 6h².

    Over a gap g its mean variance is 2g; that the integral is known takes 1.2 Σg⁵/Σg³ away.
    """
    row = PLAIN | {"sampling": "fixed_users", "catalogue": 64, "smoothness": 0.5}
    fresh = ensemble.predicted_risk(PLAIN | {"smoothness": 0.5}, 1e8) / 2
    users = ensemble.predicted_risk(row, 1e8) - fresh
    gaps = np.random.default_rng(0).dirichlet(np.ones(64), size=4000)
    bridges, cubes, fifths = ((gaps**power).sum(axis=1) for power in (2, 3, 5))
    assert users == pytest.approx((2.0 * bridges - 1.2 * fifths / cubes).mean(), rel=0.05)


def test_the_many_who_are_rated_rarely_inform_as_fresh_ones(monkeypatch):
    row = PLAIN | {"sampling": "popularity", "catalogue": 400, "smoothness": 0.5}
    exact = ensemble.predicted_risk(row, 4096)
    monkeypatch.setattr(catalogues, "_POINTS", 64)
    assert ensemble.predicted_risk(row, 4096) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    ("design", "tower"), [("popularity", "item"), ("repeated", "user"), ("fixed_users", "user")]
)
def test_expected_shares_are_those_of_drawn_designs(design, tower):
    row = {"sampling": design, "catalogue": 20, "ratings_each": 40}
    drawn = [sampling.numbers(1, row, b, 2000)[tower == "item"] for b in range(20)]
    found = np.mean([np.bincount(each, minlength=50) for each in drawn], axis=0) / 2000
    expected = catalogues.expected_shares(row, tower, 2000)
    assert expected.sum() == pytest.approx(1.0)
    assert found[: len(expected)] == pytest.approx(expected, abs=0.003)
    other = "user" if tower == "item" else "item"
    assert (catalogues.expected_shares(row, other, 2000) is None) == (design != "repeated")


def test_noise_free_catalogues_have_an_answer():
    row = PLAIN | {"sampling": "fixed_users", "catalogue": 32, "noise_sd": 0.0}
    risks = ensemble.predicted_risks(row, [512, 4096])
    assert 0.0 < risks[1] <= risks[0]


def test_an_endless_catalogue_is_fresh_pairs():
    plain = ensemble.predicted_risk(PLAIN, 4096)
    ratios = []
    for size in (100, 1000, 100_000):
        row = PLAIN | {"sampling": "fixed_users", "catalogue": size}
        ratios.append(ensemble.predicted_risk(row, 4096) / plain)
    assert ratios[0] > ratios[1] > ratios[2] > 1.0
    assert ratios[2] == pytest.approx(1.0, abs=0.01)


def test_few_users_leave_a_floor_of_their_own_rate():
    """n_users^(−2β/d) at endless ratings, and nothing to gain from more of them."""
    row = PLAIN | {"sampling": "fixed_users", "smoothness": 0.5}
    floors = []
    for size in (64, 256):
        risks = [ensemble.predicted_risk(row | {"catalogue": size}, n) for n in (1e8, 1e9)]
        assert risks[1] == pytest.approx(risks[0], rel=0.05)
        floors.append(risks[1])
    slope = math.log(floors[1] / floors[0]) / math.log(4)
    assert slope == pytest.approx(-1.0, abs=0.15)


def test_many_ratings_of_each_cost_and_few_are_fresh_pairs():
    plain = ensemble.predicted_risk(PLAIN, 4096)
    ratios = []
    for each in (1, 16, 256):
        row = PLAIN | {"sampling": "repeated", "ratings_each": each}
        ratios.append(ensemble.predicted_risk(row, 4096) / plain)
    assert 1.0 < ratios[0] < ratios[1] < ratios[2]
    assert ratios[0] < 1.1 and ratios[2] > 2.0
    row = PLAIN | {"sampling": "repeated", "ratings_each": 16}
    assert ensemble.predicted_slope(row, [2**19, 2**21]) == pytest.approx(
        ensemble.predicted_slope(PLAIN, [2**19, 2**21]), abs=0.05
    )


def test_a_grid_is_a_catalogue_of_the_root_of_n():
    grid = PLAIN | {"sampling": "grid", "smoothness": 0.5}
    risk = ensemble.predicted_risk(grid, 4096)
    assert risk > ensemble.predicted_risk(PLAIN | {"smoothness": 0.5}, 4096)
    same = [ensemble.predicted_risk(grid, n) for n in (64**2, 64**2 + 100)]
    assert same[1] < same[0] < 1.1 * same[1]  # as many users, a few more ratings each
    assert ensemble.asymptotic_slope(grid) == -0.5
    steep = {"user_intrinsic_dim": 3, "item_intrinsic_dim": 3}
    assert ensemble.asymptotic_slope(grid | steep) == pytest.approx(-0.5 / 3)
