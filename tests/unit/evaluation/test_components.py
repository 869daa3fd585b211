"""Best embeddings are those of Eckart and Young; free ones realize what they can and no more."""

from itertools import combinations

import numpy as np
import pytest

from cells import data_spec, draw_replicates, job
from twotower.data.targets import draw_target
from twotower.evaluation import best_components, component_lists, free_embeddings
from twotower.evaluation.component_metrics import BEST, FREE, every_set
from twotower.predictions.targets import energy
from twotower.towers import training_job

SHAPE = {"seed": 1, "users": 20, "items": 80, "ks": [1, 5]}
FREE_SHAPE = {"free_targets": 1, "free_users": 12, "free_items": 30, "free_steps": 200}


def test_the_best_components_leave_out_the_energy_of_the_others():
    """The exact singular values are those that risks' floors are made from."""
    target = draw_target(3, data_spec(rank=6, smoothness=0.5), 0)
    moments = [target.user.second_moment(), target.item.second_moment()]
    strengths = energy.strengths(*moments)
    first, second = best_components.singular_maps(*moments)
    np.testing.assert_allclose(first @ second.T, np.eye(6), atol=1e-9)
    for dim in range(7):
        left = np.eye(6) - first[:, :dim] @ second[:, :dim].T
        lost = np.trace(left.T @ moments[0] @ left @ moments[1])  # E of the rest's square
        assert lost == pytest.approx(strengths[dim:].sum(), abs=1e-9)


def test_components_without_energy_are_left_out():
    first, second = best_components.singular_maps(
        np.diag([1.0, 0.0, 2.0]), np.diag([1.0, 3.0, 1.0])
    )
    np.testing.assert_allclose(first @ second.T, np.diag([1.0, 0.0, 1.0]), atol=1e-12)


@pytest.mark.parametrize(
    "data", [{}, {"support": "dust", "user_intrinsic_dim": 1.5, "user_ambient_dim": 2}]
)
def test_all_components_make_the_right_lists(data):
    spec = SHAPE | FREE_SHAPE | {"targets": {"one": data_spec(rank=4) | data}}
    rows = list(best_components.lists(spec | {"replicates": 2, "dims": [1, 4, 8]}))
    assert set(rows[0]) == set(best_components.COLUMNS)
    best = [row for row in rows if row["source"] == BEST]
    assert {row["embedding_dim"] for row in best} == {1, 4}  # the truth has no more
    for row in best:
        right = row["embedding_dim"] == 4
        assert (row["recall"] == row["whole"] == 1.0 and row["regret"] == 0.0) or not right
    few = [row["recall"] for row in best if row["embedding_dim"] == 1]
    assert np.mean(few) < 0.9
    # free embeddings of the first target alone, which are right with 2k components and less
    free = [row for row in rows if row["source"] == FREE]
    assert {row["replicate"] for row in free} == {0}
    assert all(row["whole"] == 1.0 for row in free if row["embedding_dim"] >= 4)


def curve(items: int, k: int) -> np.ndarray:
    """The points of the proof: (cos t, sin t, …, cos kt, sin kt)."""
    angles = 2 * np.pi * np.arange(items)[:, None] * np.arange(1, k + 1) / items
    return np.hstack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize(("items", "k"), [(12, 1), (10, 2), (9, 3)])
def test_every_set_can_be_had_with_2k_components(items, k):
    points = curve(items, k)
    assert points.shape[1] == every_set(k)
    for chosen in combinations(range(items), k):
        level = np.ones(items)
        for one in chosen:
            level *= 1.0 - np.cos(2 * np.pi * (np.arange(items) - one) / items)
        user, *_ = np.linalg.lstsq(points, level.mean() - level, rcond=None)
        wanted = np.isin(np.arange(items), chosen)
        assert free_embeddings.realized((points @ user)[None], wanted[None]).all()


def sets(items: int, k: int) -> np.ndarray:
    """A user for each set of k items."""
    chosen = list(combinations(range(items), k))
    wanted = np.zeros((len(chosen), items), dtype=bool)
    np.put_along_axis(wanted, np.array(chosen), True, axis=1)
    return wanted


@pytest.mark.parametrize(
    ("items", "k", "dim", "all_there"), [(8, 1, 2, True), (6, 2, 4, True), (6, 2, 3, False)]
)
def test_descent_finds_all_sets_where_they_can_be_had(items, k, dim, all_there):
    wanted = sets(items, k)
    scores = free_embeddings.fitted(wanted, dim, 3000, np.random.default_rng(0))
    there = free_embeddings.realized(scores, wanted)
    assert there.all() == all_there
    assert there.mean() > 0.5
    again = free_embeddings.fitted(wanted, dim, 3000, np.random.default_rng(0))
    assert (again == scores).all()


def test_the_slope_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    wanted, scores = sets(5, 2), rng.standard_normal((10, 5))

    def loss(at: np.ndarray) -> float:
        others = np.log((np.exp(at) * ~wanted).sum(axis=1, keepdims=True))
        return float((np.where(wanted, np.logaddexp(0.0, others - at), 0.0) / 2).sum())

    slope = free_embeddings._slope(scores, wanted)
    step = 1e-6 * rng.standard_normal(scores.shape)
    change = loss(scores + step) - loss(scores - step)
    assert change == pytest.approx(2 * (slope * step).sum(), rel=1e-6)
    assert np.isfinite(free_embeddings._slope(1e4 * scores, wanted)).all()


def test_lists_of_towers_are_those_of_their_scores():
    """A block of replicates gives the numbers of the whole; nobody was in the ratings."""
    spec = job(sizes=(128, 512), certificate_sizes=[512])
    targets, data, _ = draw_replicates(1, data_spec(), range(2), 512, 16)
    tensors = {}
    for result in training_job.train(spec, data, range(2)):
        tensors |= result.tensors
    shape = SHAPE | {"data": data_spec()}
    rows = component_lists.of_towers(tensors, shape, dict(enumerate(targets)))
    assert set(rows[0]) == set(component_lists.FIT_COLUMNS)
    keys = [(row["n_ratings"], row["replicate"], row["k"]) for row in rows]
    assert keys == [(n, r, k) for n in (128, 512) for r in (0, 1) for k in (1, 5)]
    assert {row["embedding_dim"] for row in rows} == {2}
    second = {name: tensor[1:] for name, tensor in tensors.items()}
    alone = component_lists.of_towers(second, shape, {1: targets[1]})
    assert alone == [row for row in rows if row["replicate"] == 1]
    sides = component_lists.draw(shape, data_spec(), targets[0], 0)
    assert not np.isin(sides["item"][1], data["item_covariates"]).any()


def test_whole_sets_are_those_without_a_missing_item():
    truth = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    scores = np.array([[3.0, 4.0, 2.0, 1.0], [9.0, 2.0, 3.0, 4.0]])
    one, two = component_lists.measured(scores, truth, [1, 2])
    assert (one["recall"], one["whole"]) == (0.0, 0.0)
    assert (two["recall"], two["whole"]) == (0.75, 0.5)
