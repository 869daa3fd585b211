"""Two towers on real ratings, behind the interface of the other methods.

`erm` and `adam` see covariates alone and are the project's arms as they stand; `hybrid` adds an
embedding of each user and item to the towers' outputs. `mixed` is trained like `hybrid`, and then
serves by covariates alone: the embeddings, random effects of a mixed model, only keep the towers
from taking a few hundred users and items for as many as there are ratings.
"""

from collections.abc import Callable

import numpy as np
import torch

from twotower.data.pairs import Pairs
from twotower.methods.comparators import Predictor
from twotower.real import hybrid
from twotower.towers import networks, training

MOST_PREDICTED = 2**18
"""Pairs whose covariates and hidden units stand in memory at a time."""
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
            scores = level + networks.scores(fitted, users, items)[0].numpy()
            return scores.clip(ratings.min(), ratings.max())

        return _in_parts(predict)

    return fit


def _in_parts(predict: Predictor) -> Predictor:
    """The same predictions, made for `MOST_PREDICTED` pairs at a time."""

    def predicted(fresh: Pairs) -> np.ndarray:
        starts = range(0, max(len(fresh), 1), MOST_PREDICTED)
        parts = [predict(fresh.take(slice(at, at + MOST_PREDICTED))) for at in starts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    return predicted


def _with_effects(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> hybrid.Hybrid:
    sides = (pairs.users, pairs.items, pairs.user_rows, pairs.item_rows)
    rng = np.random.default_rng(seed)
    return hybrid.fit(*sides, ratings, rounds=ROUNDS, rng=rng, **settings)


def _hybrid(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    fitted = _with_effects(pairs, ratings, settings, seed)
    return _in_parts(
        lambda fresh: fitted.predict(fresh.users, fresh.items, fresh.user_rows, fresh.item_rows)
    )


def _mixed(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    fitted = _with_effects(pairs, ratings, settings, seed)
    return _in_parts(
        lambda fresh: fitted.predict_unknown(fresh.user_covariates, fresh.item_covariates)
    )


FITS = {
    "erm": _covariate_towers(training.erm, {"alternations": 2, "joint_steps": 10}),
    "adam": _covariate_towers(training.adam, {"steps": 1000, "batch_size": 256}),
    "mixed": _mixed,
    "hybrid": _hybrid,
}
"""By name, functions from pairs, their ratings [n], settings and a seed to a predictor. `methods`
holds the settings that are tuned."""
