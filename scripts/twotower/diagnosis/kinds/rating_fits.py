"""Ratings of a batch of splits and seeds as an arm takes them, and what its fits predict."""

from collections.abc import Callable

import numpy as np
import torch

from twotower.diagnosis.factorial import Towers
from twotower.real.ratings import RealRatings
from twotower.towers import networks
from twotower.towers.samples import Fit, Sample

Draws = Callable[[str], list[np.random.Generator]]


class RatingFits:
    """B fits: `sample` is what an arm takes.

    Args:
        rows: int64 [B, n], the training ratings.
        random, shared: from a role to B generators; `shared` gives those of the splits alone.
    """

    def __init__(
        self, data: RealRatings, rows: np.ndarray, towers: Towers, random: Draws, shared: Draws
    ) -> None:
        """Take the ratings, about their mean."""
        self._data, self._ratings = data, data.ratings[rows]
        self._level = self._ratings.mean(axis=1, keepdims=True)
        self.sample = Sample(
            *covariates(data, rows),
            torch.from_numpy(self._ratings - self._level),
            towers.width,
            towers.depth,
            towers.rank,
            torch.float64,
            random,
        )

    def measured(
        self, fit: Fit, tests: np.ndarray, fresh: dict[str, np.ndarray] | None
    ) -> dict[str, np.ndarray]:
        """`predictions` float32 [B, n_test], `training_error` [B] and, with `fresh`, `risk` [B]."""
        error = self._predicted(fit, self.sample.users, self.sample.items) - self._ratings
        predictions = self._predicted(fit, *covariates(self._data, tests))
        found = {
            "predictions": predictions.astype(np.float32),
            "training_error": np.square(error).mean(axis=1),
        }
        if fresh is not None:
            pairs = (
                torch.from_numpy(fresh[f"{side}_covariates"])
                .expand(len(tests), -1, -1)
                .contiguous()
                for side in ("user", "item")
            )
            risk = np.square(self._predicted(fit, *pairs) - fresh["signal"])
            found["risk"] = risk.mean(axis=1)
        return found

    def _predicted(self, fit: Fit, users: torch.Tensor, items: torch.Tensor) -> np.ndarray:
        low, high = (ends(self._ratings, axis=1, keepdims=True) for ends in (np.min, np.max))
        scores = networks.scores(fit.towers, users, items).numpy()
        return (self._level + scores).clip(low, high)


def covariates(data: RealRatings, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Of users and items of ratings, or clicks, [B, n]: [B, n, D_u] and [B, n, D_i]."""
    return (
        torch.from_numpy(data.user_covariates[data.users[rows]]),
        torch.from_numpy(data.item_covariates[data.items[rows]]),
    )
