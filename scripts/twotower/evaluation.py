"""Risk of fitted recommenders: the squared distance to R* on fresh users and items."""

import numpy as np
import torch

from twotower.reference import sieves_of
from twotower.towers import scores
from twotower.weights import fits_in


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


def tower_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """Risks of every size and start in a training job's weight file.

    Args:
        tensors: as written by the job.
        test: `user_covariates` [B, n_pairs, D_u], `item_covariates`, `signal` [B, n_pairs].

    Returns:
        One dict for each size and start: `n_ratings`, `start`, `width`, `risk`, `risk_se`, the
        last three [B].
    """
    users, items = (torch.from_numpy(test[f"{tower}_covariates"]) for tower in ("user", "item"))
    rows = []
    for n_ratings, start, towers, bound in fits_in(tensors):
        predictions = scores(towers, users, items).numpy()
        width = np.full(len(predictions), towers.user[0][0].shape[2])
        found = risk(predictions, bound, test["signal"])
        rows.append({"n_ratings": n_ratings, "start": start, "width": width} | found)
    return rows


def reference_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """As `tower_risks`, for the reference estimator; its width is its basis functions."""
    rows = []
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        n_ratings = int(name.split("/")[0])
        sieves = sieves_of(tensors, n_ratings)
        predictions = [
            sieve.scores(users, items)
            for sieve, users, items in zip(
                sieves, test["user_coordinates"], test["item_coordinates"], strict=True
            )
        ]
        found = risk(np.stack(predictions), tensors[name], test["signal"])
        width = np.array([sieve.n_functions for sieve in sieves])
        rows.append({"n_ratings": n_ratings, "start": "used", "width": width} | found)
    return rows
