"""Regret of two stages, split into what retrieval and what ranking loses.

The regret of a user's list of K items, the mean R* of the K truly best items of the catalogue less
that of the list, is split at the best list that the candidates allow, and nothing is left over:

- *retrieval's share*: the best K of the catalogue less the best K of the candidates;
- *ranking's share*: the best K of the candidates less the K that were chosen.
"""

import numpy as np

TOWERS_ALONE, BOOSTING, WITH_SCORE = "towers", "boosting", "boosting_with_score"
"""Rankers: the order of the towers' scores, and boosting without and with these scores."""
EXACT = "exact"
"""The index that finds the candidates of the largest scores without fail."""
SHARES = ("regret", "retrieval_share", "ranking_share")


def split(truth: np.ndarray, best: np.ndarray, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Regret of each user's list and its two shares, each [users]: regret is their sum.

    Args:
        truth: R* of the candidates [users, m].
        best: R* of the K best items of the whole catalogue [users, K].
        chosen: R* of the K chosen candidates [users, K].
    """
    k = best.shape[1]
    # in one order, so that equal lists have equal sums
    top, reachable, reached = (
        np.sort(values, axis=1)[:, -k:].mean(axis=1) for values in (best, truth, chosen)
    )
    return {
        "regret": top - reached,
        "retrieval_share": top - reachable,
        "ranking_share": reachable - reached,
    }
