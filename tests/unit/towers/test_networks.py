"""Batches of towers: against autograd, across chunks, and against each network alone."""

import pytest
import torch

from cells import sample
from twotower.towers import networks as towers_module
from twotower.towers import training
from twotower.towers.networks import Towers, activations, loss_and_gradient, scores

ERM = {"alternations": 2, "joint_steps": 5}
ADAM = {"steps": 20, "batch_size": 64, "learning_rate": 1e-2}


@pytest.fixture(params=[1, 2, 3], ids=lambda depth: f"depth {depth}")
def case(request):
    """Three networks whose two sides differ in dimension, and their ratings."""
    data = sample(range(3), 101, depth=request.param, dim=2, width=7)
    data = sample(range(3), 101, depth=request.param, dim=2, width=7, items=data.items[..., :1])
    return data, training.random_towers(data)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(towers_module, "chunk_rows", lambda *_: 17)


def plain_scores(towers: Towers, users, items):
    """R written out one network at a time."""
    result = []
    for b in range(len(users)):
        sides = []
        for layers, values in ((towers.user, users[b]), (towers.item, items[b])):
            for index, (weight, bias) in enumerate(layers):
                values = values @ weight[b] + bias[b]
                if index < len(layers) - 1:
                    values = values.clamp(min=0)
            sides.append(values)
        result.append((sides[0] * sides[1]).sum(1))
    return torch.stack(result)


def check_against_autograd(data, towers):
    rows = towers.flat().requires_grad_()
    expected = plain_scores(towers.unflat(rows), data.users, data.items)
    losses = (expected - data.ratings).square().mean(1)
    (gradient,) = torch.autograd.grad(losses.sum(), rows)
    torch.testing.assert_close(
        scores(towers, data.users, data.items), expected.detach(), rtol=1e-12, atol=1e-13
    )
    loss, found = loss_and_gradient(towers, data.users, data.items, data.ratings)
    torch.testing.assert_close(loss, losses.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(found, gradient, rtol=1e-10, atol=1e-13)


def test_scores_loss_and_gradient_are_those_of_autograd(case):
    check_against_autograd(*case)


def test_chunks_of_pairs_do_not_matter(case, small_chunks):
    check_against_autograd(*case)


def test_flat_and_unflat_are_inverse(case):
    _, towers = case
    rows = towers.flat()
    again = towers.unflat(rows)
    assert torch.equal(again.flat(), rows)
    for mine, theirs in zip(towers.user + towers.item, again.user + again.item, strict=True):
        assert torch.equal(mine[0], theirs[0])
        assert torch.equal(mine[1], theirs[1])
    assert torch.equal(towers.unflat(rows[1:2]).flat(), rows[1:2])


def test_inner_product_does_not_see_a_change_of_basis(case):
    """⟨f, f̃⟩ is unchanged by f → Af, f̃ → A^(−T)f̃ of the output layers."""
    data, towers = case
    mix = torch.tensor([[2.0, 1.0], [-0.5, 0.7]], dtype=torch.float64)
    turned = Towers(
        [*towers.user[:-1], tuple(t @ mix for t in towers.user[-1])],
        [*towers.item[:-1], tuple(t @ mix.inverse().T for t in towers.item[-1])],
    )
    torch.testing.assert_close(
        scores(turned, data.users, data.items), scores(towers, data.users, data.items)
    )


def test_hidden_layers_are_rectified_and_the_output_is_not(case):
    data, towers = case
    *hidden, embedding = activations(towers.user, data.users)[1:]
    assert all((values >= 0).all() for values in hidden)
    assert (embedding < 0).any()


@pytest.mark.parametrize(
    ("n", "width", "depth"), [(60, 5, 1), (300, 12, 2), (1500, 40, 1), (3000, 64, 1)]
)
@pytest.mark.parametrize("precision", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(("arm", "settings"), [("erm", ERM), ("adam", ADAM)])
def test_a_network_of_a_batch_gets_the_bits_it_gets_alone(
    n, width, depth, precision, arm, settings
):
    """Blocks of replicates are a matter of speed: they must not change a number."""
    shape = {"width": width, "depth": depth, "dim": 2, "precision": precision}
    whole = training.ARMS[arm](sample(range(5), n, **shape), settings)
    for block in ([0], [3], [1, 2]):
        alone = training.ARMS[arm](sample(block, n, **shape), settings)
        for mine, theirs in (
            (whole.towers.flat()[block], alone.towers.flat()),
            (whole.training_loss[block], alone.training_loss),
        ):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
