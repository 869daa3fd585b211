"""The joint regressor: one regression of ratings on user and item covariates side by side.

It knows nothing of two towers: a prediction is the mean rating of the k nearest rated pairs in the
joined space, so its rate is that of d_u + d_i dimensions, n^(−2β/(2β+d_u+d_i)) for β ≤ 1 (L. Györfi
et al., *A Distribution-Free Theory of Nonparametric Regression*, 2002, ch. 6).
"""

from collections.abc import Callable

import numpy as np
from sklearn.neighbors import KNeighborsRegressor, NearestNeighbors

from twotower.data.pairs import Pairs

HELD_OUT_SHARE = 0.2


def joined(users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Covariates [n, D_u] and [n, D_i] side by side: [n, D_u + D_i]."""
    return np.concatenate([users, items], axis=1)


def chosen_neighbours(pairs: np.ndarray, ratings: np.ndarray, most: int) -> int:
    """The power of 2, at most `most`, that predicts held-out ratings best.

    The last fifth of pairs [n, D_u + D_i] and ratings [n] is held out: pairs are in random order.
    """
    kept = len(ratings) - int(HELD_OUT_SHARE * len(ratings))
    largest = min(most, kept)
    candidates = [2**power for power in range(largest.bit_length())]
    search = NearestNeighbors(n_neighbors=candidates[-1]).fit(pairs[:kept])
    nearest = search.kneighbors(pairs[kept:], return_distance=False)
    means = np.cumsum(ratings[:kept][nearest], axis=1)
    errors = [
        np.square(means[:, count - 1] / count - ratings[kept:]).mean() for count in candidates
    ]
    return candidates[int(np.argmin(errors))]


def predictor(
    pairs: np.ndarray, ratings: np.ndarray, neighbours: int
) -> Callable[[Pairs], np.ndarray]:
    """`predictions` as a function of fresh pairs."""
    return lambda fresh: predictions(
        pairs, ratings, neighbours, joined(fresh.user_covariates, fresh.item_covariates)
    )


def predictions(
    pairs: np.ndarray, ratings: np.ndarray, neighbours: int, fresh: np.ndarray
) -> np.ndarray:
    """Mean rating of the `neighbours` nearest rated pairs at fresh pairs [m, D_u + D_i]: [m]."""
    regressor = KNeighborsRegressor(n_neighbors=neighbours).fit(pairs, ratings)
    return regressor.predict(fresh)
