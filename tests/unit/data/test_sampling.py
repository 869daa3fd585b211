"""Designs: which pairs are rated, and what null cells break."""

import numpy as np
import pytest

from cells import DESIGNS, data_spec, draw_replicates
from twotower.data import ratings, sampling
from twotower.data.targets import draw_target


def train(n=3000, replicates=1, **settings):
    _, drawn, _ = draw_replicates(1, data_spec(**settings), range(replicates), n, 16)
    return drawn


def distinct(drawn, tower):
    return len(np.unique(drawn[f"{tower}_coordinates"][0]))


def test_a_square_number_of_grid_ratings_is_a_full_square():
    for side in (1, 2, 7, 40):
        users, items = sampling.numbers(1, data_spec(sampling="grid"), 0, side**2)
        assert len({*zip(users.tolist(), items.tolist(), strict=True)}) == side**2
        assert users.max() == items.max() == side - 1
    between, _ = sampling.numbers(1, data_spec(sampling="grid"), 0, 40**2 + 1)
    assert between.max() == 40


def test_catalogues_are_used_as_told():
    fixed = train(**DESIGNS[1])
    assert distinct(fixed, "user") == 16 and distinct(fixed, "item") == 3000
    users, items = sampling.numbers(1, data_spec(**DESIGNS[2]), 0, 200_000)
    assert np.array_equal(users, np.arange(200_000))
    share = np.bincount(items, minlength=64) / 200_000
    expected = 1 / np.arange(1, 65)
    assert share == pytest.approx(expected / expected.sum(), abs=0.004)


def test_repeated_users_and_items_grow_in_number_and_differ_in_ratings():
    """Of M known users the j-th has about ratings_each · log(M/j) ratings."""
    n, each = 40_000, 8
    spec = data_spec(sampling="repeated", ratings_each=each)
    users, items = sampling.numbers(1, spec, 0, n)
    assert not np.array_equal(users, items)
    for side in (users, items):
        assert (side < sampling.known(each, np.arange(1, n + 1))).all()
        counts = np.bincount(side, minlength=n // each)
        assert len(counts) == n // each == sampling.known(each, n)
        early, late = counts[:500].mean(), counts[-500:].mean()
        assert early == pytest.approx(each * (1 + np.log(10)), rel=0.05)
        assert late == pytest.approx(each * (1 + 9 * np.log(0.9)), rel=0.2)
        assert side[:16].max() < 16
    chunks = list(sampling.number_chunks(1, spec, 0, n, 7001))
    np.testing.assert_array_equal(np.concatenate([chunk[0] for chunk in chunks]), users)


def test_ratings_not_at_random_are_seen_by_their_value():
    """P(seen) = 1/(1 + exp(−r)), so the ratings seen have mean E[r s(r)] / E[s(r)]."""
    spec = data_spec(sampling="not_at_random")
    target = draw_target(1, data_spec(), 0)
    every = ratings.noise(1, data_spec(), 0)(
        ratings.draw_pairs(1, data_spec(), target, 0, 50_000, "train")["signal"]
    )
    chance = 1 / (1 + np.exp(-every))
    seen = train(20_000, sampling="not_at_random")["ratings"][0]
    assert seen.mean() == pytest.approx((every * chance).sum() / chance.sum(), abs=0.08)
    assert sampling.selection(1, spec, 0)(np.full(4000, 2.0)).mean() == pytest.approx(
        0.881, abs=0.02
    )


@pytest.mark.parametrize("settings", DESIGNS, ids=lambda s: s["sampling"])
def test_smaller_samples_are_prefixes_in_every_design(settings):
    large, small = train(3000, 2, **settings), train(700, 2, **settings)
    for name, column in small.items():
        np.testing.assert_allclose(column, large[name][:, :700], rtol=0, atol=1e-12)
    # the rating of a pair is that pair's own
    target = draw_target(1, data_spec(**settings), 1)
    truth = target.ratings(large["user_coordinates"][1], large["item_coordinates"][1])
    np.testing.assert_allclose(large["signal"][1], truth, atol=1e-12)


def test_null_cells_break_the_link_and_nothing_else():
    for control in ("permuted_ratings", "shuffled_covariates"):
        drawn = train(20_000, control=control)
        spec = data_spec(control=control)
        target = draw_target(1, spec, 0)
        truth = target.ratings(drawn["user_coordinates"][0], drawn["item_coordinates"][0])
        assert truth.std() == pytest.approx(1.0, abs=0.1)
        assert drawn["signal"][0].std() == pytest.approx(1.0, abs=0.1)
        assert np.corrcoef(truth, drawn["ratings"][0])[0, 1] == pytest.approx(0.0, abs=0.03)
        noise = drawn["ratings"][0] - drawn["signal"][0]
        assert noise.std() == pytest.approx(1.0, abs=0.03)  # rating and signal stay together


def test_seen_users_are_those_of_the_training_ratings():
    _, drawn, test = draw_replicates(1, data_spec(1, 2), range(2), 400, 300)
    np.testing.assert_allclose(test["seen_item_covariates"], drawn["item_covariates"], atol=1e-12)
    product = test["seen_user_embeddings"] * test["seen_item_embeddings"]
    np.testing.assert_allclose(product.sum(axis=2), drawn["signal"], atol=1e-12)
    _, _, other = draw_replicates(1, data_spec(sampling="grid"), range(1), 400, 300)
    assert not any(name.startswith("seen") for name in other)
