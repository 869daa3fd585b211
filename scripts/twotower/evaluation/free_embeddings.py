"""Embeddings that are no function of covariates: which sets of items can be lists at all?

O. Weller et al., *On the Theoretical Limitations of Embedding-Based Retrieval* (arXiv:2508.21038),
train free embeddings of p components on the very sets that they are judged by: where even these
fail, no model of p components can serve these users. Here each user wants one set of k items.

In exact numbers 2k components are enough for *every* set of k items, however many items there are,
and with 3k items or more they are needed. Enough: put the items on the curve
(cos t, sin t, …, cos kt, sin kt). For the items of a set S the trigonometric polynomial
−Π_{s in S} (1 − cos(t − s)) is 0, for all others it is below, and it is a linear function on the
curve. Needed: any p + 2 items split in two parts whose convex hulls meet (Radon's theorem), the
smaller one of at most (p + 2)/2 items; no user can want all of that part and nothing of the other.
But the curve's margins shrink with the items like a power of 2k: neither numbers of finite
precision nor gradient descent can use it, which is why free embeddings need more.
"""

import numpy as np

_RATE, _FIRST, _SECOND, _TINY = 0.1, 0.9, 0.999, 1.0e-8  # Adam's; the rate falls to 0 as a cosine
_LOOK = 50  # steps between two looks at whether all sets are there


def fitted(wanted: np.ndarray, dim: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Scores [users, items] of free embeddings, trained on the sets that users want.

    The loss is the mean over users and their wanted items of −log(eˢ / (eˢ + Σ e^t)), s the score
    of the item and t those of the items that the user does not want. Adam (Kingma & Ba 2015), all
    users at once, from normal numbers; it ends early when all sets are there.

    Args:
        wanted: bool [users, items]; each user wants an item, and does not want another.
        dim: components.
        steps: at most.
        rng: decides the start.
    """
    points = [rng.standard_normal((count, dim)) for count in wanted.shape]
    means = [np.zeros_like(each) for each in points]
    squares = [np.zeros_like(each) for each in points]
    for step in range(1, steps + 1):
        scores = points[0] @ points[1].T
        if step % _LOOK == 0 and realized(scores, wanted).all():
            return scores
        slope = _slope(scores, wanted)
        rate = _RATE * 0.5 * (1.0 + np.cos(np.pi * step / steps))
        slopes = (slope @ points[1], slope.T @ points[0])
        for point, mean, square, own in zip(points, means, squares, slopes, strict=True):
            mean += (1.0 - _FIRST) * (own - mean)
            square += (1.0 - _SECOND) * (own * own - square)
            spread = np.sqrt(square / (1.0 - _SECOND**step)) + _TINY
            point -= rate / (1.0 - _FIRST**step) * mean / spread
    return points[0] @ points[1].T


def realized(scores: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Whether each user's wanted items all stand above all others: bool [users]."""
    least = np.where(wanted, scores, np.inf).min(axis=1)
    return least > np.where(wanted, -np.inf, scores).max(axis=1)


def _slope(scores: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Derivative of a user's loss by each score, [users, items]."""
    others = np.where(wanted, -np.inf, scores)
    highest = others.max(axis=1, keepdims=True)
    share = np.exp(others - highest)
    total = share.sum(axis=1, keepdims=True)
    # 1 less the chance of a wanted item against all others: 1 / (1 + exp(lead)), without overflow
    lead = scores - highest - np.log(total)
    missed = np.where(wanted, 0.5 - 0.5 * np.tanh(0.5 * lead), 0.0)
    count = wanted.sum(axis=1, keepdims=True)
    return (share / total * missed.sum(axis=1, keepdims=True) - missed) / count
