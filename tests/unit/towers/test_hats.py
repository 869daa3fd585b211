"""Piecewise-linear features of one covariate: what the dense features give, but for rounding."""

import numpy as np
import pytest
import torch

from cells import sample
from twotower.towers import training
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats
from twotower.towers.networks import scores

KINDS = [
    "plain", "few distinct", "equal points", "kinks outside", "equal kinks", "dead units",
    "constant units", "clustered", "few ratings", "single precision",
]  # fmt: skip


def case(kind: str) -> tuple[list, torch.Tensor, torch.dtype]:
    """Hidden layer, covariates and precision of two networks; kinks lie on points."""
    rng = np.random.default_rng(0)
    n = 7 if kind == "few ratings" else 500
    x = rng.uniform(-1, 2, (2, n, 1))
    if kind == "few distinct":
        x = np.round(x * 2) / 2
    elif kind == "equal points":
        x[:] = 0.25
    elif kind == "clustered":
        x = np.where(rng.random(x.shape) < 0.9, 1e-7 * x, 1e3 * x)
    weight = rng.choice([-1.0, 1.0, 0.3, -2.5], (2, 1, 24))
    kinks = x[:, rng.integers(n, size=24), 0][:, None, :]
    if kind == "kinks outside":
        kinks[..., :8] = [-9, -8, 7, 8, 9, 10, 11, 12]
    elif kind == "equal kinks":
        kinks[..., :12] = kinks[..., :1]
    bias = -weight * kinks
    if kind == "dead units":
        weight[..., :5], bias[..., :5] = 0.0, -1.0
        weight[..., 5:7], bias[..., 5:7] = 0.0, 0.0
    elif kind == "constant units":
        weight[..., :3], bias[..., :3] = 0.0, 2.0
    precision = torch.float32 if kind == "single precision" else torch.float64
    return [tuple(map(torch.from_numpy, (weight, bias)))], torch.from_numpy(x), precision


@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_those_of_the_dense_features(kind):
    hidden, x, precision = case(kind)
    hats, plain = Hats(hidden, x, precision), Dense(hidden, x, precision, False)
    hats.rows = plain.rows
    for (_, a), (_, b) in zip(hats.chunks(), plain.chunks(), strict=True):
        scale = b.abs().amax(dim=1, keepdim=True).clamp_min(1e-3)
        torch.testing.assert_close(a / scale, b / scale, rtol=0, atol=1e-12)
    kept = [(tower.whitening.abs().amax(1) > 0).sum(1) for tower in (hats, plain)]
    if kind != "clustered":  # where directions stand at the cut-off
        assert torch.equal(*kept)
    for tower in (hats, plain):
        phi = torch.cat([part for _, part in tower.chunks()], dim=1) @ tower.whitening
        moment = phi.transpose(1, 2) @ phi / tower.n
        white = torch.diag_embed((tower.whitening.abs().amax(1) > 0).double())
        torch.testing.assert_close(moment, white, rtol=0, atol=2e-4)
    hats.whitening = plain.whitening  # else up to signs and rotations
    hats.at_nodes = hats.values @ plain.whitening
    rng = np.random.default_rng(1)
    other = torch.from_numpy(rng.standard_normal((2, x.shape[1], 3)))
    ratings = torch.from_numpy(rng.standard_normal((2, x.shape[1])))
    pieces = lambda: other.split(plain.rows, dim=1)  # noqa: E731
    ours, theirs = (tower.equations(pieces, ratings, True) for tower in (hats, plain))
    torch.testing.assert_close(ours.moment, theirs.moment, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ours.right, theirs.right, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(ours.matrix(), theirs.matrix(), rtol=1e-5, atol=2e-4)


@pytest.mark.parametrize("distinct", [None, 12])
def test_a_fit_has_the_loss_of_the_dense_one(distinct, monkeypatch):
    data = sample(range(2), 2000, width=25)
    if distinct:
        changed = {name: (getattr(data, name) * distinct).round() for name in ("users", "items")}
        data = sample(range(2), 2000, width=25, **changed)

    def loss():
        towers = training.closed_form(data, 2)
        return (scores(towers, data.users, data.items) - data.ratings).square().mean(1)

    hats = loss()
    monkeypatch.setattr(Hats, "serve", lambda hidden, covariates: False)
    torch.testing.assert_close(hats, loss(), rtol=2e-9, atol=0)
