"""Methods on real ratings against planted truth: splits, hybrid towers, floors, scores, tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from twotower.data.pairs import Pairs
from twotower.real import dimension, hybrid, methods, noise_floor, results, scores, splits, tables
from twotower.real import options as real_options
from twotower.real.ratings import RealRatings

NOISE = 0.5


def planted(users: int = 120, items: int = 80, share: float = 0.4, seed: int = 1):
    """Ratings 3 + f(x_u) + own taste of each user and item + noise, and their truth."""
    rng = np.random.default_rng(seed)
    x_u, x_i = rng.uniform(-1, 1, (users, 2)), rng.uniform(-1, 1, (items, 2))
    own_u, own_i = 0.4 * rng.standard_normal(users), 0.4 * rng.standard_normal(items)
    u, i = np.nonzero(rng.uniform(size=(users, items)) < share)
    from_covariates = 3 + np.abs(x_u[u, 0]) * x_i[i, 0] + 0.5 * x_i[i, 1]
    truth = from_covariates + own_u[u] + own_i[i]
    ratings = truth + NOISE * rng.standard_normal(len(u))
    times = rng.permutation(len(u)).astype(np.int64)
    data = RealRatings(u, i, ratings, times, x_u, x_i, np.array([-9.0, 9.0]))
    return data, truth, from_covariates


@pytest.mark.parametrize("kind", real_options.SPLIT_KINDS)
def test_splits_share_no_rating_and_do_what_their_kind_says(kind):
    data, *_ = planted()
    split = splits.split(data, kind, 0, 7)
    n = len(data.ratings)
    assert sorted([*split.train, *split.test]) == list(range(n))
    again = splits.split(data, kind, 0, 7)
    assert (again.train == split.train).all()
    users = splits.past_counts(data.users[split.train], data.users[split.test])
    items = splits.past_counts(data.items[split.train], data.items[split.test])
    if kind in ("random", "time"):
        assert len(split.test) == round(0.2 * n)
    if kind == "time":
        assert data.times[split.test].min() > data.times[split.train].max()
    if kind == "cold":
        assert len(np.unique(data.users[split.test][users == 0])) == 24
        assert len(np.unique(data.items[split.test][items == 0])) == 16
        for new_user in (True, False):
            for new_item in (True, False):
                assert (((users == 0) == new_user) & ((items == 0) == new_item)).any()
    if kind == "few":
        past = np.bincount(data.users[split.train], minlength=120)
        assert (past == 0).sum() == 12
        assert ((past >= 1) & (past <= 5)).sum() == 12
        assert (past[(past >= 6)] <= 20).sum() >= 12
    half, quarter = split.beginning(0.5), split.beginning(0.25)
    assert (half[: len(quarter)] == quarter).all()


def test_hybrid_towers_learn_both_covariates_and_identities():
    data, truth, from_covariates = planted(users=400, items=300, share=0.1)
    split = splits.split(data, "cold", 0, 3)
    train, test = (methods.pairs_of(data, rows) for rows in (split.train, split.test))
    sides = (train.users, train.items, train.user_covariates, train.item_covariates)
    rng = np.random.default_rng(1)
    fit = hybrid.fit(*sides, data.ratings[split.train], rank=3, width=32, rounds=30, rng=rng)
    found = fit.predict(test.users, test.items, test.user_covariates, test.item_covariates)
    users = splits.past_counts(train.users, test.users) > 0
    items = splits.past_counts(train.items, test.items) > 0
    error = np.square(found - truth[split.test])
    assert fit.noise_sd == pytest.approx(NOISE, rel=0.1)
    assert error[users & items].mean() < 0.15 * truth.var()
    # of new users and items the own tastes cannot be known, what covariates tell is learned
    own = np.square(truth - from_covariates)[split.test]
    new = ~users & ~items
    assert error[new].mean() < 1.2 * own[new].mean()
    # four fifths of it: what is left is the chance of 400 users and 300 items
    missed = np.square(found - from_covariates[split.test])[new].mean()
    assert missed < 0.2 * from_covariates.var()


def test_hybrid_towers_do_not_depend_on_the_unit_of_ratings():
    data, *_ = planted(users=60, items=40)
    sides = (data.users, data.items, data.user_covariates[data.users])
    sides = (*sides, data.item_covariates[data.items])
    found = []
    for scale in (1.0, 20.0):
        rng = np.random.default_rng(1)
        options = {"rank": 2, "width": 8, "rounds": 10, "rng": rng}
        found.append(hybrid.fit(*sides, scale * data.ratings, **options).predict(*sides) / scale)
    assert found[0] == pytest.approx(found[1], rel=1e-6) and found[0].std() > 0.3


def test_towers_with_identities_serve_pairs_of_which_none_comes_again():
    rng = np.random.default_rng(4)
    covariates = rng.uniform(-1, 1, (2000, 2))
    ids = np.arange(2000)
    pairs = Pairs(ids, ids, covariates, covariates[::-1].copy())
    truth = covariates[:, 0] * covariates[::-1, 1]
    method = methods.METHODS["hybrid"]
    fit = method.fit(pairs, truth, method.candidates(2000, 1)[0], rng)
    assert np.square(fit(pairs) - truth).mean() < 0.8 * truth.var()  # the mean alone: 1


def test_the_variational_equations_are_those_of_a_linear_model():
    """With one item and no tower to learn, users' posteriors are shrunk means."""
    users = np.repeat(np.arange(40), 8)
    rng = np.random.default_rng(2)
    taste = rng.standard_normal(40)
    ratings = taste[users] + 0.3 * rng.standard_normal(len(users))
    ones = np.ones((len(users), 1))
    items = np.zeros(len(users), dtype=np.int64)
    fit = hybrid.fit(users, items, ones, ones, ratings, rank=1, width=0, rounds=60, rng=rng)
    found = fit.predict(np.arange(40), np.zeros(40, int), ones[:40], ones[:40])
    means = np.bincount(users, ratings) / 8
    variance = means.var()
    shrunk = means.mean() + (1 - 0.3**2 / 8 / variance) * (means - means.mean())
    assert np.abs(found - shrunk).max() < 0.1


def test_a_floor_and_a_rate_are_found_where_there_are_some():
    rng = np.random.default_rng(0)
    sizes = 1000 * 2.0 ** np.arange(7)
    curve = 0.8 + 40 * sizes**-0.6
    errors = curve * (1 + 0.0005 * rng.standard_normal((6, 7)))
    fit = noise_floor.fit(sizes, errors, rng)
    assert fit.told_apart
    assert fit.rate == pytest.approx(0.6, abs=0.06) and fit.floor == pytest.approx(0.8, rel=0.02)
    assert fit.rate_interval[0] <= 0.62 and fit.rate_interval[1] >= 0.58
    noisy = noise_floor.fit(sizes[:5], 0.8 * (1 + 0.02 * rng.standard_normal((5, 5))), rng)
    assert not noisy.told_apart
    assert not noise_floor.fit(sizes, errors[:1], rng).told_apart


@pytest.mark.filterwarnings("ignore")
def test_dimensions_of_planted_supports():
    rng = np.random.default_rng(3)
    plane = rng.uniform(size=(600, 2)) @ rng.standard_normal((2, 6))
    words = np.eye(4)[rng.integers(4, size=600)]  # four distinct points: too few to say
    table = dimension.estimates({"user": np.r_[plane, plane], "item": words}, 1)
    table = table.set_index(["side", "estimator"])
    for estimator in dimension.ESTIMATORS:
        assert table.loc[("user", estimator), "dimension"] == pytest.approx(2, abs=0.35)
    assert table.loc[("user", "mle"), "points"] == 600
    assert table.loc["item", "dimension"].isna().all()
    low, high = tables.predicted_range(table.reset_index())
    assert low == pytest.approx(1 / 3, abs=0.07) and high == pytest.approx(2 / 3, abs=0.07)


def test_scores_are_those_of_scikit_learn_and_a_perfect_order_is_one():
    data, truth, _ = planted(users=60, share=0.9)
    split = splits.split(data, "random", 0, 1)
    made = truth[split.test]
    rows = list(scores.scores(data, split, split.train, made, ranked=True))
    assert rows[0]["rmse"] == pytest.approx(root_mean_squared_error(data.ratings[split.test], made))
    assert rows[0]["mae"] == pytest.approx(mean_absolute_error(data.ratings[split.test], made))
    assert 0.5 < rows[0]["ndcg"] < 1
    perfect = scores.ranks(data, split, data.ratings[split.test])
    assert len(perfect["ndcg"]) == (np.bincount(data.users[split.test]) > 10).sum() > 30
    assert all(values.min() == 1.0 for values in perfect.values())
    intervals = pd.DataFrame(scores.user_intervals(data, split, {"one": made}, 0)["one"])
    rmse = intervals[intervals["metric"] == "rmse"].iloc[0]
    assert rmse["low"] < rmse["mean"] < rmse["high"]


def test_names_that_plans_use_are_those_of_the_methods():
    assert tuple(methods.METHODS) == real_options.METHODS


def test_tables_tell_who_is_better_and_by_how_much():
    rows = []
    errors = {"svd": 0.92, "hybrid": 0.89, "global_mean": 1.12, "erm": 1.05}
    for method, error in errors.items():
        for split in range(3):
            about = {"method": method, "split": split, "fraction": 1.0, "n_train": 100}
            for kind, group in (("random", "all"), ("cold", "new user, new item")):
                row = about | {"kind": kind, "group": group, "rmse": error + 0.01 * split}
                rows.append(row | {"mae": 0.8, "n_test": 10})
    frame = pd.DataFrame(rows)
    seen = results.seen()
    compared = tables.comparisons(frame, seen, True).set_index(["question", "first"])
    answers = compared["answer"].to_dict()
    assert set(answers.values()) == {"yes", "no"}
    identities = "towers with identities at least as good as matrix factorization"
    assert compared.loc[(identities, "hybrid"), "value"] == pytest.approx(-0.03)
    new = "covariate-only towers better than every method without covariates: new user, new item"
    assert compared.loc[(new, "erm"), ["second", "answer"]].tolist() == ["svd", "no"]
    summary = scores.summary(frame)
    table = tables.methods_table(summary, seen)
    assert table["method"].tolist() == ["global_mean", "svd", "erm", "hybrid"]
    assert table["RMSE"][3].startswith("0.900 [0.875, 0.925]")
