"""The reference estimator: dense least squares, exact recovery, the choice of the cut-off."""

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.data.groups import TOWERS
from twotower.methods import alternation, lattice_sums, pair_sums, reference
from twotower.methods.pair_sums import PairSums
from twotower.methods.real_basis import basis


def observed(spec, n, replicates=1, test_pairs=2000):
    _, train, test = draw_replicates(1, spec, range(replicates), n, test_pairs)
    return train, test


def risk(sieve, test, replicate=0):
    found = sieve.scores(test["user_coordinates"][replicate], test["item_coordinates"][replicate])
    return np.square(found - test["signal"][replicate]).mean()


@pytest.mark.parametrize("rows", [300, 64])
@pytest.mark.parametrize(("dims", "cutoff"), [((1, 1), 5), ((2, 2), 2), ((2, 1), 3), ((3, 1), 1)])
@pytest.mark.parametrize("tables", [True, False])
def test_a_half_step_is_dense_ridge_regression(dims, cutoff, rows, tables, monkeypatch):
    monkeypatch.setattr(lattice_sums, "ROWS", rows)
    if not tables:
        monkeypatch.setattr(pair_sums, "LARGEST_TABLE", 0)
    rng = np.random.default_rng(sum(dims))
    points = {tower: rng.random((300, dim)) for tower, dim in zip(TOWERS, dims, strict=True)}
    ratings = rng.standard_normal(300)
    sums = PairSums(*points.values(), ratings, 1 << 20)
    for tower, fixed in (TOWERS, TOWERS[::-1]):
        own, other = (basis(points[each].shape[1], cutoff) for each in (tower, fixed))
        given = other.on_lattice(rng.standard_normal((2, other.size)))
        found, fall = alternation.half_step(sums, tower, given, cutoff, 0.01)
        values = series_values(points[fixed], given, cutoff)
        exponentials = np.exp(2j * np.pi * points[tower] @ own.waves.T)
        columns = (values[:, :, None] * exponentials[:, None, :]).reshape(300, -1)
        normal = columns.conj().T @ columns / 300 + 0.01 * np.eye(columns.shape[1])
        dense = np.linalg.solve(normal, columns.conj().T @ ratings / 300).reshape(2, -1)
        places = lattice_sums.places(own.waves, cutoff)
        np.testing.assert_allclose(found[:, places], dense, rtol=0, atol=1e-11)
        predicted = (values * series_values(points[tower], found, cutoff)).sum(axis=1)
        error = np.square(predicted - ratings).mean()
        assert sums.mean_square - fall == pytest.approx(error, rel=1e-10)
        user, item = (found, given) if tower == "user" else (given, found)
        assert sums.squared_error(user, item, cutoff) == pytest.approx(error, rel=1e-10)


def series_values(points, lattice, cutoff):
    """Real values [n, p] of a series, term by term."""
    waves = lattice_sums.lattice(points.shape[1], cutoff)
    values = np.exp(2j * np.pi * points @ waves.T) @ lattice.T
    np.testing.assert_allclose(values.imag, 0.0, atol=1e-12)
    return values.real


@pytest.mark.parametrize("dims", [(1, 1), (2, 1)])
def test_blocks_of_pairs_and_what_is_kept_do_not_matter(dims, monkeypatch):
    train, test = observed(data_spec(*dims), 3000)
    arrays = [train[name][0] for name in ("user_coordinates", "item_coordinates", "ratings")]
    whole = reference.fit(*arrays, rank=2)
    monkeypatch.setattr(reference, "KEPT_BYTES", 0)
    anew = reference.fit(*arrays, rank=2)
    assert np.array_equal(anew.user, whole.user)
    assert np.array_equal(anew.item, whole.item)
    monkeypatch.setattr(lattice_sums, "ROWS", 700)
    parts = reference.fit(*arrays, rank=2)
    assert parts.cutoff == whole.cutoff
    np.testing.assert_allclose(parts.user, whole.user, rtol=0, atol=1e-10)
    assert risk(parts, test) == pytest.approx(risk(whole, test), rel=1e-9)


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


def test_a_series_on_a_larger_lattice_is_the_same():
    rng = np.random.default_rng(0)
    points = rng.random((200, 2))
    small = basis(2, 2).on_lattice(rng.standard_normal((2, basis(2, 2).size)))
    large = pair_sums.extended(small, 2, 2, 5)
    np.testing.assert_allclose(
        series_values(points, large, 5), series_values(points, small, 2), atol=1e-12
    )


@pytest.mark.parametrize(
    ("dims", "cutoff", "user", "item", "score"),
    [
        ((1, 1), 2, 0.1782678838622061, -0.1184045956540510j, -0.4039387459674334),
        ((2, 1), 3, 0.0112737034260059, 0.0154950114410233j, -0.1658645385299424),
        ((1, 3), 2, 0.0081895070113188, 0.1224316414698996j, -0.2014974965013543),
    ],
)
def test_fits_are_those_of_complex_exponentials_at_every_pair(dims, cutoff, user, item, score):
    """Numbers of the implementation before this one (commit 2be975c), which had no transforms."""
    train, _ = observed(data_spec(*dims), 800, test_pairs=2)
    arrays = [train[name][0] for name in ("user_coordinates", "item_coordinates", "ratings")]
    sieve = reference.fit(*arrays, rank=2)
    assert sieve.cutoff == cutoff
    assert sieve.user[1, 0].real == pytest.approx(user, rel=1e-10)
    assert sieve.item[-1, 0].imag == pytest.approx(item.imag, rel=1e-10)
    found = sieve.scores(np.full((1, dims[0]), 0.3), np.full((1, dims[1]), 0.7))
    assert found[0] == pytest.approx(score, rel=1e-10)
