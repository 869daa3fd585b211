"""Towers from which the training on clicks begins, in closed form."""

import torch

from twotower.towers.clicks.losses import corrections
from twotower.towers.closed_form import products
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.hats import Hats
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.outputs import WhitenedTowers
from twotower.towers.closed_form.spectral import dependence_start, mean
from twotower.towers.networks import Towers
from twotower.towers.samples import Sample


def start(sample: Sample, kind: str, is_corrected: bool) -> WhitenedTowers:
    """Random hidden layers, and the outputs that are best for small scores; float64.

    The last component, an item's own score, is 0; where the loss is not corrected, it comes as
    near to the missing correction as the item tower's features can.
    """
    sides = ((sample.users, "user_hidden"), (sample.items, "item_hidden"))
    hidden = [
        random_hidden_layers(covariates, sample.width, sample.depth, sample.random(role))
        for covariates, role in sides
    ]
    user, item = (
        features(layers, covariates, keep=True)
        for layers, (covariates, _) in zip(hidden, sides, strict=True)
    )
    user.rows = item.rows = min(user.rows, item.rows)
    outputs = dependence_start(user, item, sample.rank - 1)
    layers = [
        _output_layer(products.product(tower.whitening, weights))
        for tower, weights in zip((user, item), outputs, strict=True)
    ]
    towers = with_own_scores(
        Towers(*([*h, layer] for h, layer in zip(hidden, layers, strict=True)))
    )
    if not is_corrected:
        _add_corrections(towers, item, sample, kind)
    return WhitenedTowers(towers.user, towers.item, user.whitening, item.whitening)


def with_own_scores(towers: Towers) -> Towers:
    """Towers of one more component: the user tower's is 1 there, the item tower's 0."""
    sides = []
    for layers, constant in ((towers.user, 1.0), (towers.item, 0.0)):
        weight, bias = layers[-1]
        more = torch.zeros_like(weight[..., :1]), torch.full_like(bias[..., :1], constant)
        last = (torch.cat([weight, more[0]], dim=2), torch.cat([bias, more[1]], dim=2))
        sides.append([*layers[:-1], last])
    return Towers(*sides)


def with_corrections(towers: Towers, sample: Sample, kind: str) -> Towers:
    """The given towers, whose items' own scores come as near as they can to the correction that
    belongs to this kind of loss.
    """
    towers = towers.unflat(towers.flat().double())
    _add_corrections(towers, features(towers.item[:-1], sample.items), sample, kind)
    return towers


def _add_corrections(towers: Towers, item: Dense | Hats, sample: Sample, kind: str) -> None:
    """Set own scores in place: by least squares over the clicked items, with their features."""
    wanted = corrections(sample.clicks, kind).gather(1, sample.clicks.items)
    own = products.product(item.whitening, mean(item, wanted))
    weight, bias = towers.item[-1]
    weight[..., -1:], bias[..., -1:] = own[:, :-1], own[:, -1:]


def _output_layer(raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias from weights [B, M, p] on the features, of which the last is constant."""
    return raw[:, :-1].contiguous(), raw[:, -1:].contiguous()
