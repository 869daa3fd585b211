"""The closed-form start: exact recovery, dense normal equations, degenerate features."""

import numpy as np
import pytest
import torch

from cells import data_spec, sample
from twotower.data.supports import draw_support
from twotower.towers import closed_form, training
from twotower.towers.closed_form import Features, _least_squares, fit_outputs, random_hidden_layers
from twotower.towers.networks import Towers, activations, scores

NO_RIDGE = torch.full((2,), 1e-14, dtype=torch.float64)


def hidden_layers(data, width, depth=1):
    return [
        random_hidden_layers(values, width, depth, data.random(role))
        for values, role in ((data.users, "user_hidden"), (data.items, "item_hidden"))
    ]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_finds_a_network_whose_hidden_units_it_is_given(depth):
    """Noise-free ratings of rank 2: nothing is left after a few alternations."""
    data = sample(range(2), 600, depth=depth, dim=2)
    hidden = hidden_layers(data, 8, depth)
    rng = np.random.default_rng(0)
    outputs = [torch.from_numpy(rng.standard_normal((2, 9, 2))) for _ in hidden]
    truth = Towers(
        *(
            [*layers, (out[:, :-1], out[:, -1:])]
            for layers, out in zip(hidden, outputs, strict=True)
        )
    )
    ratings = scores(truth, data.users, data.items)
    found = fit_outputs(*hidden, data.users, data.items, ratings, 2, 12, NO_RIDGE)
    error = (scores(found, data.users, data.items) - ratings).square().mean(1)
    assert (error < 1e-10 * ratings.var(dim=1)).all()


def test_a_half_step_is_the_dense_ridge_regression():
    """Normal equations of all p·M columns φ_m(x_u) g_r(x_i), written out by numpy."""
    data = sample(range(2), 200, dim=2)
    hidden = hidden_layers(data, 6)
    user, item = (
        Features(layers, x) for layers, x in zip(hidden, (data.users, data.items), strict=True)
    )
    other = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 7, 2)))
    ridge = torch.tensor([1e-2, 0.3], dtype=torch.float64)
    found = _least_squares(user, item.embeddings(other), data.ratings, 2, ridge)
    for b in range(2):
        phi = torch.cat([p for _, p in user.chunks()], dim=1)[b].numpy()
        whitened = phi @ user.whitening[b].numpy()
        np.testing.assert_allclose(whitened.T @ whitened / 200, np.eye(7), atol=1e-8)
        fixed = torch.cat([*item.embeddings(other)], dim=1)[b].numpy()
        columns = (fixed[:, :, None] * whitened[:, None, :]).reshape(200, -1)
        normal = columns.T @ columns / 200 + ridge[b].item() * np.eye(14)
        dense = np.linalg.solve(normal, columns.T @ data.ratings[b].numpy() / 200)
        np.testing.assert_allclose(found[b].T.reshape(-1), dense, rtol=1e-7, atol=1e-9)


def test_alternation_lowers_the_loss_and_chunks_do_not_matter(monkeypatch):
    data = sample(range(2), 500, width=12)

    def loss(rounds):
        towers = training.closed_form(data, rounds)
        return (scores(towers, data.users, data.items) - data.ratings).square().mean(1)

    losses = [loss(rounds) for rounds in (1, 2, 3, 8)]
    assert all((b < a + 1e-6).all() for a, b in zip(losses[:-1], losses[1:], strict=True))
    assert (losses[-1] < 0.3).all()  # the noise's variance is 0.25
    monkeypatch.setattr(closed_form, "chunk_rows", lambda *_: 37)
    torch.testing.assert_close(loss(3), losses[2], rtol=1e-9, atol=0)


def test_towers_are_balanced():
    data = sample(range(3), 800, dim=2, width=10)
    towers = training.closed_form(data, 3)
    moments = []
    for layers, values in ((towers.user, data.users), (towers.item, data.items)):
        embedding = activations(layers, values)[-1]
        moments.append(embedding.transpose(1, 2) @ embedding / 800)
    torch.testing.assert_close(moments[0], moments[1], rtol=1e-5, atol=1e-7)
    off_diagonal = moments[0][:, 0, 1].abs()
    assert (off_diagonal < 1e-5 * moments[0].diagonal(dim1=1, dim2=2).amax(1)).all()


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


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", ["constant column", "equal points", "duplicates", "few ratings"])
def test_degenerate_covariates_give_finite_towers(kind, depth):
    n = 16 if kind == "few ratings" else 200
    data = sample(range(2), n, dim=2, depth=depth, width=24)
    users = data.users.clone()
    if kind == "constant column":
        users[..., 1] = 0.5
    elif kind == "equal points":
        users[:] = 0.25
    elif kind == "duplicates":
        users = users[:, torch.arange(n) % 5]
    data = sample(range(2), n, dim=2, depth=depth, width=24, users=users)
    towers = training.closed_form(data, 3)
    predictions = scores(towers, data.users, data.items)
    assert towers.flat().isfinite().all()
    assert predictions.isfinite().all()
    loss = (predictions - data.ratings).square().mean(1)
    assert (loss <= data.ratings.square().mean(1)).all()
    fit = training.erm(data, {"alternations": 3, "joint_steps": 5})
    assert (fit.training_loss <= loss + 1e-12).all()
    assert fit.towers.flat().isfinite().all()
