"""Rounds of alternating least squares over both towers' output layers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from twotower.towers import rating_statistics
from twotower.towers.closed_form import products
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.half_steps import least_squares
from twotower.towers.closed_form.hats import Hats

KEPT_BYTES = 1 << 26  # embeddings of more pairs are made anew


@dataclass(frozen=True)
class Rounds:
    """What rounds leave: weights [B, M, p] on whitened features, and the next round's ridge [B]."""

    user_outputs: torch.Tensor
    item_outputs: torch.Tensor
    ridge: torch.Tensor


def alternated(
    user: Dense | Hats,
    item: Dense | Hats,
    ratings: torch.Tensor,
    raw: torch.Tensor,
    ridge: torch.Tensor,
    rounds: int,
) -> Rounds:
    """The user tower is fitted against the item tower, then the item tower against that, `rounds`
    times, each with a ridge made of the residuals before it.

    Args:
        ratings: [B, n].
        raw: weights [B, M, p] of the item tower on the features themselves, to begin with.
        ridge: [B], penalty on the whitened output weights in the first round.
    """
    user_outputs = item_outputs = None
    for _ in range(rounds):
        fixed = _embedded(item, raw)
        user_outputs = least_squares(user, fixed, ratings, ridge, user_outputs)
        fixed = _embedded(user, user.whitening @ user_outputs)
        item_outputs = least_squares(item, fixed, ratings, ridge, item_outputs)
        raw = item.whitening @ item_outputs
        rank = raw.shape[2]
        error = _squared_error(fixed, item.embeddings(raw), ratings)
        parameters = rank * (user.size + item.size - rank)
        ridge = rating_statistics.ridges_after(ratings, error, parameters)
    return Rounds(user_outputs, item_outputs, ridge)


def _embedded(tower: Dense | Hats, raw: torch.Tensor) -> Callable[[], Iterable[torch.Tensor]]:
    """The tower's embeddings as often as they are asked for; those of many pairs are made anew."""
    if 8 * tower.n * raw.shape[0] * raw.shape[2] > KEPT_BYTES:
        return lambda: tower.embeddings(raw)
    kept: list[torch.Tensor] = []

    def embeddings() -> Iterator[torch.Tensor]:
        if not kept:
            kept.extend(tower.embeddings(raw))
        return iter(kept)

    return embeddings


def _squared_error(
    fixed: Callable[[], Iterable[torch.Tensor]],
    embeddings: Iterable[torch.Tensor],
    ratings: torch.Tensor,
) -> torch.Tensor:
    """Mean squared errors [B] of the scores of embeddings [B, rows, p] of both towers."""
    total, first = ratings.new_zeros(len(ratings), dtype=torch.float64), 0
    for user, item in zip(fixed(), embeddings, strict=True):
        last = first + user.shape[1]
        rest = (user * item).sum(2) - ratings[:, first:last].to(user)
        total += products.inner(rest, rest).flatten()
        first = last
    return total / ratings.shape[1]
