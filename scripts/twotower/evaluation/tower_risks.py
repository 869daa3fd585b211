"""Risks of the towers in a training job's weight file, and on what they were trained on."""

import numpy as np

from twotower.data.groups import TOWERS
from twotower.data.ratings import SEEN_PAIRS
from twotower.evaluation import known_risks
from twotower.evaluation.risks import risk
from twotower.evaluation.tower_values import Layers, embeddings, fits_in, scores


def tower_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """Risks of every size and start in a training job's weight file.

    Args:
        tensors: as written by the job.
        test: `user_covariates` [B, n_pairs, D_u], `item_covariates`, `signal` [B, n_pairs]; a fit
            of fewer replicates is of the first ones.

    Returns:
        One dict for each size and start: `n_ratings`, `start`, `width`, `risk`, `risk_se`,
        `seen_risk` and `training_loss`, the last five [B]; `seen_risk` is NaN where no trained-on
        users are given.
    """
    whole, rows = test, []
    for n_ratings, start, towers, bound in fits_in(tensors):
        test = {name: column[: len(bound)] for name, column in whole.items()}
        width = np.full(len(bound), towers["user"][0][0].shape[2])
        if known_risks.judged(test):
            found = _known_risks(towers, bound, test, n_ratings)
        else:
            users, items = (test[f"{tower}_covariates"] for tower in TOWERS)
            found = risk(scores(towers, users, items), bound, test["signal"])
        found["seen_risk"] = _seen_risk(towers, bound, test, n_ratings)
        found["training_loss"] = tensors[f"{n_ratings:09d}/{start}/training_loss"]
        rows.append({"n_ratings": n_ratings, "start": start, "width": width} | found)
    return rows


def _known_risks(towers: dict[str, Layers], bound: np.ndarray, test: dict, n_ratings: int) -> dict:
    """Risks on known and new users and items, as of `known_risks`."""
    pools = [embeddings(towers[tower], test[f"pool_{tower}_covariates"]) for tower in TOWERS]

    def predict(replicate: int, judge: known_risks.Judge) -> np.ndarray:
        user, item = pools[0][replicate][judge.users], pools[1][replicate][judge.items]
        return (user * item).sum(axis=1)

    return known_risks.stacked(test, n_ratings, bound, predict)


def _seen_risk(
    towers: dict[str, Layers], bound: np.ndarray, test: dict, n_ratings: int
) -> np.ndarray:
    """Risk on users and items of the training ratings, in pairs that were not rated: [B].

    User k is paired with items k − 1, k − 2, … of the first m (cyclically), in so many rounds that
    there are about `SEEN_PAIRS` pairs.
    """
    if "seen_user_covariates" not in test:
        return np.full(len(bound), np.nan)
    known = min(n_ratings, test["seen_user_covariates"].shape[1])
    fitted, true = [], []
    for tower in TOWERS:
        covariates = test[f"seen_{tower}_covariates"][:, :known]
        fitted.append(embeddings(towers[tower], covariates))
        true.append(test[f"seen_{tower}_embeddings"][:, :known])
    total = np.zeros(len(bound))
    shifts = range(1, 1 + min(known - 1, max(1, SEEN_PAIRS // known)))
    for shift in shifts:
        predictions, signal = (
            (user * np.roll(item, shift, axis=1)).sum(axis=2) for user, item in (fitted, true)
        )
        total += risk(predictions, bound, signal)["risk"]
    return total / len(shifts)
