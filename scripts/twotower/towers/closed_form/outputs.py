"""Least-squares output layers for given hidden layers, by alternation from a spectral start.

Features φ are whitened in float64, the rank-p part of the cross-moment E[φ(x_u) r φ(x_i)ᵀ] gives
first output weights, and alternating ridge regressions of the ratings on one tower's features, the
other tower held fixed, bring them to the least-squares fit.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.half_steps import least_squares
from twotower.towers.closed_form.hats import Hats
from twotower.towers.closed_form.spectral import spectral_start
from twotower.towers.networks import Towers


@dataclass(frozen=True)
class WhitenedTowers(Towers):
    """Towers with the maps [B, M, M] that whiten their last hidden layers and a constant."""

    user_whitening: torch.Tensor
    item_whitening: torch.Tensor


def fit_outputs(
    hidden_user: list,
    hidden_item: list,
    users: torch.Tensor,
    items: torch.Tensor,
    ratings: torch.Tensor,
    rank: int,
    alternations: int,
    ridge: torch.Tensor,
    item_output: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> WhitenedTowers:
    """Towers with the given hidden layers and least-squares output layers.

    Args:
        hidden_user, hidden_item: hidden layers of B networks, float64.
        users, items, ratings: float64 [B, n, D_u], [B, n, D_i], [B, n].
        rank: p.
        alternations: rounds of alternating least squares.
        ridge: [B], penalty on the whitened output weights.
        item_output: weight and bias of the item tower's output layer to alternate from; by default
            those of the spectral fit.

    Example:
        >>> user, item = (random_hidden_layers(x, 8, 1, [rng]) for x in sample.pairs[:2])
        >>> fit_outputs(user, item, *sample.pairs, 2, 3, torch.tensor([1e-3])).item[-1][0].shape
        torch.Size([1, 8, 2])
    """
    user, item = features(hidden_user, users, keep=True), features(hidden_item, items, keep=True)
    user.rows = item.rows = min(user.rows, item.rows)
    user_outputs = item_outputs = None
    if item_output is None:
        start = item.whitening @ spectral_start(user, item, ratings, rank)
    else:
        start = torch.cat(item_output, dim=1)
    for _ in range(alternations):
        raw = start if item_outputs is None else item.whitening @ item_outputs
        user_outputs = least_squares(user, _embedded(item, raw), ratings, ridge, user_outputs)
        raw = user.whitening @ user_outputs
        item_outputs = least_squares(item, _embedded(user, raw), ratings, ridge, item_outputs)
    user_outputs, item_outputs = _balanced(user_outputs, item_outputs)
    return WhitenedTowers(
        [*hidden_user, _output_layer(user, user_outputs)],
        [*hidden_item, _output_layer(item, item_outputs)],
        user.whitening,
        item.whitening,
    )


_KEPT_BYTES = 1 << 26


def _embedded(tower: Dense | Hats, raw: torch.Tensor) -> Callable[[], Iterable[torch.Tensor]]:
    """The tower's embeddings as often as they are asked for; those of many pairs are made anew."""
    if 8 * tower.n * raw.shape[0] * raw.shape[2] > _KEPT_BYTES:
        return lambda: tower.embeddings(raw)
    kept: list[torch.Tensor] = []

    def embeddings() -> Iterator[torch.Tensor]:
        if not kept:
            kept.extend(tower.embeddings(raw))
        return iter(kept)

    return embeddings


def _output_layer(tower: Dense | Hats, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of the output layer from weights on whitened features, [B, M, p]."""
    raw = tower.whitening @ outputs
    return raw[:, :-1].contiguous(), raw[:, -1:].contiguous()


def _balanced(user_outputs: torch.Tensor, item_outputs: torch.Tensor):
    """The same product with both towers' outputs of equal second moment.

    ⟨f, f̃⟩ is unchanged by f → Af, f̃ → A^(−T)f̃; singular vectors scaled by the roots of the
    singular values make the two sides alike.
    """
    q_user, r_user = torch.linalg.qr(user_outputs)
    q_item, r_item = torch.linalg.qr(item_outputs)
    left, singular, right = torch.linalg.svd(r_user @ r_item.transpose(1, 2))
    root = singular[:, None, :].sqrt()
    return q_user @ left * root, q_item @ right.transpose(1, 2) * root
