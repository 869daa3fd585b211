"""Risk of fitted recommenders: the squared distance to R* on fresh users and items, or on known
ones that were not paired where the design rates them again (`known`).
"""

from collections.abc import Callable

import numpy as np
import torch

from twotower.data import known_pairs
from twotower.data.pairs import Pairs
from twotower.data.ratings import SEEN_PAIRS
from twotower.data.targets import TOWERS
from twotower.methods.reference import sieves_of
from twotower.towers.networks import Towers, embeddings, scores
from twotower.towers.weights import fits_in


def risk(predictions: np.ndarray, bound: np.ndarray, signal: np.ndarray) -> dict[str, np.ndarray]:
    """Mean squared error against the noise-free truth, and its Monte Carlo standard error.

    Args:
        predictions: unclipped [B, n_pairs]; clipped here to ±bound.
        bound: M of each network, [B]: the largest absolute rating that it was trained on.
        signal: R* at the same fresh pairs, [B, n_pairs], in units of its standard deviation.

    Returns:
        `risk` and `risk_se`, each [B].
    """
    clipped = np.clip(predictions, -bound[:, None], bound[:, None])
    squares = np.square(clipped - signal)
    return {
        "risk": squares.mean(axis=1),
        "risk_se": squares.std(axis=1, ddof=1) / np.sqrt(squares.shape[1]),
    }


COLUMNS = ("n_ratings", "start", "replicate", "width", "risk", "risk_se", "seen_risk")
"""Of a table of risks; those of `groups.GROUPS` follow where they were measured."""


def method_risks(
    predict: Callable[[Pairs], np.ndarray], test: dict, replicate: int, n: int, bound: float
) -> dict[str, float]:
    """Risks of one replicate of a method that predicts pairs; identities of users and items who
    are not in the ratings are unknown.
    """
    if known_pairs.judged(test):
        judge = known_pairs.Judge(test, replicate, n)
        return judge.risks(predict(judge.pairs()), bound) | {"seen_risk": np.nan}
    covariates = [test[f"{tower}_covariates"][replicate] for tower in TOWERS]
    unknown = -1 - np.arange(len(covariates[0]))
    predicted = predict(Pairs(unknown, unknown, *covariates))[None]
    found = risk(predicted, np.array([bound]), test["signal"][replicate][None])
    return {name: float(value[0]) for name, value in found.items()} | {"seen_risk": np.nan}


def tower_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """Risks of every size and start in a training job's weight file.

    Args:
        tensors: as written by the job.
        test: `user_covariates` [B, n_pairs, D_u], `item_covariates`, `signal` [B, n_pairs].

    Returns:
        One dict for each size and start: `n_ratings`, `start`, `width`, `risk`, `risk_se` and
        `seen_risk`, the last four [B]; `seen_risk` is NaN where no trained-on users are given.
    """
    users, items = (torch.from_numpy(test[f"{tower}_covariates"]) for tower in TOWERS)
    rows = []
    for n_ratings, start, towers, bound in fits_in(tensors):
        width = np.full(len(bound), towers.user[0][0].shape[2])
        if known_pairs.judged(test):
            found = _known_risks(towers, bound, test, n_ratings)
        else:
            found = risk(scores(towers, users, items).numpy(), bound, test["signal"])
        found["seen_risk"] = _seen_risk(towers, bound, test, n_ratings)
        rows.append({"n_ratings": n_ratings, "start": start, "width": width} | found)
    return rows


def _known_risks(towers: Towers, bound: np.ndarray, test: dict, n_ratings: int) -> dict:
    """Risks on known and new users and items, as of `known`."""
    pools = [
        embeddings(
            getattr(towers, tower), torch.from_numpy(test[f"pool_{tower}_covariates"])
        ).numpy()
        for tower in TOWERS
    ]

    def predict(replicate: int, judge: known_pairs.Judge) -> np.ndarray:
        user, item = pools[0][replicate][judge.users], pools[1][replicate][judge.items]
        return (user * item).sum(axis=1)

    return known_pairs.stacked(test, n_ratings, bound, predict)


def _seen_risk(towers: Towers, bound: np.ndarray, test: dict, n_ratings: int) -> np.ndarray:
    """Risk on users and items of the training ratings, in pairs that were not rated: [B].

    User k is paired with items k − 1, k − 2, … of the first m (cyclically), in so many rounds that
    there are about `SEEN_PAIRS` pairs.
    """
    if "seen_user_covariates" not in test:
        return np.full(len(bound), np.nan)
    known = min(n_ratings, test["seen_user_covariates"].shape[1])
    fitted, true = [], []
    for tower in TOWERS:
        covariates = torch.from_numpy(test[f"seen_{tower}_covariates"][:, :known])
        fitted.append(embeddings(getattr(towers, tower), covariates).numpy())
        true.append(test[f"seen_{tower}_embeddings"][:, :known])
    total = np.zeros(len(bound))
    shifts = range(1, 1 + min(known - 1, max(1, SEEN_PAIRS // known)))
    for shift in shifts:
        predictions, signal = (
            (user * np.roll(item, shift, axis=1)).sum(axis=2) for user, item in (fitted, true)
        )
        total += risk(predictions, bound, signal)["risk"]
    return total / len(shifts)


def reference_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """As `tower_risks`, for the reference estimator: its width is its basis functions, its
    `seen_risk` is not measured.
    """
    rows = []
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        n_ratings = int(name.split("/")[0])
        sieves = sieves_of(tensors, n_ratings)
        if known_pairs.judged(test):
            found = known_pairs.stacked(
                test,
                n_ratings,
                tensors[name],
                lambda row, judge, sieves=sieves: sieves[row].scores(
                    *(judge.of("coordinates", tower) for tower in TOWERS)
                ),
            )
        else:
            predictions = [
                sieve.scores(users, items)
                for sieve, users, items in zip(
                    sieves, test["user_coordinates"], test["item_coordinates"], strict=True
                )
            ]
            found = risk(np.stack(predictions), tensors[name], test["signal"])
        width = np.array([sieve.n_functions for sieve in sieves])
        found["seen_risk"] = np.full(len(width), np.nan)
        rows.append({"n_ratings": n_ratings, "start": "used", "width": width} | found)
    return rows
