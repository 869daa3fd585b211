"""Risk of a fitted recommender: its mean squared distance to R* on fresh users and items, or on
known ones that were not paired where the design rates them again (`known_risks`).
"""

from collections.abc import Callable

import numpy as np

from twotower.data.groups import TOWERS
from twotower.data.pairs import Pairs
from twotower.evaluation import known_risks


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


OF_TOWERS = ("seen_risk", "training_loss")
"""Columns that are measured for towers alone; other methods have NaN."""

COLUMNS = ("n_ratings", "start", "replicate", "width", "risk", "risk_se", *OF_TOWERS)
"""Of a table of risks; those of `groups.GROUPS` follow where they were measured."""


def method_risks(
    predict: Callable[[Pairs], np.ndarray], test: dict, replicate: int, n: int, bound: float
) -> dict[str, float]:
    """Risks of one replicate of a method that predicts pairs; identities of users and items who
    are not in the ratings are unknown.
    """
    unmeasured = dict.fromkeys(OF_TOWERS, np.nan)
    if known_risks.judged(test):
        judge = known_risks.Judge(test, replicate, n)
        return judge.risks(predict(judge.pairs()), bound) | unmeasured
    covariates = [test[f"{tower}_covariates"][replicate] for tower in TOWERS]
    unknown = -1 - np.arange(len(covariates[0]))
    predicted = predict(Pairs(unknown, unknown, *covariates))[None]
    found = risk(predicted, np.array([bound]), test["signal"][replicate][None])
    return {name: float(value[0]) for name, value in found.items()} | unmeasured
