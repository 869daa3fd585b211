"""Two stages: the split of the regret is exact, and perfect towers or candidates lose nothing."""

from typing import get_args

import numpy as np
import pytest

from cells import data_spec, draw_replicates, job
from twotower.data.ratings import draw_side
from twotower.evaluation.regret_split import BOOSTING, EXACT, SHARES, TOWERS_ALONE, split
from twotower.evaluation.tower_values import embeddings, fits_in
from twotower.retrieval import indexes, ranker_pairs, two_stages
from twotower.study.blocks.two_stages import APPROXIMATE, TwoStages
from twotower.towers import training_job

SHAPE = {"seed": 1, "users": 6, "catalogues": [40, 300], "candidates": [5, 20, 40], "k": 5}
SHAPE |= {"budget": 1, "approximate": "ivf", "effort": 4, "data": data_spec()}


@pytest.fixture(scope="module")
def fitted():
    """Targets, ratings, fits, and rows of both."""
    spec = job(sizes=(128, 512), certificate_sizes=[512])
    targets, data, _ = draw_replicates(1, data_spec(), range(2), 512, 16)
    tensors = {}
    for result in training_job.train(spec, data, range(2)):
        tensors |= result.tensors
    known = {name: data[name] for name in ranker_pairs.columns(data_spec())}
    rows = list(two_stages.measured(tensors, known, SHAPE, dict(enumerate(targets))))
    return targets, known, tensors, rows


def test_both_shares_make_the_regret_and_neither_is_negative(fitted):
    *_, rows = fitted
    assert set(rows[0]) == set(two_stages.COLUMNS)
    assert len(rows) == 2 * 2 * 3 * 3 * 3  # sizes, targets, searches, rankers, candidates
    for row in rows:
        assert row["retrieval_share"] + row["ranking_share"] == pytest.approx(row["regret"])
        assert min(row[name] for name in SHARES) > -1e-12
        if row["candidates"] == row["items"]:
            assert row["retrieval_share"] == 0.0 and row["retrieved"] == 1.0
        if row["candidates"] == SHAPE["k"]:
            assert row["ranking_share"] == 0.0  # there is nothing to choose


def test_what_towers_find_is_checked_by_brute_force(fitted):
    """Regret of the towers alone, over all pairs of users and items."""
    targets, known, tensors, rows = fitted
    [fit] = [towers for n, start, towers, _ in fits_in(tensors) if (n, start) == (512, "used")]
    place = (1, data_spec(), targets[1], 1)
    users, items = (
        draw_side(*place, tower, count, "two_stages")
        for tower, count in (("user", 6), ("item", 300))
    )
    own = {t: [tuple(part[1:] for part in layer) for layer in fit[t]] for t in fit}
    scores = (
        embeddings(own["user"], users[1][None])[0] @ embeddings(own["item"], items[1][None])[0].T
    )
    truth = users[2] @ items[2].T
    shown = np.take_along_axis(truth, np.argsort(-scores, axis=1)[:, :5], axis=1)
    regret = np.sort(truth, axis=1)[:, -5:].mean() - shown.mean()
    found = [
        row["regret"]
        for row in rows
        if (row["n_ratings"], row["replicate"], row["items"]) == (512, 1, 300)
        and (row["ranker"], row["index"]) == (TOWERS_ALONE, EXACT)
    ]
    assert found == pytest.approx([regret] * 3)  # of any number of candidates


def test_a_block_of_replicates_and_more_targets_change_no_number(fitted):
    targets, known, tensors, rows = fitted
    second = [{name: each[1:] for name, each in part.items()} for part in (tensors, known)]
    alone = list(two_stages.measured(*second, SHAPE, {1: targets[1]}))
    assert alone == [row for row in rows if row["replicate"] == 1]


def test_the_split_of_planted_lists():
    truth = np.array([[9.0, 1.0, 5.0, 7.0]])
    best, chosen = np.array([[10.0, 9.0]]), np.array([[9.0, 1.0]])
    found = split(truth, best, chosen)
    assert {name: values.tolist() for name, values in found.items()} == {
        "regret": [9.5 - 5.0],
        "retrieval_share": [9.5 - 8.0],
        "ranking_share": [8.0 - 5.0],
    }


def test_boosting_orders_by_its_own_model(fitted):
    *_, rows = fitted
    by = {
        (row["ranker"], row["candidates"]): row["regret"]
        for row in rows
        if (row["n_ratings"], row["replicate"], row["items"], row["index"]) == (512, 0, 300, EXACT)
    }
    assert by[BOOSTING, 40] != by[TOWERS_ALONE, 40]
    assert by[BOOSTING, 5] == by[TOWERS_ALONE, 5]


def test_the_names_of_indexes_are_those_that_there_are():
    assert EXACT == indexes.EXACT and EXACT not in APPROXIMATE
    assert set(APPROXIMATE) <= set(indexes.INDEXES)
    kinds = get_args(get_args(TwoStages.model_fields["approximate"].annotation)[0])
    assert set(kinds) == set(APPROXIMATE)


def test_labels_of_clicks_grow_with_the_truth_whatever_the_popularity():
    """Two kinds of users and two items: the mean label is q e^r / Z over q e^r / Z + 4 q."""
    rng = np.random.default_rng(0)
    n, popularity = 200_000, np.array([0.9, 0.1])
    odds = np.array([[1.0, 3.0], [2.0, 0.5]])  # e^r of users and items
    law = popularity * odds / (popularity * odds).sum(axis=1, keepdims=True)
    users = rng.integers(2, size=n)
    items = (rng.random(n) > law[users, 0]).astype(int)
    place = np.array([[0.0], [1.0]])
    known = {"user_covariates": place[users], "item_covariates": place[items]}
    known |= {"ratings": np.ones(n), "catalogue_covariates": place}
    known["catalogue_log_popularity"] = np.log(popularity)
    assert set(known) == set(ranker_pairs.columns({"sampling": "clicks"}))
    found = ranker_pairs.of(known, n, rng)
    assert len(found.labels) == n * (1 + ranker_pairs.OFFERED)
    for user in (0, 1):
        for item in (0, 1):
            here = (found.users[:, 0] == user) & (found.items[:, 0] == item)
            due = law[user, item] / (law[user, item] + ranker_pairs.OFFERED * popularity[item])
            assert found.labels[here].mean() == pytest.approx(due, rel=0.03)
