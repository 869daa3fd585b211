"""Excess log loss and floors against laws whose divergence is known."""

import numpy as np
import pytest

from cells import click_places, click_spec
from twotower.data.clicks import draw_test
from twotower.evaluation.click_risks import click_risks

TEST = draw_test(*click_places(5, click_spec(32), 1), 200)
POPULARITY, SHARE = (TEST[f"catalogue_log_{name}"][0] for name in ("popularity", "share"))


def measured(further: np.ndarray, factor: float = 1.0) -> dict:
    """Of scores factor·R*/τ + further(i) + something of the user alone: towers without a hidden
    layer, their covariates the true embeddings and two more columns.
    """
    user, item = TEST["user_embeddings"], TEST["catalogue_embeddings"]
    ones = np.ones((1, user.shape[1], 1))
    shift = np.linspace(-3, 3, user.shape[1])[None, :, None]
    sides = {
        "user_covariates": np.concatenate([factor * user, ones, shift], axis=2),
        "catalogue_covariates": np.concatenate(
            [item, further[None, :, None], np.ones((1, item.shape[1], 1))], axis=2
        ),
    }
    tensors = {"000000064/used/bound": np.ones(1), "000000064/used/training_loss": np.zeros(1)}
    for tower in ("user", "item"):
        tensors[f"000000064/used/{tower}/0/weight"] = np.eye(4)[None]
        tensors[f"000000064/used/{tower}/0/bias"] = np.zeros((1, 1, 4))
    [row] = click_risks(tensors, TEST | sides)
    return {name: float(np.ravel(value)[0]) for name, value in row.items() if name != "start"}


def test_the_truth_has_no_excess_whatever_is_added_for_a_user():
    found = measured(np.zeros(32))
    assert found["risk"] == pytest.approx(0.0, abs=1e-12)
    assert found["score_error"] == pytest.approx(0.0, abs=1e-12)
    assert (found["recall"], found["ndcg"], found["regret"]) == pytest.approx((1.0, 1.0, 0.0))


def test_the_law_that_knows_nothing_of_the_user_has_risk_one():
    assert measured(SHARE - POPULARITY, 0.0)["risk"] == pytest.approx(1.0)


def test_scores_without_the_correction_have_the_risk_of_their_floor():
    for further, name in ((POPULARITY, "floor_full"), (POPULARITY - SHARE, "floor_batch")):
        found = measured(further)
        assert found["risk"] == pytest.approx(found[name], rel=1e-12)
        assert found["excess_log_loss"] > 0.01


def test_the_wrong_sign_of_the_correction_is_far_from_every_floor():
    found = measured(2 * POPULARITY)
    assert found["risk"] > 1.5 * max(found["floor_full"], found["floor_batch"])


def test_near_the_truth_the_excess_is_half_the_squared_error_weighted_as_clicks_are():
    small = 0.01 * np.random.default_rng(0).standard_normal(32)
    scores = TEST["user_embeddings"][0] @ TEST["catalogue_embeddings"][0].T + POPULARITY
    law = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    variance = (law * small**2).sum(axis=1) - (law @ small) ** 2
    assert measured(small)["excess_log_loss"] == pytest.approx(variance.mean() / 2, rel=0.02)
