"""Metrics of rankings against closed forms, brute force and scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from twotower.evaluation import ranking_metrics

TRUTH = np.array([[3.0, 1.0, 2.0, -1.0]])  # the gains are 4, 2, 3, 0


def drawn(seed=0, users=20, items=40, noise=0.7):
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((users, items))
    return truth + noise * rng.standard_normal(truth.shape), truth


def test_a_list_that_can_be_checked_by_hand():
    chosen = np.array([[2, 3, 0]])
    ideal = 4 + 3 / math.log2(3) + 2 / 2
    assert ranking_metrics.ndcg(chosen, TRUTH) == pytest.approx((3 + 0 + 4 / 2) / ideal)
    assert ranking_metrics.recall(chosen, TRUTH) == pytest.approx(2 / 3)
    assert ranking_metrics.reciprocal_rank(chosen, TRUTH) == pytest.approx(1 / 3)
    assert ranking_metrics.reciprocal_rank(chosen[:, :2], TRUTH) == 0
    assert ranking_metrics.regret(chosen, TRUTH) == pytest.approx((3 + 2 + 1) / 3 - (2 - 1 + 3) / 3)
    assert ranking_metrics.random_measures(TRUTH, 3)["regret"] == pytest.approx(2 - 1.25)


def test_the_truth_ranks_perfectly_and_its_reverse_worst():
    _, truth = drawn()
    best, worst = (ranking_metrics.measures(sign * truth, truth, 5) for sign in (1, -1))
    assert all((best[name] == 1).all() for name in ("ndcg", "recall", "mrr"))
    assert (best["regret"] == 0).all()
    assert worst["mrr"] == pytest.approx(1 / truth.shape[1])
    assert (worst["recall"] == 0).all()
    for seed in range(5):
        middle = ranking_metrics.measures(drawn(seed, noise=3)[0], truth, 5)
        assert (middle["regret"] <= worst["regret"]).all()
        assert (middle["ndcg"] >= worst["ndcg"]).all()


def test_ndcg_is_that_of_scikit_learn():
    scores, truth = drawn()
    for k in (1, 7, 40):
        ours = ranking_metrics.ndcg(ranking_metrics.top(scores, k), truth)
        gains = truth - truth.min(axis=1, keepdims=True)
        assert ours.mean() == pytest.approx(ndcg_score(gains, scores, k=k), abs=1e-12)


def test_lists_against_brute_force():
    scores, truth = drawn(users=6)
    chosen = ranking_metrics.top(scores, 4)
    for user, (given, real) in enumerate(zip(scores, truth, strict=True)):
        order = sorted(range(len(given)), key=lambda item: -given[item])
        best = sorted(range(len(real)), key=lambda item: -real[item])
        assert chosen[user].tolist() == order[:4]
        hits = len(set(order[:4]) & set(best[:4]))
        assert ranking_metrics.recall(chosen, truth)[user] == pytest.approx(hits / 4)
        found = ranking_metrics.measures(scores, truth, 4)
        assert found["mrr"][user] == pytest.approx(1 / (1 + order.index(best[0])))
        lost = np.mean([real[item] for item in best[:4]]) - np.mean([real[i] for i in order[:4]])
        assert found["regret"][user] == pytest.approx(lost)


def test_of_equals_the_lower_number_comes_first():
    scores = np.array([[0.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    assert ranking_metrics.top(scores, 2).tolist() == [[1, 2], [0, 1]]
    assert ranking_metrics.top(scores, 4).tolist() == [[1, 2, 3, 0], [0, 1, 2, 3]]
    nothing = ranking_metrics.measures(scores, np.ones_like(scores), 3)
    assert all((nothing[name] == 1).all() for name in ("ndcg", "recall", "mrr"))
    for k in (0, 6):
        with pytest.raises(ValueError, match=f"k = {k} of 5 items"):
            ranking_metrics.top(scores, k)
    with pytest.raises(ValueError, match="finite"):
        ranking_metrics.top(np.array([[0.0, np.nan]]), 1)


def test_random_orders_reach_on_average_what_is_said():
    rng = np.random.default_rng(1)
    _, truth = drawn(users=3)
    truth[2] = 1.0  # nothing to choose
    found = [ranking_metrics.measures(rng.random(truth.shape), truth, 5) for _ in range(4000)]
    for name, expected in ranking_metrics.random_measures(truth, 5).items():
        users = slice(2) if name in ("recall", "mrr") else slice(3)
        reached = np.mean([each[name] for each in found], axis=0)
        np.testing.assert_allclose(reached[users], expected[users], atol=0.03, err_msg=name)


@pytest.mark.parametrize("noise", [0.01, 0.3, 3.0])
def test_regret_is_bounded_by_the_error_of_the_scores(noise):
    scores, truth = drawn(users=200, noise=noise)
    for k in (1, 5, 20):
        found = ranking_metrics.regret(ranking_metrics.top(scores, k), truth)
        error = scores - truth
        root = np.sqrt(2 * truth.shape[1] / k * np.square(error).mean(axis=1))
        assert (found <= 2 * np.abs(error).max(axis=1)).all()
        assert (found <= root).all()


def test_small_errors_cost_a_regret_like_their_square():
    """And misplace items like their first power: slopes 2 and 1 in the size of the error."""
    rng = np.random.default_rng(2)
    truth = rng.random((400, 2000))  # a density of 1 at the k-th best
    noise, sizes = rng.standard_normal(truth.shape), np.array([0.004, 0.016])
    lost, missed = [], []
    for size in sizes:
        found = ranking_metrics.measures(truth + size * noise, truth, 200)
        lost.append(found["regret"].mean())
        missed.append(1 - found["recall"].mean())
    assert np.diff(np.log(lost)) / np.log(4) == pytest.approx(2, abs=0.1)
    assert np.diff(np.log(missed)) / np.log(4) == pytest.approx(1, abs=0.1)
