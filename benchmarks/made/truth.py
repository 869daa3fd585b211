"""The planted truth of made ratings: two towers, effects of single ids, noise, and stars.

    score(u, i) = b_u + b_i + <p_u, q_i> + noise,    (b, p) = tower of covariates + effect of the id

Stars are the score cut at quantiles, so that each star has the share that is asked for.
"""

from dataclasses import dataclass

import numpy as np

RANK, WIDTH = 3, 16
EFFECT = 0.7
"""Standard deviation of what covariates do not tell of a user or item; theirs is 1."""
NOISE = 1.0
_DRAWN = 200_000  # scores from which the cuts are taken


@dataclass(frozen=True)
class Truth:
    """Embeddings of users and items, float64 [m, 1 + RANK], bias first, and cuts between stars."""

    users: np.ndarray
    items: np.ndarray
    cuts: np.ndarray

    def stars(self, users: np.ndarray, items: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Stars 1 to 5 of pairs of rows, int64 [n]."""
        score = _scores(self.users[users], self.items[items])
        score += NOISE * rng.standard_normal(len(score))
        return 1 + np.searchsorted(self.cuts, score)


def embedded(covariates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Outputs of a random ReLU tower at covariates [m, D], with effects: [m, 1 + RANK]."""
    scaled = covariates - covariates.mean(axis=0)
    scaled /= np.maximum(scaled.std(axis=0), 1e-9)
    hidden = rng.standard_normal((scaled.shape[1], WIDTH)) / np.sqrt(scaled.shape[1])
    units = np.maximum(scaled @ hidden + 0.5 * rng.standard_normal(WIDTH), 0.0)
    outputs = units @ rng.standard_normal((WIDTH, 1 + RANK))
    outputs = (outputs - outputs.mean(axis=0)) / np.maximum(outputs.std(axis=0), 1e-9)
    outputs += EFFECT * rng.standard_normal(outputs.shape)
    outputs[:, 1:] *= RANK**-0.25  # the inner product counts about as much as a bias
    return outputs


def truth(
    users: np.ndarray,
    items: np.ndarray,
    weights: np.ndarray,
    shares: tuple[float, ...],
    rng: np.random.Generator,
) -> Truth:
    """The truth for embeddings of both sides.

    Args:
        weights: [items] how likely each item is rated, for the cuts.
        shares: of one to five stars, in any unit.
    """
    u = rng.integers(len(users), size=_DRAWN)
    i = rng.choice(len(items), size=_DRAWN, p=weights / weights.sum())
    score = _scores(users[u], items[i]) + NOISE * rng.standard_normal(_DRAWN)
    below = np.cumsum(shares)[:-1] / np.sum(shares)
    return Truth(users, items, np.quantile(score, below))


def _scores(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[:, 0] + v[:, 0] + (u[:, 1:] * v[:, 1:]).sum(axis=1)


def counts(
    total: int, heads: int, least: int, most: int, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """Long-tailed whole numbers [heads] from `least` to `most` that sum to `total`.

    Above the least they are log-normal; `spread` is the standard deviation of their logarithm.
    What is cut off at the most goes to the others, in the same proportions.
    """
    share = np.exp(spread * rng.standard_normal(heads))
    found = np.full(heads, least)
    while (open_ := np.flatnonzero(found < most)).size and (left := total - found.sum()) > 0:
        ends = np.floor(np.cumsum(share[open_]) / share[open_].sum() * left + 0.5).astype(int)
        found[open_] = np.minimum(found[open_] + np.diff(ends, prepend=0), most)
    return found
