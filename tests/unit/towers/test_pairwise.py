"""The pairwise loss against one pair after another, autograd, and the order that it should find."""

import numpy as np
import pytest
import torch

from cells import sample
from twotower.towers import chunks, networks, pairwise, training

SETTINGS = {"alternations": 2, "joint_steps": 15, "comparisons": 8, "weight": "size"}


def drawn(batch=3, n=60, users=9, seed=0):
    """Users, ratings (some equal) and scores of B replicates."""
    random = torch.Generator().manual_seed(seed)
    numbers = torch.randint(users, (batch, n), generator=random)
    ratings = torch.randint(1, 6, (batch, n), generator=random).double()
    return numbers, ratings, torch.randn(batch, n, generator=random, dtype=torch.float64)


def one_by_one(numbers, ratings, scores, comparisons, weight):
    """The loss of one replicate, pair by pair."""
    total, weights, before = 0.0, 0.0, {}
    for t, user in enumerate(numbers.tolist()):
        earlier = before.setdefault(user, [])
        for s in earlier[-comparisons:]:
            size = ratings[t] - ratings[s]
            share = size.abs() if weight == "size" else size.sign().abs()
            margin = size.sign() * (scores[t] - scores[s])
            total += share * torch.nn.functional.softplus(-margin, threshold=1000)
            weights += share
        earlier.append(t)
    return total / weights


@pytest.mark.parametrize("weight", pairwise.WEIGHTS)
@pytest.mark.parametrize("comparisons", [1, 4, 100])
def test_loss_and_slopes_are_those_of_the_pairs(weight, comparisons, monkeypatch):
    numbers, ratings, scores = drawn()
    scores = (10 * scores).requires_grad_()
    compared = pairwise.Comparisons(numbers, ratings, comparisons, weight)
    loss, slopes = compared.loss(scores.detach())
    rows = zip(numbers, ratings, scores, strict=True)
    expected = torch.stack([one_by_one(*row, comparisons, weight) for row in rows])
    (by_autograd,) = torch.autograd.grad(expected.sum(), scores)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(slopes, by_autograd, rtol=1e-10, atol=1e-15)
    monkeypatch.setattr(chunks, "COMPARED", 7)  # parts do not matter but for rounding
    in_parts = pairwise.Comparisons(numbers, ratings, comparisons, weight).loss(scores.detach())
    torch.testing.assert_close(in_parts, (loss, slopes), rtol=1e-12, atol=1e-15)
    for row in range(3):  # nor does the batch, not even for that
        kept = slice(row, row + 1)
        alone = pairwise.Comparisons(numbers[kept], ratings[kept], comparisons, weight)
        assert torch.equal(alone.loss(scores.detach()[kept])[1], in_parts[1][kept])


def test_without_two_ratings_of_a_user_there_is_nothing_to_learn():
    numbers, ratings, scores = torch.arange(20)[None], *(x[:1, :20] for x in drawn()[1:])
    for users, given in ((numbers, ratings), (0 * numbers, torch.ones_like(ratings))):
        loss, slopes = pairwise.Comparisons(users, given, 5, "size").loss(scores)
        assert loss.tolist() == [0] and not slopes.any()


@pytest.mark.parametrize("depth", [1, 2])
def test_gradient_is_that_of_autograd(depth):
    data = sample(range(2), 90, depth=depth, dim=2)
    numbers = torch.arange(90).remainder(7).expand(2, -1)
    start = training.random_towers(data)
    compared = pairwise.Comparisons(numbers, data.ratings, 5, "size")
    loss, gradient = pairwise.loss_and_gradient(start, data.users, data.items, compared)
    flat = start.flat().requires_grad_()
    fitted = networks.scores(start.unflat(flat), data.users, data.items)
    rows = zip(numbers, data.ratings, fitted, strict=True)
    expected = torch.stack([one_by_one(*row, 5, "size") for row in rows])
    (by_autograd,) = torch.autograd.grad(expected.sum(), flat)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, by_autograd, rtol=1e-9, atol=1e-14)


def test_calibration_finds_scale_and_level_and_leaves_the_order():
    """Towers whose items were moved and stretched come back to where they fit best."""
    data = sample(range(3), 400)
    fitted = training.closed_form(data, 3)
    weight, bias = fitted.item[-1]
    moved = (0.2 * weight, 0.2 * bias + torch.tensor([3.0, -4.0]))
    spoiled = networks.Towers(fitted.user, [*fitted.item[:-1], moved])
    back = pairwise.calibrated(spoiled, *data.pairs)
    errors = [
        (networks.scores(each, data.users, data.items) - data.ratings).square().mean(1)
        for each in (fitted, spoiled, back, pairwise.calibrated(fitted, *data.pairs))
    ]
    assert (errors[2] < 0.1 * errors[1]).all() and (errors[2] <= errors[0]).all()
    torch.testing.assert_close(errors[2], errors[3])  # wherever it starts, the same minimum
    one_user = data.users[:, :1].expand_as(data.users)
    before, after = (networks.scores(each, one_user, data.items) for each in (spoiled, back))
    assert torch.equal(before.argsort(1), after.argsort(1))
    reversed_ = pairwise.calibrated(fitted, data.users, data.items, -data.ratings)
    assert torch.equal(reversed_.flat(), fitted.flat())


def test_learns_the_order_from_pairs_alone():
    """Ratings with a constant for each user, which drowns them: only pairs see through it."""
    rng = np.random.default_rng(0)
    data = sample(range(1), 1500, width=12)
    numbers = torch.from_numpy(rng.integers(50, size=(1, 1500)))
    places, moods = (torch.from_numpy(rng.random(50))[numbers] for _ in range(2))
    truth = torch.sin(6 * places) * data.items[..., 0] + torch.cos(5 * data.items[..., 0])
    ratings = truth + 20 * moods + torch.from_numpy(0.3 * rng.standard_normal((1, 1500)))
    fields = {"users": places[..., None], "ratings": ratings, "numbers": numbers}
    moody = training.Sample(**vars(data) | fields)
    same_user = (numbers[0, :, None] == numbers[0]).fill_diagonal_(False)

    def above(values):
        return (values[0, :, None] > values[0])[same_user]

    agreed = {}
    for arm in ("erm", "pairwise"):
        fitted = training.ARMS[arm](moody, SETTINGS | {"joint_steps": 60})
        scores = networks.scores(fitted.towers, moody.users, moody.items)
        agreed[arm] = (above(scores) == above(truth)).double().mean()
    assert agreed["pairwise"] > 0.9 > agreed["erm"]
