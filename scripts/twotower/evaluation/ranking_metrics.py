"""Metrics of a ranking: how good the first k items of each user's list are by the true R*.

A list is an array of item numbers [users, k], the best first; the truth is R* of every user and
item, [users, items], in units of the signal's standard deviation. Each function gives a number for
each user, [users], whose mean over users is what is reported.

- NDCG@k = Σ_j g_j / log₂(j + 1) over the list's places j = 1 … k, divided by the same sum of the
  best list (Järvelin & Kekäläinen, *ACM TOIS* 20, 2002; the discount is that of Burges et al.,
  *ICML* 2005). The gain is linear: g = R* of the item minus the least R* that this user has, so
  that it is never negative and 1 − NDCG is a regret that weighs the first places more.
- Recall@k: the share of the k truly best items that are in the list.
- MRR: 1 over the place of the truly best item in the list, 0 if it is not there.
- Regret@k: the mean R* of the k truly best items minus that of the list's.

A regret is bounded by the error of the scores that made the list. With e = R̂ − R* on a user's m
items, those chosen have no smaller sum of R̂ than those best, so that
regret ≤ Σ |e| / k over the at most 2k items that stand in one of both lists alone
≤ 2 max |e|, and ≤ √(2m/k · mean e²) by Cauchy and Schwarz: it falls at least like the root of the
risk. Where R* has a positive density at the k-th best, an error e misplaces a share ∝ |e| of the
items and costs ∝ |e| for each, so that the regret itself falls like the risk, and 1 − Recall like
its root (as plug-in classifiers do under a margin condition: Audibert & Tsybakov, *Ann. Statist.*
35, 2007).
"""

import numpy as np

METRICS = ("ndcg", "recall", "mrr", "regret")


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """The k items of the highest scores for each user, the best first; of equals the lower number.

    Args:
        scores: finite numbers, [users, items].
        k: from 1 to the number of items.

    Returns:
        Item numbers, int64 [users, k].

    Raises:
        ValueError: if k is out of range or a score is not finite.
    """
    users, items = scores.shape
    if not 1 <= k <= items:
        raise ValueError(f"k = {k} of {items} items: it must be from 1 to {items}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    chosen = np.empty((users, k), dtype=np.int64)
    for row, values in enumerate(scores):
        least = np.partition(values, items - k)[items - k]
        found = np.flatnonzero(values >= least)  # all that equal the k-th, so that order decides
        chosen[row] = found[np.argsort(-values[found], kind="stable")[:k]]
    return chosen


def ndcg(chosen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """NDCG@k of each user's list, 0 to 1; 1 where all items are equally good."""
    gains, discount = truth - truth.min(axis=1, keepdims=True), _discount(chosen.shape[1])
    reached, ideal = (_at(items, gains) @ discount for items in (chosen, _best(chosen, truth)))
    return _share(reached, ideal)


def recall(chosen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of each list that is among the k truly best; an item as good as the k-th is."""
    least = _at(_best(chosen, truth), truth)[:, -1:]
    return (_at(chosen, truth) >= least).mean(axis=1)


def reciprocal_rank(chosen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """1 / place of the truly best item in each list, 0 where it is missing."""
    found = _at(chosen, truth) == truth.max(axis=1, keepdims=True)
    return np.where(found.any(axis=1), 1.0 / (1.0 + found.argmax(axis=1)), 0.0)


def regret(chosen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean R* of the k truly best items minus that of each list's, at least 0."""
    return (_at(_best(chosen, truth), truth) - _at(chosen, truth)).mean(axis=1)


def measures(scores: np.ndarray, truth: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """All of `METRICS` for the lists that scores [users, items] make; MRR over all items."""
    order = top(scores, scores.shape[1])
    chosen = order[:, :k]
    return {
        "ndcg": ndcg(chosen, truth),
        "recall": recall(chosen, truth),
        "mrr": reciprocal_rank(order, truth),
        "regret": regret(chosen, truth),
    }


def random_measures(truth: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """What lists in random order reach on average, exactly: the mark that says nothing is known."""
    users, items = truth.shape
    gains = truth - truth.min(axis=1, keepdims=True)
    best = _at(top(truth, k), gains)
    discount = _discount(k)
    ideal, mean = best @ discount, gains.mean(axis=1)
    return {
        "ndcg": _share(mean * discount.sum(), ideal),
        "recall": np.full(users, k / items),
        "mrr": np.full(users, (1.0 / np.arange(1, items + 1)).mean()),
        "regret": best.mean(axis=1) - mean,
    }


def _best(chosen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return top(truth, chosen.shape[1])


def _at(items: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.take_along_axis(truth, items, axis=1)


def _discount(k: int) -> np.ndarray:
    return 1.0 / np.log2(np.arange(2, k + 2))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 1 where there is nothing to have a part of."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)
