"""Two towers on real ratings, behind the interface of the other methods.

`erm` and `adam` see covariates alone and are the project's arms as they stand; `hybrid` adds an
embedding of each user and item to the towers' outputs.
"""

from collections.abc import Callable

import numpy as np
import torch

from twotower import hybrid, towers, training
from twotower.comparators import Comparator, Predictor
from twotower.pairs import Pairs
from twotower.search import Span

ROUNDS = 30
"""Of alternation between users and items: more change predictions by less than they err."""


def _covariate_towers(arm: Callable, fixed: dict) -> Callable:
    """Fits of an arm of `training` to centred ratings, clipped to their range."""

    def fit(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
        rng = np.random.default_rng(seed)
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
        fitted = arm(sample, fixed | settings).towers

        def predict(fresh: Pairs) -> np.ndarray:
            users = torch.from_numpy(fresh.user_covariates)[None]
            items = torch.from_numpy(fresh.item_covariates)[None]
            scores = level + towers.scores(fitted, users, items)[0].numpy()
            return scores.clip(ratings.min(), ratings.max())

        return predict

    return fit


def _hybrid(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    sides = (pairs.users, pairs.items, pairs.user_covariates, pairs.item_covariates)
    rng = np.random.default_rng(seed)
    fitted = hybrid.fit(*sides, ratings, rounds=ROUNDS, rng=rng, **settings)
    return lambda fresh: fitted.predict(
        fresh.users, fresh.items, fresh.user_covariates, fresh.item_covariates
    )


TOWERS = {
    "erm": Comparator(
        {"width": Span(8, 64, whole=True), "rank": Span(3, 6, whole=True)},
        False,
        True,
        _covariate_towers(training.erm, {"alternations": 2, "joint_steps": 10}),
    ),
    "adam": Comparator(
        {
            "width": Span(8, 128, whole=True),
            "rank": Span(3, 12, whole=True),
            "learning_rate": Span(1.0e-3, 3.0e-2),
        },
        False,
        True,
        _covariate_towers(training.adam, {"steps": 1000, "batch_size": 256}),
    ),
    "hybrid": Comparator(
        {"rank": Span(3, 24, whole=True), "width": Span(16, 256, whole=True)}, True, True, _hybrid
    ),
}
"""By name; settings are searched like those of the other methods."""
