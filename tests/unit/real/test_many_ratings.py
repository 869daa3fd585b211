"""What is computed part by part where there are many ratings is what it is at once."""

import numpy as np
import pytest

from twotower.data.pairs import TablePairs
from twotower.methods import covariates
from twotower.real import effect_towers, hybrid, methods, results, scores, splits
from twotower.real.ratings import RealRatings


def drawn(users: int, items: int, n: int, columns: int = 3):
    """Ratings that follow covariates and tastes, of n pairs."""
    rng = np.random.default_rng(5)
    x_u, x_i = rng.uniform(-1, 1, (users, 2)), rng.uniform(-1, 1, (items, columns))
    u, i = rng.integers(users, size=n), rng.integers(items, size=n)
    taste = 0.5 * rng.standard_normal(users)
    ratings = 3 + x_u[u, 0] * x_i[i, 0] + taste[u] + 0.3 * rng.standard_normal(n)
    times = np.arange(n)
    return RealRatings(u, i, ratings, times, x_u, x_i, np.array([-9.0, 9.0]))


@pytest.mark.parametrize(("users", "items"), [(150, 40), (40, 150)])
def test_embeddings_of_the_larger_side_part_by_part(users, items, monkeypatch):
    data = drawn(users, items, 2000)
    pairs = methods.pairs_of(data, np.arange(2000))
    sides = (pairs.users, pairs.items, pairs.user_rows, pairs.item_rows)

    def predicted(**options):
        rng = np.random.default_rng(1)
        fit = hybrid.fit(*sides, data.ratings, 2, 8, 12, rng, **options)
        return fit, fit.predict(*sides), fit.predict_unknown(sides[2][:], sides[3][:])

    whole, at_once, unknown = predicted()
    fit, by_parts, unknown_by_parts = predicted(most_held=9 * 32)
    assert whole.user.covariance is not None and whole.item.covariance is not None
    assert (fit.user.covariance is None) == (users > items)
    assert by_parts == pytest.approx(at_once, abs=1e-9)
    monkeypatch.setattr(effect_towers.Tower.__init__, "__defaults__", (11 * 32,))
    _, again, unknown_again = predicted(most_held=9 * 32)
    assert again == pytest.approx(at_once, abs=1e-7)
    assert unknown_by_parts == pytest.approx(unknown, abs=1e-9)
    assert unknown_again == pytest.approx(unknown, abs=1e-7)


def test_ridge_by_sums_over_parts(monkeypatch):
    data = drawn(60, 50, 3000)
    pairs = methods.pairs_of(data, np.arange(3000))
    settings = {"degree": 3, "alpha": 2.0}
    at_once = covariates.fit("ridge", pairs, data.ratings, settings, 0)(pairs)
    monkeypatch.setattr(covariates, "MOST_AT_ONCE", 100)
    monkeypatch.setattr(covariates, "_CHUNK", 700)
    by_parts = covariates.fit("ridge", pairs, data.ratings, settings, 0)(pairs)
    assert by_parts == pytest.approx(at_once, abs=1e-9)


def test_a_bootstrap_draws_the_same_users_few_or_all_at_a_time(monkeypatch):
    data = drawn(60, 50, 3000)
    split = splits.split(data, "time", 0, 1)
    found = []
    for most in (2**24, 200):
        monkeypatch.setattr(scores, "_MOST_DRAWN", most)
        guess = np.full(len(split.test), 3.0)
        found.append(scores.user_intervals(data, split, {"mean": guess, "low": guess - 1}, 1))
        alone = scores.user_intervals(data, split, {"low": guess - 1}, 1)
        assert alone["low"] == found[-1]["low"] != found[-1]["mean"]
    assert found[0] == found[1]


def test_methods_that_learn_from_some_ratings_say_from_how_many(monkeypatch):
    data = drawn(60, 50, 3000)
    monkeypatch.setitem(methods.MOST_RATINGS, "ridge", 500)
    predictions, chosen = methods.fit_kinds(data, ["random"], "ridge", 2, 1, 0)
    [(rows, summary)] = results.scored(data, {"ridge": lambda: predictions}, 0)
    assert sorted(chosen["n_train"].unique()) == sorted(rows["n_train"].unique()) == [150, 300, 500]
    assert summary["n_train"].max() == 500


def test_methods_that_hold_all_covariates_learn_from_as_many_as_fit():
    assert methods.most_ratings("svd", 60) is methods.most_ratings("hybrid", 60) is None
    assert methods.most_ratings("kernel_ridge", 60) == 16_384
    assert methods.most_ratings("erm", 64) * 64 == methods.MOST_NUMBERS
    wide = TablePairs(np.zeros(3, int), np.zeros(3, int), np.ones((1, 5)), np.ones((1, 2)))
    assert wide.user_covariates.shape == (3, 5)
