"""Rounds of alternating least squares over both towers' output layers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from twotower.towers.closed_form import limits, products, rating_statistics
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.half_steps import least_squares
from twotower.towers.closed_form.hats import Hats

KEPT_BYTES = 1 << 26  # embeddings of more pairs are made anew


@dataclass(frozen=True)
class Rounds:
    """What rounds leave: weights [B, M, p] on whitened features, and the next round's ridge [B]."""

    user_outputs: torch.Tensor | None
    item_outputs: torch.Tensor | None
    ridge: torch.Tensor

    def where(self, chosen: torch.Tensor, other: "Rounds") -> "Rounds":
        """These for the networks chosen, [B] of bool, the other ones elsewhere."""
        mask = chosen[:, None, None]
        return Rounds(
            torch.where(mask, self.user_outputs, other.user_outputs),
            torch.where(mask, self.item_outputs, other.item_outputs),
            torch.where(chosen, self.ridge, other.ridge),
        )


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

    A start that has missed a component finds it slowly, round by round. So where the last of two
    rounds or more has still lowered the mean squared error by more than `SETTLED` of the ratings'
    variance, that network goes on until it has not, for `MOST_ROUNDS` rounds at most. (One of
    about 500 fits with noise; the training loss alone tells it.)

    Args:
        ratings: [B, n].
        raw: weights [B, M, p] of the item tower on the features themselves, to begin with.
        ridge: [B], penalty on the whitened output weights in the first round.
    """
    smallest = limits.SETTLED * rating_statistics.variances(ratings)
    parameters = raw.shape[2] * (user.size + item.size - raw.shape[2])
    found, error = Rounds(None, None, ridge), torch.full_like(smallest, -torch.inf)
    falls = torch.ones_like(smallest, dtype=torch.bool)
    for done in range(1, max(rounds, limits.MOST_ROUNDS) + 1):
        fixed = _embedded(item, raw)
        user_outputs = least_squares(user, fixed, ratings, found.ridge, found.user_outputs)
        fixed = _embedded(user, products.product(user.whitening, user_outputs))
        item_outputs = least_squares(item, fixed, ratings, found.ridge, found.item_outputs)
        raw = products.product(item.whitening, item_outputs)
        before, error = error, _squared_error(fixed, item.embeddings(raw), ratings)
        new = Rounds(
            user_outputs, item_outputs, rating_statistics.ridges_after(ratings, error, parameters)
        )
        found = new if done <= rounds else new.where(falls, found)
        if done >= rounds:
            falls = falls & (before - error > smallest)
            if not falls.any():
                break
            raw = products.product(item.whitening, found.item_outputs)
    return found


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
