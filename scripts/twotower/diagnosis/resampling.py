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
    drawn once more. Of a single split seeds are drawn, in the same way.

    Args:
        users: who gave the held-out ratings of each split, [n_test] each.
        squares: squared errors by rung, [splits, seeds, n_test].

    Returns:
        [1 + draws] by rung.
    """
    count, repeats, _ = next(iter(squares.values())).shape
    rng = seeds.generator(seed, {"diagnosis": "bootstrap"}, "draws", 0)
    everyone, places = np.unique(np.stack(users), return_inverse=True)
    groups = min(len(everyone), MOST_GROUPS)
    own = rng.permutation(len(everyone)) % groups
    places = own[places].reshape(count, -1)
    weights = np.ones((groups, 1 + draws))
    weights[:, 1:] = rng.multinomial(groups, np.full(groups, 1.0 / groups), draws).T
    drawn = np.stack([np.bincount(one, minlength=groups) for one in places]) @ weights
    splits = rng.integers(count, size=(draws, max(count - 1, 1), 1))
    trained = np.arange(repeats)
    if count == 1:
        trained = rng.integers(repeats, size=(draws, 1, max(repeats - 1, 1)))
    rows = np.arange(1, 1 + draws)[:, None, None]
    found = {}
    for name, values in squares.items():
        sums = np.stack(
            [
                [np.bincount(place, row, groups) for row in part]
                for place, part in zip(places, values, strict=True)
            ]
        )
        means = (sums @ weights) / drawn[:, None]  # [splits, seeds, 1 + draws]
        picked = means[splits, trained, rows]
        found[name] = np.r_[means[..., 0].mean(), picked.mean(axis=(1, 2))]
    return found
