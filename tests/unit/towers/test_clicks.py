"""Losses of clicks against one click after another, autograd, the two ways to compute them, and
the scores that they must find.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cells import click_sample
from twotower.kernels.exponential import LOWEST, exponentials
from twotower.towers import networks, training
from twotower.towers.clicks import cards, losses, start
from twotower.towers.clicks.losses import APART, BATCH, FULL, PAIR, ClickLoss
from twotower.towers.clicks.objective import ClickObjective, batch_slopes
from twotower.towers.closed_form import spectral
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.spectral import dependence_start
from twotower.towers.samples import Clicks

KINDS = [(FULL, True), (FULL, False), (BATCH, True), (BATCH, False), (APART, True), (PAIR, True)]


def test_exponentials_are_as_near_as_the_systems():
    rng = np.random.default_rng(0)
    for low in (1e-3, 1.0, 30.0, -LOWEST):
        values = 5.0 - low * rng.random(10_001)
        out, whole = np.empty_like(values), np.empty_like(values)
        exponentials(values, 5.0, values.size, whole)
        exact = np.exp((values - 5.0).astype(np.longdouble))
        assert np.abs(whole / exact - 1).max() < 4e-16
        for first in range(1, 9):  # in every place of a vector, and behind the last whole one
            exponentials(values[first:], 5.0, 21, out)
            assert np.array_equal(out[:21], whole[first : first + 21])
    given = np.array([0.0, -1e300, -np.inf, np.nan])
    exponentials(given, 0.0, 4, out)
    assert out[0] == 1.0 and (out[1:3] < 1e-300).all() and np.isnan(out[3])


def random_towers(given):
    """Random towers with the constant that makes own scores."""
    towers = training.random_towers(replace(given, rank=given.rank - 1))
    return start.with_own_scores(towers)


def embedded(given, scale=1.5, seed=3):
    """Embeddings of the users and the catalogue, and their derivatives."""
    rng = np.random.default_rng(seed)
    batch, n = given.ratings.shape
    sizes = (n, given.clicks.catalogue.shape[1])
    drawn = (scale * rng.standard_normal((batch, size, given.rank)) for size in sizes)
    return [torch.from_numpy(each).requires_grad_() for each in drawn]


def others_of(given):
    rng = np.random.default_rng(5)
    size = given.clicks.catalogue.shape[1]
    return torch.from_numpy(rng.integers(size, size=tuple(given.ratings.shape)))


def one_by_one(given, kind, is_corrected, users, items, others):
    """The mean loss of one replicate, straight from the definition."""
    clicks = given.clicks
    scores = users @ items.T
    q, m = clicks.log_popularity[0].exp(), clicks.log_share[0].exp()
    n, total = len(users), 0.0
    starts = losses.batch_starts(n, clicks.batch)
    for first, last in zip(starts[:-1], starts[1:], strict=True):
        inside = clicks.items[0, first:last]
        for i in range(first, last):
            c = clicks.items[0, i]
            weights = scores[i].exp()
            if kind == FULL:
                weights = weights * q if is_corrected else weights
                total = total - (weights[c] / weights.sum()).log()
            elif kind == BATCH:
                weights = (weights * q / m if is_corrected else weights)[inside]
                total = total - (weights[i - first] / weights.sum()).log()
            elif kind == APART:
                there = inside[inside != c]
                if len(there):
                    rest = ((1 - m[c]) / len(there) * (q / m * weights)[there]).sum()
                    total = total - (q[c] * weights[c] / (q[c] * weights[c] + rest)).log()
            else:
                odds = q[c] * weights[c] / (q * weights)[others[0, i]]
                total = total - (odds / (1 + odds)).log()
    return total / n


@pytest.mark.parametrize(("kind", "is_corrected"), KINDS)
def test_losses_are_those_of_the_definition_and_of_the_tensors(kind, is_corrected):
    """And their derivatives are autograd's; 4·16 + 1 clicks leave one over, 5 leave a batch."""
    for n in (65, 53, 1, 2):
        given = click_sample([2], n, size=11)
        others = others_of(given)
        loss = ClickLoss(given.clicks, kind, is_corrected, others)
        users, items = embedded(given)
        expected = one_by_one(given, kind, is_corrected, users[0], items[0], others)
        if n > 1 or kind in (FULL, PAIR):
            assert torch.is_tensor(expected)
            slopes = torch.autograd.grad(expected, [users, items])
            expected = expected.detach()
        else:  # a click alone in its batch
            expected, slopes = 0.0, (torch.zeros_like(users), torch.zeros_like(items))
        plain = users.detach(), items.detach()
        for found in (loss(*plain), cards.loss(loss, *plain)):
            assert found[0].item() == pytest.approx(float(expected), rel=1e-13, abs=1e-15)
            for mine, theirs in zip(found[1:], slopes, strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("kind", "is_corrected"), KINDS)
def test_a_replicate_has_the_bits_that_it_has_alone(kind, is_corrected):
    given = click_sample(range(3), 50)
    others = others_of(given)
    users, items = (each.detach() for each in embedded(given))
    whole = ClickLoss(given.clicks, kind, is_corrected, others)(users, items)
    for b in range(3):
        own = {
            name: value[b : b + 1] if torch.is_tensor(value) else value
            for name, value in vars(given.clicks).items()
        }
        alone = ClickLoss(Clicks(**own), kind, is_corrected, others[b : b + 1])
        for mine, theirs in zip(alone(users[b : b + 1], items[b : b + 1]), whole, strict=True):
            assert torch.equal(mine[0], theirs[b])


def test_scores_of_any_size_have_losses():
    """A trial step of an optimizer may be far too long; what is no number says so."""
    given = click_sample([2], 40)
    users, items = (each.detach() for each in embedded(given, scale=100.0))
    for kind, is_corrected in KINDS:
        loss = ClickLoss(given.clicks, kind, is_corrected, others_of(given))
        found, by_card = loss(users, items), cards.loss(loss, users, items)
        assert all(each.isfinite().all() for each in found)
        torch.testing.assert_close(found[0], by_card[0], rtol=1e-12, atol=0)
        spoiled = items.clone()
        spoiled[0, given.clicks.items[0, 0]] = torch.nan
        assert loss(users, spoiled)[0].isnan().all()


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("kind", "is_corrected"), KINDS)
def test_gradients_are_those_of_autograd(depth, kind, is_corrected):
    given = click_sample(range(2), 190, depth=depth, dim=2)
    like = random_towers(given)  # the start's kinks lie on points, where rounding decides
    loss = ClickLoss(given.clicks, kind, is_corrected, others_of(given))
    objective = ClickObjective(like, given.users, given.clicks.catalogue, loss)
    rows = like.flat().requires_grad_()
    towers = like.unflat(rows)
    users = networks.activations(towers.user, given.users)[-1]
    items = networks.activations(towers.item, given.clicks.catalogue)[-1]
    with torch.no_grad():
        _, by_user, by_item = loss(users, items)
        _, found = objective(rows)
    assert torch.equal(users[..., -1].detach(), torch.ones(2, 190).double())
    by_user[..., -1] = 0
    ((users * by_user).sum() + (items * by_item).sum()).backward()
    torch.testing.assert_close(found, rows.grad, rtol=1e-11, atol=1e-14)


def test_a_step_of_adam_takes_a_batch_as_it_is():
    """Its gradient is that of the loss in batches, of one batch of all clicks."""
    given = click_sample(range(2), 48, batch=48)
    like = start.start(given, BATCH, True)
    loss = ClickLoss(given.clicks, BATCH, True)
    _, whole = ClickObjective(like, given.users, given.clicks.catalogue, loss)(like.flat())
    offsets = losses.corrections(given.clicks, BATCH).gather(1, given.clicks.items)
    step = batch_slopes(like, [given.users, given.items, offsets], like.flat())
    torch.testing.assert_close(step, whole, rtol=1e-11, atol=1e-14)


def test_counted_shares_are_those_of_the_clicks_whatever_is_known():
    given, steps = click_sample(range(2), 190), {"output_steps": 6, "joint_steps": 3}
    counts = torch.nn.functional.one_hot(given.clicks.items, 32).sum(1).double()
    share = losses.counted_shares(given.clicks)
    torch.testing.assert_close(share, ((counts + 0.5) / (190 + 0.5 * 32)).log())
    told = replace(given, clicks=replace(given.clicks, log_share=share))
    found = training.ARMS["softmax_batch_counted"](given, steps).towers.flat()
    expected, known = (
        training.ARMS["softmax_batch"](x, steps).towers.flat() for x in (told, given)
    )
    assert torch.equal(found, expected) and not torch.equal(found, known)


def limits(given, kind, is_corrected):
    """What scores may exceed the true ones by, but for a constant of each user: [N]."""
    wanted = losses.corrections(given.clicks, kind)[0]
    return torch.zeros_like(wanted) if is_corrected else wanted


N_ITEMS, N_CLICKS = 12, 60_000


@pytest.mark.parametrize(("kind", "is_corrected"), KINDS)
def test_with_many_clicks_the_scores_are_the_true_ones(kind, is_corrected):
    """Or, without its correction, those that exceed them by what is left out: by log q over the
    catalogue, by log q − log m in batches, for batches of any size.

    The truth is linear in the covariates, so that little but noise is left.
    """
    rng = np.random.default_rng(7)
    users, catalogue = rng.random((1, N_CLICKS, 1)), rng.random((1, N_ITEMS, 1))
    popularity = -3.0 * catalogue[..., 0]

    def score(users, items):
        return 4.0 * (users - 0.5) * (items[:, 0] - 0.5) + 2.0 * items[:, 0]

    weights = np.exp(score(users[0], catalogue[0]) + popularity)
    weights /= weights.sum(1, keepdims=True)
    chosen = (weights.cumsum(1) < rng.random((N_CLICKS, 1))).sum(1)[None]
    given = click_sample([0], N_CLICKS, width=6)
    batch = 64 if kind == APART else 8  # an estimate within a logarithm has a bias in small ones
    columns = (chosen, catalogue, popularity, np.log(weights.mean(0))[None])
    clicks = Clicks(*(torch.from_numpy(column) for column in columns), batch)
    items = torch.from_numpy(catalogue[0][chosen])
    given = replace(given, users=torch.from_numpy(users), items=items, rank=2, clicks=clicks)
    arm = {FULL: "softmax_full", BATCH: "softmax_batch", APART: "softmax_batch_apart", PAIR: "bpr"}
    name = arm[kind] + ("" if is_corrected else "_raw")
    towers = training.ARMS[name](given, {"output_steps": 60, "joint_steps": 15}).towers
    fresh = torch.linspace(0.1, 0.9, 9, dtype=torch.float64)[None, :, None]
    found = torch.bmm(
        networks.embeddings(towers.user, fresh),
        networks.embeddings(towers.item, clicks.catalogue).transpose(1, 2),
    )[0]
    truth = score(fresh[0], clicks.catalogue[0])
    expected = truth + limits(given, kind, is_corrected)
    share = clicks.log_share[0].exp()
    apart = found - expected
    apart = apart - (apart * share).sum(1, keepdim=True)
    plain = found - truth - limits(given, kind, not is_corrected)
    plain = plain - (plain * share).sum(1, keepdim=True)
    error = (apart.square() * share).sum(1).mean()
    assert error < 0.005
    assert (plain.square() * share).sum(1).mean() > 20 * error


def test_the_start_is_the_best_for_small_scores():
    """The covariance of whitened features is that of users and items that are drawn apart, so that
    of independent clicks no more than noise is left in it.
    """
    given = click_sample(range(2), 4000, width=6)
    found = []
    for users in (given.users, given.users.flip(1)):  # then each click is another user's
        hidden = [random_hidden_layers(x, 6, 1, given.random("x")) for x in (users, given.items)]
        sides = [features(h, x) for h, x in zip(hidden, (users, given.items), strict=True)]
        left, right = dependence_start(*sides, 5)
        found.append(left[:, :, 0].square().sum(1).sqrt() * right[:, :, 0].square().sum(1).sqrt())
        moments = [spectral.mean(side, torch.ones_like(given.ratings)) for side in sides]
        for weights, moment in zip((left, right), moments, strict=True):  # a constant is no part
            assert (weights.transpose(1, 2) @ moment).abs().max() < 1e-9
    assert (found[0] > 0.2).all() and (found[1] < 0.1).all()
    towers = start.start(given, FULL, True)
    assert all((part[..., -1] == 0).all() for part in towers.item[-1])
