"""The energy that truncation loses, against the singular values of sampled values."""

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.data import ratings
from twotower.rates.predictions import lost_energy


def test_lost_energy_is_that_of_the_best_fit_of_lower_rank():
    targets, _, _ = draw_replicates(1, data_spec(1, 2, rank=3), range(2), 16, 16)
    tensors = ratings.target_tensors(targets)
    rng = np.random.default_rng(0)
    for b, target in enumerate(targets):
        users = target.user.values(rng.random((3000, 1)))
        items = target.item.values(rng.random((3000, 2)))
        (_, s, v), (_, t, w) = (np.linalg.svd(x, full_matrices=False) for x in (users, items))
        singular = np.linalg.svd((s[:, None] * (v @ w.T)) * t, compute_uv=False) ** 2
        for dim in (0, 1, 2, 3):
            share = singular[dim:].sum() / singular.sum()
            assert lost_energy(tensors, dim)[b] == pytest.approx(share, abs=0.02)
