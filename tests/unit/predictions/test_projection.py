"""Projections on hidden units: planted embeddings, and Theorem 1's slope."""

import numpy as np
import pytest
import torch

from cells import data_spec
from twotower.data.targets import draw_target
from twotower.predictions.targets import projection
from twotower.towers import networks
from twotower.towers.closed_form.hidden_layers import random_hidden_layers


@pytest.mark.parametrize(("dim", "depth"), [(1, 1), (2, 1), (3, 2)])
def test_what_the_units_make_is_kept_whole(dim, depth):
    rng = np.random.default_rng(3)
    points = torch.from_numpy(rng.random((4000, dim)))
    hidden = random_hidden_layers(points[None, :512], 12, depth, [rng])
    units = networks.activations(hidden, points[None])[-1].relu_()[0]
    planted = units @ torch.from_numpy(rng.standard_normal((12, 2))) + 0.3
    parts = projection.projected(hidden, points, planted)
    assert np.trace(parts.rest) < 1e-15 * np.trace(parts.kept)
    other = torch.sin(9 * points[:, :1])
    parts = projection.projected(hidden, points, torch.cat([planted, other], dim=1))
    values = torch.cat([planted, other], dim=1).numpy()
    assert parts.kept + parts.rest == pytest.approx(values.T @ values / 4000, abs=1e-9)
    assert parts.rest[2, 2] > 1e-4 and np.trace(parts.rest[:2, :2]) < 1e-12


def rest(cell, width, replicate, seed=1):
    target = draw_target(seed, {k: v for k, v in cell.items() if k != "depth"}, replicate)
    parts = projection.Projector(seed, cell, target, "user", replicate).parts(width, 65536)
    return np.trace(parts.rest) / np.trace(parts.kept + parts.rest)


@pytest.mark.parametrize(("dim", "smoothness", "slope"), [(1, 1.0, -2.0), (2, 1.0, -1.0)])
def test_the_rest_falls_at_the_rate_of_theorem_1(dim, smoothness, slope):
    cell = data_spec(dim, smoothness=smoothness) | {"depth": 1}
    widths = [16, 32, 64, 128]
    means = [np.mean([rest(cell, width, r) for r in range(3)]) for width in widths]
    assert np.polyfit(np.log(widths), np.log(means), 1)[0] == pytest.approx(slope, abs=0.15)


@pytest.mark.parametrize(
    "changes",
    [
        {"user_intrinsic_dim": 1.5, "support": "dust"},
        {"user_ambient_dim": 4, "support": "graph"},
        {"user_ambient_dim": 4, "support": "torus"},
        {"user_intrinsic_dim": 1, "support": "slab", "off_manifold_noise": 0.1},
    ],
)
def test_every_support_has_a_projection_of_its_own_and_the_same_again(changes):
    cell = data_spec(2, **changes) | {"depth": 1}
    few, many = rest(cell, 8, 0), rest(cell, 64, 0)
    assert 0 < many < 0.6 * few < 0.6
    assert rest(cell, 8, 0) == few != rest(cell, 8, 1)


def test_points_are_even():
    points = projection._evenly(4096, 2, np.random.default_rng(0))
    counts, _, _ = np.histogram2d(*points.T, bins=16, range=[[0, 1], [0, 1]])
    assert counts.min() >= 13 and counts.max() <= 19  # random ones: from 4 to 30
