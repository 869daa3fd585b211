"""Floors of bent ratings and of too few components, against tables with known answers."""

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from figure_fakes import DEFAULTS as PLAIN
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.predictions import floors

SEEN = {"sampling": "not_at_random"}


def tensors(count, dim=1, **settings):
    spec = data_spec(dim, **settings)
    return ratings.target_tensors([draw_target(1, spec, b) for b in range(count)])


def test_lost_energy_is_that_of_the_best_fit_of_lower_rank():
    targets, _, _ = draw_replicates(1, data_spec(1, 2, rank=3), range(2), 16, 16)
    drawn = ratings.target_tensors(targets)
    rng = np.random.default_rng(0)
    for b, target in enumerate(targets):
        users = target.user.values(rng.random((3000, 1)))
        items = target.item.values(rng.random((3000, 2)))
        (_, s, v), (_, t, w) = (np.linalg.svd(x, full_matrices=False) for x in (users, items))
        singular = np.linalg.svd((s[:, None] * (v @ w.T)) * t, compute_uv=False) ** 2
        for dim in (0, 1, 2, 3, 4):
            share = singular[dim:].sum() / singular.sum()
            found = floors.lost_energy(drawn, PLAIN | {"embedding_dim": dim})[b]
            assert found == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("noise", ["normal", "student"])
def test_the_mean_of_seen_ratings_is_that_of_drawn_ones(noise):
    signal = np.array([[-2.0, 0.3, 1.6]])
    mean, chance = floors._seen(signal, "exact", "not_at_random", 1.0, noise)
    law = {"noise": noise, "noise_sd": 1.0}
    drawn = ratings.noise(0, law, 0)(np.repeat(signal, 400_000, axis=0).ravel()).reshape(-1, 3)
    rng = np.random.default_rng(0)
    seen = rng.random(drawn.shape) < 1.0 / (1.0 + np.exp(-drawn))
    assert chance[0] == pytest.approx(seen.mean(axis=0), abs=0.004)
    assert mean[0] == pytest.approx((drawn * seen).sum(axis=0) / seen.sum(axis=0), abs=0.01)
    steps, _ = floors._seen(signal, "stars", "fresh", 0.0, noise)
    assert steps[0].tolist() == [-2.0, 0.0, 2.0]


def test_a_weighted_fit_finds_what_has_the_rank_exactly():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((20, 2)) @ rng.standard_normal((2, 30))
    weights = rng.uniform(0.1, 1.0, values.shape)
    np.testing.assert_allclose(floors._weighted_fit(values, weights, 2), values, atol=1e-5)
    fit = floors._weighted_fit(values, np.ones_like(values), 1)
    u, s, v = np.linalg.svd(values)
    np.testing.assert_allclose(fit, s[0] * u[:, :1] * v[:1], atol=1e-4)


def test_a_shift_of_the_mean_costs_a_component_or_itself(monkeypatch):
    """Seen with equal chances, and all too high: the weakest of three singular values goes."""

    def shifted(signal, *_):
        return signal + 0.5, np.ones_like(signal)

    monkeypatch.setattr(floors, "_seen", shifted)
    points = floors._spread(128, 1)
    waves = np.sqrt(2.0) * np.cos(2.0 * np.pi * points * [1, 2])
    for weaker, floor in ((0.3, 0.25 + 0.09), (0.7, 0.0)):
        signal = np.sqrt(1 - weaker**2) * waves[:, :1] @ waves[:, :1].T
        signal += weaker * waves[:, 1:] @ waves[:, 1:].T
        bent = ("exact", "not_at_random", 1.0, "normal")
        found = [floors._fitted_floor(signal, *bent, p) for p in (2, 3)]
        assert found == pytest.approx([floor, 0.25], abs=0.02)


def test_a_third_component_makes_one_floor_of_all_targets():
    drawn = tensors(4, smoothness=0.5)
    row = PLAIN | SEEN | {"smoothness": 0.5}
    two = floors.lost_energy(drawn, row)
    three = floors.lost_energy(drawn, row | {"embedding_dim": 3})
    assert np.ptp(two) > 0.2
    assert three == pytest.approx(0.20, abs=0.01)
    alone = {name: value[1:2] if "coefficients" in name else value for name, value in drawn.items()}
    assert floors.lost_energy(alone, row)[0] == two[1]


def test_floors_of_cells():
    assert floors.floor(PLAIN) == 0.0
    few = PLAIN | {"embedding_dim": 1}
    assert floors.floor(few | {"lost_energy": 0.07}) == 0.07
    assert 0.08 < floors.floor(few) < 0.18  # 0.125 ± 0.008 over 200 drawn targets
    # without noise a rating not at random still tells the truth
    assert floors.floor(PLAIN | SEEN | {"noise_sd": 1e-6}) == pytest.approx(0.0, abs=1e-9)
    assert floors.floor(PLAIN | SEEN | {"embedding_dim": 3}) == pytest.approx(0.20, abs=0.01)
    # rounding alone costs what is clipped and a twelfth, of which a fit of rank 2 follows a part
    stars = PLAIN | {"rating_scale": "stars", "noise_sd": 0.0}
    mean = np.mean([
        np.square(np.clip(np.round(signal), -2, 2) - signal).mean()
        for signal in floors._drawn((1.0, 1.0, None, 0), (1.0, 1.0, None, 0), 2)
    ])  # fmt: skip
    assert floors.floor(stars | {"embedding_dim": 64}) == pytest.approx(mean, rel=1e-3)
    assert 0.01 < floors.floor(stars) < mean
