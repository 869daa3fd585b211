"""The contract of all methods where ratings or covariates hardly differ: no crash, no warning."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from twotower.data.pairs import Pairs
from twotower.methods import comparators, identities, joint, reference
from twotower.real import dimension, figures, methods, noise_floor, results, tables
from twotower.real import towers as real_towers
from twotower.real.ratings import RealRatings
from twotower.study import arms
from twotower.towers import networks, training

QUICK = real_towers._covariate_towers(training.adam, {"steps": 30, "batch_size": 256})
METHODS = methods.METHODS | {"adam": replace(methods.METHODS["adam"], _fit=QUICK)}
N = 60


def rng():
    return np.random.default_rng(7)


def rated(users: int = 9, items: int = 9, n: int = N) -> Pairs:
    """n different pairs with covariates of two columns."""
    generator = np.random.default_rng(3)
    rows = np.divmod(generator.permutation(users * items)[:n], items)
    covariates = (generator.random((count, 2)) for count in (users, items))
    return Pairs(*rows, *(side[own] for side, own in zip(covariates, rows, strict=True)))


def alike(pairs: Pairs, value: float = 1.0) -> Pairs:
    """The pairs with the same covariates for all."""
    return Pairs(pairs.users, pairs.items, *[np.full((len(pairs), 2), value)] * 2)


PAIRS = rated()
STARS = rng().integers(1, 6, N).astype(float)
FIVES = np.full(N, 5.0)
ALL_BUT_ONE = np.where(np.arange(N) == 7, 1.0, 5.0)
HELD = np.where(np.arange(N) == rng().permutation(N)[0], 1.0, 5.0)  # what tuning holds out
LONELY = Pairs(
    np.r_[PAIRS.users[:-1], 99],
    np.r_[PAIRS.items[:-1], 99],
    PAIRS.user_covariates,
    PAIRS.item_covariates,
)
CASES = {
    "equal ratings": (PAIRS, FIVES),
    "equal ratings that no binary fraction is": (PAIRS, np.full(N, 0.1)),
    "equal but for rounding": (PAIRS, np.where(np.arange(N) % 2, 0.3, 0.1 + 0.2)),
    "all zero": (PAIRS, np.zeros(N)),
    "all but one": (PAIRS, ALL_BUT_ONE),
    "all but one that is held out": (PAIRS, HELD),
    "all but one that nobody shares": (LONELY, np.r_[FIVES[:-1], 1.0]),
    "equal covariates": (alike(PAIRS), STARS),
    "equal large covariates": (alike(PAIRS, 1e8), STARS),
    "equal covariates and ratings": (alike(PAIRS), FIVES),
    "equal covariates, all ratings but one": (alike(PAIRS), ALL_BUT_ONE),
    "a single user": (rated(1, 40, 40), STARS[:40]),
    "a single item": (rated(40, 1, 40), STARS[:40]),
    "a user with one rating": (LONELY, STARS),
    "each user's ratings are equal": (PAIRS, 1.0 + PAIRS.users % 5),
    "each item's ratings are equal": (PAIRS, 1.0 + PAIRS.items % 5),
    "one rating": (rated(1, 1, 1), STARS[:1]),
    "two ratings": (rated(1, 2, 2), np.array([1.0, 5.0])),
    "five ratings": (rated(2, 3, 5), STARS[:5]),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_predictions_are_finite_and_equal_ratings_are_predicted(name, case):
    pairs, ratings = CASES[case]
    found = comparators.tuned(name, pairs, ratings, 1, rng(), METHODS)
    strangers = Pairs(
        pairs.users + 1000, -1 - pairs.items, pairs.user_covariates, pairs.item_covariates
    )
    for asked in (pairs, strangers, alike(strangers, 9.0)):
        predicted = found.predict(asked)
        assert predicted.shape == (len(asked),) and np.isfinite(predicted).all()
        if np.ptp(ratings) < 1e-9:
            np.testing.assert_allclose(predicted, ratings[0], rtol=1e-15, atol=0)
    if len(ratings) >= 5:
        assert np.isfinite(found.held_out_error)


def test_who_never_differs_from_the_biases_is_like_nobody(monkeypatch):
    """surprise divides by zero there; elsewhere both similarities are the same."""
    generator = np.random.default_rng(1)
    ratings, settings = generator.normal(size=N), {"k": 5, "shrinkage": 3.0}
    doubled = Pairs(*(np.r_[side, side[:9]] for side in vars(PAIRS).values()))
    ratings = np.r_[ratings, generator.normal(size=9)]
    for name in ("user_knn", "item_knn"):
        method = METHODS[name]
        with monkeypatch.context() as patched:
            plain = method.fit(doubled, ratings, settings, rng())(doubled)
            nearest = identities._Nearest
            patched.setattr(nearest, "compute_similarities", nearest.shrunk_correlations)
            ours = method.fit(doubled, ratings, settings, rng())(doubled)
        np.testing.assert_allclose(ours, plain, rtol=1e-9)
    # users 0 and 1 give 3 to all; biases are 0, since each item's other ratings are 2 and 4
    users, items = np.divmod(np.arange(16), 4)
    side = np.zeros((16, 1))
    grid = Pairs(users, items, side, side)
    table = np.array([[3, 3, 3, 3], [3, 3, 3, 3], [2, 4, 2, 4], [4, 2, 4, 2]], float).ravel()
    for name in ("user_knn", "item_knn"):
        predicted = METHODS[name].fit(grid, table, settings, rng())(grid)
        np.testing.assert_allclose(predicted[:8], 3.0, rtol=1e-12)


# ---------------------------------------------------------------- arms of a study


def sample(ratings: np.ndarray, covariates: torch.Tensor) -> training.Sample:
    return training.Sample(
        users=covariates,
        items=covariates.flip(1),
        ratings=torch.from_numpy(ratings)[None],
        width=8,
        depth=1,
        rank=2,
        precision=torch.float64,
        random=lambda role: [rng()],
        numbers=torch.arange(len(ratings))[None] % 4,
    )


@pytest.mark.parametrize("spread", [1.0, 0.0])
@pytest.mark.parametrize("ratings", [FIVES, FIVES * 0.06, FIVES * 0.0, ALL_BUT_ONE])
def test_arms_of_a_study_fit_ratings_that_are_equal(ratings, spread):
    covariates = torch.from_numpy(0.5 + spread * (rng().random((N, 1)) - 0.5))[None]
    settings = {"alternations": 2, "joint_steps": 5, "steps": 5, "batch_size": 256}
    settings |= {"learning_rate": 0.01, "comparisons": 4, "weight": "size"}
    given = sample(ratings, covariates)
    equal = np.ptp(ratings) == 0
    for name in set(training.ARMS) - set(arms.CLICK_ARMS):
        arm = training.ARMS[name]
        fit = arm(given, settings)
        scores = networks.scores(fit.towers, given.users, given.items)[0].numpy()
        assert np.isfinite(scores).all() and bool(fit.training_loss.isfinite())
        if equal and name != "adam":  # plain training ends where its steps end
            np.testing.assert_allclose(scores, ratings, atol=1e-6)
    points = covariates[0].numpy()
    sieve = reference.fit(points, points[::-1], ratings, 2)
    scores = sieve.scores(points, points[::-1])
    assert np.isfinite(scores).all()
    near = joint.chosen_neighbours(points, ratings, 16)
    scores = [scores, joint.predictions(points, ratings, near, points)]
    if equal:
        np.testing.assert_allclose(scores, [ratings, ratings], atol=1e-6)


# ---------------------------------------------------------------- scores, tables and figures


@pytest.fixture(scope="module")
def data():
    """Ratings of which 20 differ, so that in most parts of splits hardly any does."""
    pairs = rated(24, 20, 300)
    ratings = np.where(np.arange(300) % 15 == 0, 1.0, 5.0)
    covariates = rng().random((24, 2)), np.ones((20, 1))
    times = np.arange(300)
    return RealRatings(pairs.users, pairs.items, ratings, times, *covariates, np.array([1.0, 5.0]))


@pytest.mark.parametrize("ratings", ["nearly equal", "equal"])
def test_whole_splits_are_scored_tabled_and_drawn(data, ratings, monkeypatch):
    monkeypatch.setattr(methods, "METHODS", METHODS)
    if ratings == "equal":  # such data are refused where they are read, a part of them may be so
        data = replace(data, ratings=np.full(300, 5.0))
    names = ("global_mean", "svd", "item_knn", "ridge", "erm", "hybrid")
    predictions = {}
    for name in names:
        made = predictions[name] = {}
        for kind in ("random", "time", "cold", "few"):
            made |= methods.fit_kinds(data, [kind], name, 2, 1, 0)[0]
        for predicted in made.values():
            assert predicted.min() >= 1.0 and predicted.max() <= 5.0
    reads = {name: partial(predictions.get, name) for name in names}
    scored = results.scored(data, reads, 0)
    rows, summary = (pd.concat(part, ignore_index=True) for part in zip(*scored, strict=True))
    assert np.isfinite(rows[["rmse", "mae"]].to_numpy()).all()
    assert (summary["low"] <= summary["mean"] + 1e-12).all()
    sides = {"user": data.user_covariates, "item": data.item_covariates}
    seen = results.seen()
    fits = tables.slopes(rows, dimension.estimates(sides, 0), seen, 0)
    assert list(fits["method"]) == list(names)
    assert not fits["told_apart"].any() and np.isfinite(fits[["rate", "floor"]].to_numpy()).all()
    for text in (
        tables.methods_table(summary, seen),
        tables.cold_table(summary, seen),
        tables.slopes_table(fits, seen),
        tables.comparisons_table(tables.comparisons(rows, seen, False)),
    ):
        assert len(text) and not text.isin(["nan", "inf"]).any(axis=None)
    for draw, table in (("learning_curves", summary), ("cold_start", summary), ("slopes", fits)):
        getattr(figures, draw)(table, seen).draw_without_rendering()


def test_a_method_without_error_has_neither_floor_nor_rate():
    sizes = 100 * 2.0 ** np.arange(5)
    errors = np.zeros((4, 5))
    for first in (0.0, 0.1):
        errors[:, 0] = first
        fit = noise_floor.fit(sizes, errors, rng())
        assert fit.floor == 0.0 and np.isfinite(fit.at(sizes)).all() and not fit.told_apart
