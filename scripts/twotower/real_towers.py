"""Two towers on real ratings, behind the interface of the other methods.

`erm` and `adam` see covariates alone and are the project's arms as they stand; `hybrid` adds an
embedding of each user and item to the towers' outputs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from twotower import hybrid, towers, training

# In this order, as many as the budget allows; chosen before any test, to span small and large.
_ERM = ((8, 3), (16, 3), (32, 3), (64, 3), (16, 5), (32, 5))
_ADAM = ((16, 3, 3e-3), (16, 3, 1e-2), (64, 3, 1e-2), (64, 8, 3e-3), (16, 8, 1e-2), (128, 16, 3e-3))
_HYBRID = ((4, 0), (4, 64), (8, 64), (12, 64), (8, 0), (16, 64))


@dataclass(frozen=True)
class TowerMethod:
    """A way to fit towers.

    Attributes:
        uses_identities, uses_covariates: what it sees of users and items.
        settings: tried, the most promising first.
        fitted: from (pairs, ratings, settings, rng) to a function from pairs to ratings.
    """

    uses_identities: bool
    uses_covariates: bool
    settings: tuple[dict, ...]
    fitted: Callable[..., Callable[[Any], np.ndarray]]

    def candidates(self, n: int, budget: int) -> list[dict]:
        """The settings that are tried on n ratings, `budget` of them at most."""
        return list(self.settings[:budget])

    def fit(
        self, pairs: Any, ratings: np.ndarray, settings: dict, rng: np.random.Generator
    ) -> Callable[[Any], np.ndarray]:
        """Fit to pairs and ratings [n]; the predictor gives float64 [m] for m pairs."""
        return self.fitted(pairs, ratings, settings, rng)


def _covariate_towers(arm: Callable, fixed: dict) -> Callable:
    """Fits of an arm of `training` to centred ratings, clipped to their range."""

    def fitted(pairs, ratings, settings, rng):
        level = float(ratings.mean())
        sample = training.Sample(
            users=torch.from_numpy(pairs.user_covariates)[None],
            items=torch.from_numpy(pairs.item_covariates)[None],
            ratings=torch.from_numpy(ratings - level)[None],
            width=settings["width"],
            depth=1,
            rank=settings["rank"],
            precision=torch.float64,
            random=lambda role: [rng],
        )
        fit = arm(sample, fixed | settings).towers

        def predict(fresh):
            users = torch.from_numpy(fresh.user_covariates)[None]
            items = torch.from_numpy(fresh.item_covariates)[None]
            scores = level + towers.scores(fit, users, items)[0].numpy()
            return scores.clip(ratings.min(), ratings.max())

        return predict

    return fitted


def _hybrid(pairs, ratings, settings, rng):
    fit = hybrid.fit(
        pairs.users,
        pairs.items,
        pairs.user_covariates,
        pairs.item_covariates,
        ratings,
        rng=rng,
        **settings,
    )
    return lambda fresh: fit.predict(
        fresh.users, fresh.items, fresh.user_covariates, fresh.item_covariates
    )


TOWERS = {
    "erm": TowerMethod(
        False,
        True,
        tuple({"width": width, "rank": rank} for width, rank in _ERM),
        _covariate_towers(training.erm, {"alternations": 2, "joint_steps": 10}),
    ),
    "adam": TowerMethod(
        False,
        True,
        tuple({"width": width, "rank": rank, "learning_rate": rate} for width, rank, rate in _ADAM),
        _covariate_towers(training.adam, {"steps": 1000, "batch_size": 256}),
    ),
    "hybrid": TowerMethod(
        True,
        True,
        tuple({"rank": rank, "width": width, "rounds": 30} for rank, width in _HYBRID),
        _hybrid,
    ),
}
