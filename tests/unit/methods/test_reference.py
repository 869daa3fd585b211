"""The reference estimator: dense least squares, exact recovery, the choice of the cut-off."""

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.methods import reference


def observed(spec, n, replicates=1, test_pairs=2000):
    _, train, test = draw_replicates(1, spec, range(replicates), n, test_pairs)
    return train, test


def risk(sieve, test, replicate=0):
    found = sieve.scores(test["user_coordinates"][replicate], test["item_coordinates"][replicate])
    return np.square(found - test["signal"][replicate]).mean()


@pytest.mark.parametrize("window", [300, 64])
@pytest.mark.parametrize(("dim", "cutoff"), [(1, 5), (2, 2), (3, 1)])
def test_a_half_step_is_dense_ridge_regression(dim, cutoff, window, monkeypatch):
    monkeypatch.setattr(reference, "WINDOW", window)
    rng = np.random.default_rng(dim)
    points, others = rng.random((2, 300, dim))
    waves = reference._index_set(dim, cutoff)
    other = rng.standard_normal((len(waves), 2, 2)) @ np.array([1.0, 1.0j])
    fixed = reference._values(others, other, cutoff)
    r = rng.standard_normal(300)
    series = reference._Series(other, cutoff)
    found = reference._half_step(points, others, series, r, cutoff, 0.01)
    basis = np.exp(2j * np.pi * points @ waves.T)
    columns = (fixed[:, :, None] * basis[:, None, :]).reshape(300, -1)
    normal = columns.conj().T @ columns / 300 + 0.01 * np.eye(columns.shape[1])
    dense = np.linalg.solve(normal, columns.conj().T @ r / 300).reshape(2, -1).T
    np.testing.assert_allclose(found, dense, rtol=0, atol=1e-10)
    # real series: what the sieve evaluates is the fit of the complex columns
    values = reference._values(points, found, cutoff)
    np.testing.assert_allclose(values, basis @ dense, rtol=0, atol=1e-10)


def test_windows_of_pairs_do_not_matter(monkeypatch):
    train, test = observed(data_spec(), 3000)
    arrays = [train[name][0] for name in ("user_coordinates", "item_coordinates", "ratings")]
    whole = reference.fit(*arrays, rank=2)
    monkeypatch.setattr(reference, "WINDOW", 700)
    parts = reference.fit(*arrays, rank=2)
    assert parts.cutoff == whole.cutoff
    assert risk(parts, test) == pytest.approx(risk(whole, test), rel=1e-6)


@pytest.mark.parametrize(("user_dim", "item_dim"), [(1, 1), (2, 1), (1, 3)])
def test_recovers_a_trigonometric_target_from_noise_free_ratings(user_dim, item_dim):
    """Only the ridge, of order 1/n, is left: its risk falls as n⁻²."""
    spec = data_spec(user_dim, item_dim, smoothness="inf", noise_sd=0.0)
    train, test = observed(spec, 16_000)
    arrays = [train[name][0] for name in ("user_coordinates", "item_coordinates", "ratings")]
    risks = []
    for n in (4000, 16_000):
        sieve = reference.fit(*(array[:n] for array in arrays), rank=2)
        assert sieve.cutoff >= 2
        risks.append(risk(sieve, test))
    assert risks[1] < 1e-7
    assert risks[1] < risks[0] / 6


def test_finds_as_many_components_as_it_is_asked_for():
    """Four components on one axis, where the smallest cut-off has but three functions."""
    spec = data_spec(1, rank=4, smoothness="inf", noise_sd=0.0)
    train, test = observed(spec, 4000)
    arrays = [train[name][0] for name in ("user_coordinates", "item_coordinates", "ratings")]
    sieve = reference.fit(*arrays, rank=4)
    assert sieve.user.shape[1] == sieve.item.shape[1] == 4
    assert risk(sieve, test) < 1e-5


def test_risk_falls_with_ratings_at_about_the_predicted_rate():
    spec = data_spec(1)
    train, test = observed(spec, 8192, replicates=4)
    sizes = (512, 2048, 8192)
    fits = reference.fit_sizes(train, list(sizes), 2)
    risks = [
        np.mean([risk(s, test, b) for b, s in enumerate(reference.sieves_of(fits, n))])
        for n in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(risks), 1)[0]
    assert -0.95 < slope < -0.55  # −.66 is predicted; small samples are steeper
    assert risks[-1] < 0.04


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("n", [16, 64])
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_smallest_samples_that_a_study_may_ask_for(dim, n, rank):
    spec = data_spec(dim, rank=rank)
    train, test = observed(spec, n, replicates=2)
    fits = reference.fit_sizes(train, [n], rank)
    for b, sieve in enumerate(reference.sieves_of(fits, n)):
        points = [test[f"{tower}_coordinates"][b] for tower in ("user", "item")]
        assert np.isfinite(sieve.scores(*points)).all()


def test_pure_noise_is_fitted_with_few_functions():
    rng = np.random.default_rng(0)
    sieve = reference.fit(rng.random((1000, 1)), rng.random((1000, 1)), rng.normal(size=1000), 2)
    points = rng.random((2, 2000, 1))
    assert sieve.cutoff <= 4
    assert np.square(sieve.scores(*points)).mean() < 0.1


def test_candidate_cutoffs_grow_by_quarter_octaves():
    grid = reference.cutoffs(100)
    assert grid[:4] == [1, 2, 3, 4]
    assert all(a < b <= 1.35 * a for a, b in zip(grid[3:-1], grid[4:], strict=True))
    assert grid[-1] >= 100


def test_fits_on_file_are_the_fits_and_prefixes_give_the_same():
    spec = data_spec(2, 1)
    train, test = observed(spec, 600, replicates=3)
    fits = reference.fit_sizes(train, [200, 600], 2)
    points = [test[f"{tower}_coordinates"] for tower in ("user", "item")]
    for n in (200, 600):
        for b, sieve in enumerate(reference.sieves_of(fits, n)):
            parts = ("user_coordinates", "item_coordinates", "ratings")
            direct = reference.fit(*(train[name][b, :n] for name in parts), rank=2)
            assert sieve.cutoff == direct.cutoff
            assert sieve.n_functions == len(direct.user)
            where = (points[0][b], points[1][b])
            assert np.array_equal(sieve.scores(*where), direct.scores(*where))
            assert fits[f"{n:09d}/bound"][b] == np.abs(train["ratings"][b, :n]).max()
    alone = reference.fit_sizes({name: a[2:] for name, a in train.items()}, [200], 2)
    assert np.array_equal(alone["000000200/user/0"], fits["000000200/user/2"])


def test_a_sieve_in_a_larger_index_set_is_the_same_series():
    spec = data_spec(2)
    target = draw_target(1, spec, 0)
    pairs = ratings.draw_pairs(1, spec, target, 0, 200, "train")
    points = pairs["user_coordinates"]
    rng = np.random.default_rng(0)
    waves = len(reference._index_set(2, 2))
    other = reference._Series(rng.standard_normal((waves, 2)) + 0.0j, 2)
    half_step = reference._half_step
    small = half_step(points, pairs["item_coordinates"], other, pairs["signal"], 2, 0.1)
    large = reference._extended(small, 2, 2, 5)
    np.testing.assert_allclose(
        reference._values(points, large, 5), reference._values(points, small, 2), atol=1e-12
    )
