"""Compiled loops against the matrix products of `networks`: values, ties, bits, and memory."""

import numpy as np
import pytest
import torch

from cells import sample
from twotower.kernels import compiled, fused, limits
from twotower.towers import chunks, networks, samples, training
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError

SIZES = {  # covariates of users and items, components, units, pairs
    "sorted": (1, 1, 2, 9, 301),
    "sorted, one unit": (1, 1, 1, 1, 64),
    "sorted, few pairs": (1, 1, 3, 20, 5),
    "fused": (2, 2, 2, 8, 300),
    "fused, two dimensions": (1, 10, 4, 7, 129),
    "many covariates": (17, 2, 2, 6, 100),
    "two layers": (1, 3, 2, 9, 300),
    "three layers": (2, 1, 5, 3, 129),
    "wide layers": (2, 2, 2, 129, 40),
}
DEPTHS = {"two layers": 2, "three layers": 3, "wide layers": 2}


def problem(name, precision="float64", replicates=range(3)):
    """Towers at random parameters, and pairs with covariates on a grid: many are equal."""
    user_dim, item_dim, rank, width, n = SIZES[name]
    rng = np.random.default_rng(1)
    drawn = [
        [rng.integers(-9, 10, (n, dim)) / 8 for dim in (user_dim, item_dim)]
        + [rng.standard_normal(n)]
        for _ in range(max(replicates) + 1)
    ]
    users, items, ratings = (
        torch.from_numpy(np.stack([drawn[r][k] for r in replicates])) for k in range(3)
    )
    shape = {"width": width, "rank": rank, "depth": DEPTHS.get(name, 1)}
    data = sample(replicates, n, users=users, items=items, ratings=ratings, **shape)
    towers = training.random_towers(data)
    return towers.unflat(towers.flat().to(samples.DTYPES[precision])), data


def check(towers: Towers, data, tolerance: float, sorts: bool = True) -> None:
    error = SquaredError(towers, *data.pairs, sorts=sorts)
    loss, gradient = networks.loss_and_gradient(towers, *data.pairs)
    found, slope = error(towers.flat())
    torch.testing.assert_close(found, loss, rtol=tolerance, atol=0)
    torch.testing.assert_close(slope, gradient, rtol=0, atol=tolerance * float(gradient.norm()))
    curvature = networks.curvatures(towers, data.users, data.items)
    found = error.curvatures(towers.flat())
    torch.testing.assert_close(found, curvature, rtol=0, atol=tolerance * float(curvature.norm()))


@pytest.mark.parametrize("name", SIZES)
def test_loops_give_what_matrices_give(name):
    check(*problem(name), 1e-13)


@pytest.mark.parametrize("name", ["sorted", "fused", "two layers"])
def test_loops_give_what_matrices_give_in_single_precision(name):
    check(*problem(name, "float32"), 1e-5)


@pytest.mark.parametrize("sorts", [True, False])
def test_a_pair_on_a_kink_moves_no_unit(sorts):
    """Kinks of the closed form's units lie on data points, where half of a unit's pairs may be."""
    _, data = problem("sorted")
    layers = [random_hidden_layers(x, 9, 1, data.random("kinks")) for x in data.pairs[:2]]
    outputs = [(torch.rand(3, 9, 2).double(), torch.rand(3, 1, 2).double()) for _ in range(2)]
    towers = Towers(*([*hidden, last] for hidden, last in zip(layers, outputs, strict=True)))
    on_kink = data.users * towers.user[0][0] + towers.user[0][1] == 0
    assert on_kink.sum() > 50
    check(towers, data, 1e-13, sorts)


def test_units_that_are_constant_dead_or_alike():
    towers, data = problem("sorted")
    (weight, bias), _ = towers.user
    weight[:, 0, :2], weight[:, 0, 4] = 0.0, weight[:, 0, 5]
    bias[:, 0, :2], bias[:, 0, 4] = torch.tensor([0.5, -0.5]), bias[:, 0, 5]
    weight[:, 0, 2], bias[:, 0, 2] = 1.0, -9.0
    check(towers, data, 1e-13)


@pytest.mark.parametrize("name", SIZES)
def test_a_network_has_the_same_bits_alone_and_in_any_batch(name):
    towers, data = problem(name)
    rows = towers.flat()
    together, alone = SquaredError(towers, *data.pairs), []
    for b in range(3):
        own = towers.unflat(rows[b : b + 1])
        error = SquaredError(own, *(column[b : b + 1] for column in data.pairs))
        alone.append((*error(rows[b : b + 1]), error.curvatures(rows[b : b + 1])))
    for found, parts in zip(
        (*together(rows), together.curvatures(rows)), zip(*alone, strict=True), strict=True
    ):
        assert torch.equal(found, torch.cat(parts))


def test_a_sample_of_many_stretches_needs_no_copy_of_itself(monkeypatch):
    """Beyond the limit of the sorted loops the fused ones go through the pairs part by part."""
    towers, data = problem("sorted")
    monkeypatch.setattr(limits, "MOST_PAIRS", 300)
    monkeypatch.setattr(chunks, "STRETCH", 128)
    seen = []
    kernel = fused.squared_error(1, 1, 2)

    def followed(user_dim, item_dim, rank):
        return lambda users, *rest: (seen.append(users.shape[1]), kernel(users, *rest))

    monkeypatch.setattr(fused, "squared_error", followed)
    check(towers, data, 1e-13)
    assert seen == [128, 128, 45]


@pytest.mark.parametrize("name", SIZES)
def test_what_is_no_number_is_not_hidden(name):
    """A failed step of the optimizer is known by its loss."""
    towers, data = problem(name)
    for value in (np.nan, np.inf):
        for index in range(4):
            rows = towers.flat()
            rows[:, index] = value
            loss, gradient = SquaredError(towers, *data.pairs)(rows)
            assert not (loss.isfinite() & gradient.isfinite().all(dim=1)).any()


def test_machine_code_is_for_the_pinned_processor(monkeypatch):
    """256-bit fused products, and no instruction that a processor with AVX2 may lack."""
    monkeypatch.setattr(compiled, "folder", lambda: None)  # kept code cannot be looked into
    for made in (fused.forward, fused.back, fused.one_network):
        monkeypatch.setattr(fused, made.__name__, made.__wrapped__)
    kernel = fused.squared_error.__wrapped__(1, 1, 1)
    column = np.ones((1, 8, 1))
    kernel(column, column, column[..., 0], np.ones((1, 8)), 8, np.zeros(1), np.zeros((1, 8)))
    [code] = kernel.inspect_asm().values()
    assert "vfmadd" in code and "ymm" in code and "zmm" not in code
