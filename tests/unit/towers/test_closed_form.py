"""The closed-form start: exact recovery, dense normal equations, degenerate features, bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cells import data_spec, draw_replicates, sample
from twotower.towers import chunks, joint_training, training
from twotower.towers.closed_form import (
    alternation,
    dense,
    half_steps,
    limits,
    products,
    rating_statistics,
    spectral,
)
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.half_steps import least_squares
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.outputs import fit_outputs
from twotower.towers.networks import Towers, activations, scores


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
    found = fit_outputs(*hidden, data.users, data.items, ratings, 2, 12)
    error = (scores(found, data.users, data.items) - ratings).square().mean(1)
    assert (error < 1e-10 * ratings.var(dim=1)).all()


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("solved", [True, False], ids=["solved", "conjugate gradients"])
def test_a_half_step_is_the_dense_ridge_regression(dim, solved, monkeypatch):
    """Normal equations of all p·M columns φ_m(x_u) g_r(x_i), written out by numpy."""
    if not solved:
        monkeypatch.setattr(half_steps, "SOLVED_SIZE", 1)
        monkeypatch.setitem(half_steps.STEPS, "few", 40)
    data = sample(range(2), 200, dim=dim)
    hidden = hidden_layers(data, 6)
    user, item = (
        features(layers, x) for layers, x in zip(hidden, (data.users, data.items), strict=True)
    )
    other = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 7, 2)))
    ridge = torch.tensor([1e-2, 0.3], dtype=torch.float64)
    found = least_squares(user, lambda: item.embeddings(other), data.ratings, ridge)
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
    monkeypatch.setattr(chunks, "STRETCH", 37)
    torch.testing.assert_close(loss(3), losses[2], rtol=1e-9, atol=0)


def test_narrower_towers_find_what_noise_hides_from_wide_ones():
    """Without noise, with eight ratings a unit: the start of a wide tower misses a component."""
    spec = data_spec(noise_sd=0.0)
    _, drawn, test = draw_replicates(1, spec, range(3), 512, 2048)
    names = ("user_covariates", "item_covariates")
    data = sample(range(3), 512, width=64)
    users, items = (torch.from_numpy(drawn[name]) for name in names)
    data = replace(data, users=users, items=items, ratings=torch.from_numpy(drawn["ratings"]))
    towers = training.closed_form(data, 2)
    found = scores(towers, *(torch.from_numpy(test[name]) for name in names))
    assert ((found - torch.from_numpy(test["signal"])).square().mean(1) < 0.02).all()


def test_a_start_that_lacks_a_component_goes_on_until_it_has_found_it(monkeypatch):
    """A weak second component, missing from the first network's start; the other has settled."""
    data = sample(range(2), 4096)
    users, items = data.users[..., 0], data.items[..., 0]
    rng = np.random.default_rng(5)
    noise = 0.5 * torch.from_numpy(rng.standard_normal(users.shape))
    weak = 0.4 * torch.sin(25 * users) * torch.sin(22 * items)
    ratings = 2 * torch.sin(6 * users) * torch.cos(5 * items) + weak + noise
    hidden = hidden_layers(data, 40)

    def fitted(alternations, start=None, rows=slice(None)):
        layers = [[(w[rows], b[rows]) for w, b in tower] for tower in hidden]
        pairs = [part[rows] for part in (data.users, data.items, ratings)]
        start = None if start is None else tuple(part[rows] for part in start)
        return fit_outputs(*layers, *pairs, 2, alternations, start)

    def loss(towers):
        return (scores(towers, data.users, data.items) - ratings).square().mean(1)

    best = fitted(20)
    start = tuple(part.clone() for part in best.item[-1])
    for part in start:
        part[0, :, 1] = torch.from_numpy(rng.standard_normal(part[0, :, 1].shape))
    found = fitted(2, start)
    assert (loss(found) < 1.001 * loss(best)).all()
    for row in range(2):  # alone as in the batch
        assert torch.equal(found.flat()[row], fitted(2, start, slice(row, row + 1)).flat()[0])
    monkeypatch.setattr(limits, "MOST_ROUNDS", 2)
    stopped = fitted(2, start)
    assert loss(stopped)[0] > 1.01 * loss(best)[0]
    assert torch.equal(stopped.flat()[1], found.flat()[1])


def test_widths_double_up_from_one_with_many_pairs():
    assert limits.widths(64, 512, 2) == [4, 8, 16, 32, 64]
    assert limits.widths(58, 2048, 2) == [29, 58]
    assert limits.widths(40, 65536, 2) == [40]
    assert limits.widths(64, 512, 10) == [16, 32, 64]


def test_the_ridge_is_the_noise_variance_over_n():
    """Of the fit before: a signal of ten times the noise's variance leaves no trace in it."""
    data = sample(range(4), 4000, width=20)
    assert (rating_statistics.ridges(data.ratings) > 1.5 * 0.25 / 4000).all()
    user, item = (features(h, x) for h, x in zip(hidden_layers(data, 20), data.pairs, strict=False))
    start = item.whitening @ spectral.spectral_start(user, item, data.ratings, 2)
    first = rating_statistics.ridges(data.ratings)
    rounds = alternation.alternated(user, item, data.ratings, start, first, 2)
    torch.testing.assert_close(rounds.ridge, torch.full_like(first, 0.25 / 4000), rtol=0.06, atol=0)
    error = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    after = rating_statistics.ridges_after(data.ratings, error, 2000)
    assert after[0] == 1 / 2000 and 0 < after[1] < 1e-7
    many = rating_statistics.ridges_after(data.ratings, error, 2001)
    assert torch.equal(many, first)


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


@pytest.mark.parametrize(("dim", "depth"), [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("kind", ["constant column", "equal points", "duplicates", "few ratings"])
def test_degenerate_covariates_give_finite_towers(kind, dim, depth):
    n = 16 if kind == "few ratings" else 200
    data = sample(range(2), n, dim=dim, depth=depth, width=24)
    users = data.users.clone()
    if kind == "constant column":
        users[..., -1] = 0.5
    elif kind == "equal points":
        users[:] = 0.25
    elif kind == "duplicates":
        users = users[:, torch.arange(n) % 5]
    data = sample(range(2), n, dim=dim, depth=depth, width=24, users=users)
    towers = training.closed_form(data, 3)
    predictions = scores(towers, data.users, data.items)
    assert towers.flat().isfinite().all()
    assert predictions.isfinite().all()
    loss = (predictions - data.ratings).square().mean(1)
    assert (loss <= data.ratings.square().mean(1)).all()
    fit = training.erm(data, {"alternations": 3, "joint_steps": 5})
    assert (fit.training_loss <= loss + 1e-12).all()
    assert fit.towers.flat().isfinite().all()


KINDS = {
    "one covariate": {},
    "one covariate and two": {"one": True, "dim": 2},
    "two covariates": {"dim": 2},
    "two layers": {"depth": 2},
    "many units": {"dim": 2, "solved": 15},
    "one covariate and two, many units": {"one": True, "dim": 2, "solved": 15},
}


@pytest.mark.parametrize("kind", KINDS)
def test_bits_are_those_of_a_network_alone_and_of_features_made_anew(kind, monkeypatch):
    """And the whitening that is handed on is what joint training would compute itself."""
    settings = {"n": 700, "width": 21} | KINDS[kind]
    solved, one = settings.pop("solved", None), settings.pop("one", False)
    if solved:
        monkeypatch.setattr(half_steps, "SOLVED_SIZE", solved)

    def fitted(replicates):
        data = sample(replicates, **settings)
        if one:
            data = replace(data, users=data.users[..., :1])
        return data, training.closed_form(data, 2)

    data, together = fitted(range(3))
    for b in range(3):
        assert torch.equal(fitted([b])[1].flat()[0], together.flat()[b])
    plain = together.unflat(together.flat())
    again = joint_training._whitening(plain, data.users, data.items)
    handed = joint_training._whitening(together, data.users, data.items)
    assert all(torch.equal(a, b) for a, b in zip(again, handed, strict=True))
    monkeypatch.setattr(dense, "KEPT_BYTES", {"cpu": 0})
    monkeypatch.setattr(alternation, "KEPT_BYTES", 0)
    assert torch.equal(fitted(range(3))[1].flat(), together.flat())


def test_inner_products_have_the_bits_of_a_network_alone():
    left, right = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 300, 2)))
    together = products.inner(left, right)
    np.testing.assert_allclose(together.flatten(), (left * right).sum((1, 2)), rtol=1e-12)
    for b in range(3):
        alone = products.inner(left[b : b + 1], right[b : b + 1])
        assert torch.equal(alone[0], together[b])


@pytest.mark.parametrize("one", [False, True])
def test_many_units_come_to_the_loss_of_the_exact_solutions(one, monkeypatch):
    """By few conjugate gradients."""
    data = sample(range(2), 3000, dim=2, width=40)
    if one:
        data = replace(data, users=data.users[..., :1].contiguous())

    def loss():
        towers = training.closed_form(data, 2)
        return (scores(towers, data.users, data.items) - data.ratings).square().mean(1)

    exact = loss()
    monkeypatch.setattr(half_steps, "SOLVED_SIZE", 1)
    torch.testing.assert_close(loss(), exact, rtol=1e-4, atol=0)
    monkeypatch.setitem(half_steps.STEPS, "many", 60)
    torch.testing.assert_close(loss(), exact, rtol=1e-8, atol=0)


def test_a_matrix_that_is_not_positive_is_solved_by_elimination():
    class Equations:
        right = torch.arange(8.0, dtype=torch.float64).reshape(2, 2, 2)

        def matrix(self):
            normal = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
            normal[1, 3, 3] = -0.5
            return normal

    found = half_steps._solved(Equations(), torch.zeros(2, dtype=torch.float64))
    expected = Equations.right.clone()
    expected[1, 1, 1] /= -0.5
    torch.testing.assert_close(found, expected)


def test_a_start_in_single_precision_is_fitted_in_double():
    data = sample(range(2), 300)
    start = training.closed_form(data, 2)
    single = start.unflat(start.flat().float())
    towers = training.closed_form(data, 1, single)
    assert towers.flat().dtype is torch.float64
    double = training.closed_form(data, 1, single.unflat(single.flat().double()))
    assert torch.equal(towers.flat(), double.flat())
