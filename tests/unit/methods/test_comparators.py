"""The contract of other methods: what each of them must do, whatever it is."""

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.data import sampling
from twotower.methods import comparators, identities
from twotower.methods import covariates as covariate_methods
from twotower.methods.comparators import COMPARATORS, Pairs

NAMES = list(COMPARATORS)
IDENTITIES = [name for name in NAMES if COMPARATORS[name].uses_identities]
COVARIATES = [name for name in NAMES if COMPARATORS[name].uses_covariates]
N = 600


def rng():
    return np.random.default_rng(7)


def rated(n=N, each=24, dim=1, seed=1):
    """Pairs of repeated users and items with their ratings and the truth, both [n]."""
    spec = data_spec(dim, sampling="repeated", ratings_each=each, noise_sd=0.3, smoothness=2.0)
    _, drawn, _ = draw_replicates(seed, spec, [0], n, 16)
    users, items = sampling.numbers(seed, spec, 0, n)
    covariates = (drawn[f"{tower}_covariates"][0] for tower in ("user", "item"))
    return Pairs(users, items, *covariates), drawn["ratings"][0], drawn["signal"][0]


def fresh(n, seed=2):
    generator = np.random.default_rng(seed)
    users, items = generator.random((2, n, 1))
    signal = np.sin(3 * users[:, 0]) * np.cos(3 * items[:, 0])
    return Pairs(np.arange(n), np.arange(n), users, items), signal


def grouped(n=N):
    """Two groups of users and of items, seen in covariates, with biases and a taste of their own:
    signal that every method but the mean can see. Pairs, ratings and the truth.
    """
    generator = np.random.default_rng(3)
    users, items = generator.integers(25, size=(2, n))
    user_side, item_side = (generator.random(25)[each] for each in (users, items))
    table = np.array([[2.0, -1.0], [0.5, -1.5]])
    signal = table[(user_side > 0.5).astype(int), (item_side > 0.5).astype(int)]
    pairs = Pairs(users, items, user_side[:, None], item_side[:, None])
    return pairs, signal + 0.3 * generator.standard_normal(n), signal


@pytest.fixture(scope="module")
def fitted():
    pairs, ratings, _ = grouped()
    train = slice(0, N - 100)
    return {
        name: comparators.tuned(name, pairs.take(train), ratings[train], 2, rng()) for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_finite_for_anyone(fitted, name):
    pairs, _, _ = grouped()
    known = fitted[name].predict(pairs)
    assert known.shape == (N,) and known.dtype == np.float64 and np.isfinite(known).all()
    unknown = Pairs(pairs.users + 10**12, -1 - pairs.items, *[np.full((N, 1), 9.0)] * 2)
    assert np.isfinite(fitted[name].predict(unknown)).all()
    assert fitted[name].predict(pairs.take(slice(0, 0))).shape == (0,)
    assert np.isfinite(fitted[name].held_out_error)


@pytest.mark.parametrize("name", NAMES)
def test_signal_that_a_method_can_see_beats_the_mean(fitted, name):
    pairs, _, signal = grouped()
    test = slice(N - 100, N)
    risk = np.square(fitted[name].predict(pairs.take(test)) - signal[test]).mean()
    expected = signal[test].var()
    if name == "global_mean":
        assert risk == pytest.approx(expected, rel=0.05)
    elif name == "biases":  # what is left is the groups' taste, a square of it all
        assert 0.05 * expected < risk < 0.5 * expected
    else:
        assert risk < 0.15 * expected  # a step is no polynomial


@pytest.mark.parametrize("name", ["svd", "svdpp", "user_knn", "item_knn", *COVARIATES])
def test_towers_truth_is_signal_to_methods_that_can_see_tastes(name):
    pairs, ratings, signal = rated()
    train, test = slice(0, N - 100), slice(N - 100, N)
    found = comparators.tuned(name, pairs.take(train), ratings[train], 3, rng())
    risk = np.square(found.predict(pairs.take(test)) - signal[test]).mean()
    assert risk < (0.4 if name in COVARIATES else 0.8) * np.square(signal[test]).mean()


@pytest.mark.parametrize("name", NAMES)
def test_one_key_gives_one_fit_and_names_of_users_do_not_matter(fitted, name):
    pairs, ratings, _ = grouped()
    renamed = Pairs(
        7 * 10**9 - 3 * pairs.users, 5 - pairs.items, pairs.user_covariates, pairs.item_covariates
    )
    train = slice(0, N - 100)
    again = comparators.tuned(name, renamed.take(train), ratings[train], 2, rng())
    assert again.settings == fitted[name].settings
    np.testing.assert_array_equal(again.predict(renamed), fitted[name].predict(pairs))


@pytest.mark.parametrize("name", NAMES)
def test_every_method_has_the_same_budget(name, monkeypatch):
    settings = COMPARATORS[name].candidates(100, 5)
    assert len(settings) == (5 if name != "global_mean" else 1)
    assert COMPARATORS[name].candidates(100, 3) == settings[:3]
    fits = []

    def fit(self, pairs, ratings, settings, rng):
        fits.append((len(pairs), set(ratings)))
        return lambda fresh: np.zeros(len(fresh))

    monkeypatch.setattr(comparators.Comparator, "fit", fit)
    pairs, ratings, _ = rated(100)
    comparators.tuned(name, pairs, ratings, 5, rng())
    assert [count for count, _ in fits] == [80] * len(settings) + [100]
    assert all(kept == fits[0][1] for _, kept in fits[:-1])  # one fifth, never fitted, for all
    fits.clear()
    untried = comparators.tuned(name, pairs, ratings, 0, rng())
    assert [count for count, _ in fits] == [100]
    assert untried.settings == settings[0] and np.isnan(untried.held_out_error)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "boosting"])
def test_ratings_in_other_units_give_predictions_in_those_units(name):
    """Boosting stores its leaves in single precision, and near ties go either way."""
    pairs, ratings, _ = rated(200)
    settings = COMPARATORS[name].candidates(200, 1)[0]
    plain, moved = (
        COMPARATORS[name].fit(pairs, values, settings, rng())(pairs)
        for values in (ratings, 3.0 + 2.0 * ratings)
    )
    np.testing.assert_allclose(moved, 3.0 + 2.0 * plain, atol=1e-4)


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities_that_are_never_repeated_say_nothing(name, monkeypatch):
    monkeypatch.setattr(identities, "fit", None)  # nothing is built
    pairs, signal = fresh(100_000)
    found = comparators.tuned(name, pairs, signal, 3, rng()).predict(fresh(10, 3)[0])
    np.testing.assert_array_equal(found, np.full(10, signal.mean()))


def test_neighbours_are_sought_among_those_who_can_be_compared(monkeypatch):
    """Items that one user each has rated are in no table of similarities, however many."""
    n = 20_000
    pairs, signal = fresh(n)
    pairs = Pairs(pairs.users % 50, pairs.items, pairs.user_covariates, pairs.item_covariates)
    found = comparators.tuned("user_knn", pairs, signal, 1, rng()).predict(pairs)
    biases = COMPARATORS["biases"].fit(pairs, signal, {}, rng())(pairs)
    np.testing.assert_allclose(found, biases)
    monkeypatch.setattr(identities, "MOST_COMPARED", 10)
    some, ratings, _ = rated()
    limited = COMPARATORS["user_knn"].fit(some, ratings, {"k": 20, "shrinkage": 10.0}, rng())
    counts = np.bincount(some.users)
    busiest = np.argsort(-counts, kind="stable")[:10]
    found, plain = limited(some), COMPARATORS["biases"].fit(some, ratings, {}, rng())(some)
    assert set(some.users[found != plain]) <= set(busiest.tolist())
    assert (found != plain).any()


def test_co_clustering_keeps_the_fractions_of_ratings():
    """surprise casts them to integers: ratings within (−1, 1) would all be 0."""
    pairs, _, signal = rated(400)
    settings = {"n_cltr_u": 8, "n_cltr_i": 8}
    found = COMPARATORS["co_clustering"].fit(pairs, 0.01 * signal, settings, rng())(pairs)
    assert np.corrcoef(found, signal)[0, 1] > 0.5


def test_approximate_kernel_ridge_is_close_to_the_exact_one(monkeypatch):
    pairs, signal = fresh(700)
    settings = {"alpha": 1.0, "gamma": 1.0, "kernel": "laplacian"}
    exact = COMPARATORS["kernel_ridge"].fit(pairs, signal, settings, rng())(pairs)
    monkeypatch.setattr(covariate_methods, "MOST_EXACT", 600)
    monkeypatch.setattr(covariate_methods, "LANDMARKS", 300)
    near = COMPARATORS["kernel_ridge"].fit(pairs, signal, settings, rng())(pairs)
    assert 0 < np.abs(near - exact).max() < 0.02
