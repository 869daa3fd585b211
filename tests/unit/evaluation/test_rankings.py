"""Rankings of fits: those of their scores on every pair, on users and items of their own."""

import numpy as np
import pytest
import torch

from cells import data_spec, draw_replicates, job
from twotower.data.ratings import draw_side
from twotower.evaluation import ranking_metrics, rankings
from twotower.methods import reference
from twotower.towers import networks, training_job, weights

SHAPE = {"users": 24, "items": 60, "k": 5}


@pytest.fixture(scope="module")
def fitted():
    """Targets, ratings, and what towers and the reference made of them."""
    spec = job(sizes=(128, 1024), certificate_sizes=[1024])
    targets, data, _ = draw_replicates(1, data_spec(), range(2), 1024, 16)
    tensors = {}
    for result in training_job.train(spec, data, range(2)):
        tensors |= result.tensors
    known = reference.fit_sizes(data, [128, 1024], 2)
    return dict(enumerate(targets)), data, tensors, known


def sides(targets, replicate):
    """Covariates and true embeddings of both sides of one replicate."""
    drawn = []
    for tower, count in (("user", SHAPE["users"]), ("item", SHAPE["items"])):
        place = (1, data_spec(), targets[replicate], replicate)
        drawn.append(draw_side(*place, tower, count, "ranking"))
    return drawn


def test_lists_are_those_of_the_scores_of_all_pairs(fitted):
    targets, data, tensors, known = fitted
    spec = SHAPE | {"seed": 1, "data": data_spec()}
    rows = rankings.rankings(tensors, spec, targets)
    assert [(row["n_ratings"], row["replicate"]) for row in rows] == [
        (n, replicate) for n in (128, 1024) for replicate in (0, 1)
    ]
    beside = rankings.rankings(known, spec, targets, by_reference=True)
    used = {n: fit for n, start, fit, _ in weights.fits_in(tensors) if start == "used"}
    for by_towers, by_reference in zip(rows, beside, strict=True):
        n, replicate = by_towers["n_ratings"], by_towers["replicate"]
        (points, users, true_users), (places, items, true_items) = sides(targets, replicate)
        truth = true_users @ true_items.T
        pairs = np.indices(truth.shape).reshape(2, -1)
        # every pair by itself, through the path by which risks are measured
        columns = [
            torch.from_numpy(side[rows])[None].expand(2, -1, -1)
            for side, rows in zip((users, items), pairs, strict=True)
        ]
        by_pair = networks.scores(used[n], *columns)[replicate].numpy().reshape(truth.shape)
        sieve = reference.sieves_of(known, n)[replicate]
        by_sieve = sieve.scores(points[pairs[0]], places[pairs[1]]).reshape(truth.shape)
        for row, scores in ((by_towers, by_pair), (by_reference, by_sieve)):
            for metric, values in ranking_metrics.measures(scores, truth, SHAPE["k"]).items():
                assert row[metric] == pytest.approx(values.mean(), abs=1e-12)
                assert row[f"{metric}_se"] == pytest.approx(values.std(ddof=1) / np.sqrt(24))
        # nobody in the lists was in the ratings
        assert not np.isin(users, data["user_covariates"]).any()
        assert not np.isin(items, data["item_covariates"]).any()


def test_more_ratings_make_better_lists_and_any_are_better_than_none(fitted):
    targets, _, tensors, known = fitted
    spec = SHAPE | {"seed": 1, "data": data_spec()}
    for found in (
        rankings.rankings(tensors, spec, targets),
        rankings.rankings(known, spec, targets, True),
    ):
        few, many = (
            {
                m: np.mean([r[m] for r in found if r["n_ratings"] == n])
                for m in ranking_metrics.METRICS
            }
            for n in (128, 1024)
        )
        at_random = {
            m: np.mean([row[f"{m}_random"] for row in found]) for m in ranking_metrics.METRICS
        }
        assert all(many[metric] > at_random[metric] for metric in ("ndcg", "recall", "mrr"))
        assert many["ndcg"] > few["ndcg"]  # few users often want one and the same item
        assert many["regret"] < few["regret"] < at_random["regret"]
        assert set(found[0]) == set(rankings.COLUMNS)


def test_a_block_of_replicates_gives_the_numbers_of_the_whole(fitted):
    targets, _, tensors, _ = fitted
    spec = SHAPE | {"seed": 1, "data": data_spec()}
    whole = [row for row in rankings.rankings(tensors, spec, targets) if row["replicate"] == 1]
    alone = rankings.rankings({k: v[1:] for k, v in tensors.items()}, spec, {1: targets[1]})
    assert whole == alone
