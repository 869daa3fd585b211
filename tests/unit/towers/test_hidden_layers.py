"""Random hidden layers: where their kinks lie, and that those are kept which span the most."""

import numpy as np
import pytest
import torch

from cells import data_spec, sample
from twotower.data.supports import draw_support
from twotower.towers.closed_form import hidden_layers
from twotower.towers.closed_form.hidden_layers import random_hidden_layers


def test_directions_lie_along_the_support_and_kinks_on_the_data():
    """Circles in R^6: the plane of the circle is all that a first layer may look along."""
    spec = data_spec(1, ambient=(6, 6), support="torus")
    support = draw_support("torus", 1, spec["user_ambient_dim"], np.random.default_rng(0))
    points = support.covariates(np.random.default_rng(1).random((400, 1)))
    covariates = torch.from_numpy(points)[None]
    ((weight, bias),) = random_hidden_layers(covariates, 12, 1, [np.random.default_rng(2)])
    normals = torch.from_numpy(support.rotation[:, 2:])  # the four directions without data
    assert (normals.T @ weight[0]).abs().max() < 1e-12
    torch.testing.assert_close(weight[0].norm(dim=0), torch.ones(12, dtype=torch.float64))
    distance = (covariates[0] @ weight[0] + bias[0]).abs().amin(0)
    assert distance.max() < 1e-12


def test_units_are_kept_that_span_the_most():
    data = sample([0], 1000)
    ((weight, bias),) = random_hidden_layers(data.users, 16, 1, data.random("user_hidden"))
    kinks = (-bias / weight).flatten().sort().values
    assert kinks.diff().max() < 0.25
    features = torch.baddbmm(bias, data.users, weight).relu()[0]
    assert torch.linalg.matrix_rank(features) == 16


def picked(features: np.ndarray, count: int) -> list[int]:
    """Farthest from the span of those before it, by projection."""
    picks, left = [], features.copy()
    for _ in range(count):
        distances = (left**2).sum(0)
        distances[picks] = -1
        picks.append(int(distances.argmax()))
        direction = left[:, picks[-1]] / np.linalg.norm(left[:, picks[-1]])
        left -= np.outer(direction, direction @ left)
    return picks


@pytest.mark.parametrize("dim", [1, 2])
def test_all_ways_to_pick_agree_with_projections(dim):
    rng = np.random.default_rng(dim)
    points = rng.random((300, dim))
    tail, head, kink = (points[rng.permutation(300)[:130]] for _ in range(3))  # no two alike
    direction = head - tail + 1e-9
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    features = np.maximum(points @ direction.T - (direction * kink).sum(1), 0)
    expected = picked(features, 30)
    assert len(set(expected)) == 30
    batch = torch.from_numpy(np.stack([features, features[::-1]]))
    for found in (
        hidden_layers._spread(batch, 30),
        hidden_layers._spread_of_batch(batch.transpose(1, 2) @ batch, 30),
    ):
        assert found.tolist() == [expected, expected]
    if dim == 1:
        given = (torch.from_numpy(array[:, 0])[None] for array in (points, kink, direction))
        assert hidden_layers._spread_on_a_line(*given, 30)[0].tolist() == expected


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("kind", ["equal points", "few points"])
def test_no_unit_is_kept_twice_where_few_differ(dim, kind):
    x = torch.full((1, 40, dim), 0.25, dtype=torch.float64)
    if kind == "few points":
        x[:, ::2] = 0.75
    rng = [np.random.default_rng(0)]
    ((weight, bias),) = random_hidden_layers(x, 20, 1, rng)
    assert weight.shape == (1, dim, 20) and weight.isfinite().all() and bias.isfinite().all()
    features = torch.rand(2, 40, 64, dtype=torch.float64) * (kind == "few points")
    features[:, 2:] = features[:, :1]
    for picks in (
        hidden_layers._spread(features, 20),
        hidden_layers._spread_of_batch(features.transpose(1, 2) @ features, 20),
        hidden_layers._spread_on_a_line(x[..., 0], x[:, :32, 0], torch.ones(1, 32).double(), 20),
    ):
        assert all(len(set(row)) == 20 for row in picks.tolist())
