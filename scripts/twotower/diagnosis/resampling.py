"""Held-out errors of all rungs, with the draws of a bootstrap over splits and users.

All rungs are drawn together, so that what differs between two of them is paired by split, seed and
held-out rating.
"""

import numpy as np

from twotower.base import seeds

DRAWS = 400
MOST_GROUPS = 512
"""Of users who are drawn together: more would only cost memory."""


def resampled(
    users: list[np.ndarray], squares: dict[str, np.ndarray], seed: int, draws: int = DRAWS
) -> dict[str, np.ndarray]:
    """Mean squared errors of each rung: that of all ratings first, then those of the draws.

    A draw takes splits with replacement, each with all its seeds, and of all splits the same users,
    each with all ratings held out. Of k splits k − 1 are taken: k would spread by √(1 − 1/k) of
    what is due (Rao and Wu 1988, JASA 83). Splits differ by their seeds too, so that these are not
    drawn once more.

    Args:
        users: who gave the held-out ratings of each split, [n_test] each; of two or more.
        squares: squared errors by rung, [splits, seeds, n_test].

    Returns:
        [1 + draws] by rung.
    """
    count = len(users)
    rng = seeds.generator(seed, {"diagnosis": "bootstrap"}, "draws", 0)
    everyone, places = np.unique(np.stack(users), return_inverse=True)
    groups = min(len(everyone), MOST_GROUPS)
    own = rng.permutation(len(everyone)) % groups
    places = own[places].reshape(count, -1)
    weights = np.ones((groups, 1 + draws))
    weights[:, 1:] = rng.multinomial(groups, np.full(groups, 1.0 / groups), draws).T
    drawn = np.stack([np.bincount(one, minlength=groups) for one in places]) @ weights
    splits = rng.integers(count, size=(draws, count - 1))
    found = {}
    for name, values in squares.items():
        of_seeds = values.mean(axis=1)
        both = zip(places, of_seeds, strict=True)
        sums = np.stack([np.bincount(place, row, groups) for place, row in both])
        means = (sums @ weights) / drawn  # [splits, 1 + draws]
        picked = means[splits, np.arange(1, 1 + draws)[:, None]]
        found[name] = np.r_[means[:, 0].mean(), picked.mean(axis=1)]
    return found
