"""Which pairs are rated: designs other than a fresh user and a fresh item for each rating.

Users and items are numbered in the order in which they were drawn. Every design gives the same
first rows whatever the number of ratings, so that smaller samples are prefixes of larger ones.
"""

import numpy as np

from twotower.seeds import generator


def numbers(seed: int, spec: dict, replicate: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """User and item of each of n ratings, as whole numbers [n] from 0.

    `fresh` and `not_at_random` have a new user and a new item each time. `grid` is the square of
    the first m users and items, for growing m. `fixed_users` takes a user of its catalogue at
    random, `popularity` the j-th item of its catalogue with probability ∝ 1/j.
    """
    each = np.arange(n)
    rng = generator(seed, spec, "design", replicate)
    match spec.get("sampling", "fresh"):
        case "grid":
            return _shells(n)
        case "fixed_users":
            return rng.integers(spec["catalogue"], size=n), each
        case "popularity":
            share = 1.0 / np.arange(1, spec["catalogue"] + 1)
            total = np.cumsum(share / share.sum())
            items = np.searchsorted(total, rng.random(n), side="right")
            return each, np.minimum(items, spec["catalogue"] - 1)
    return each, each


def _shells(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The first n cells of an infinite square, shell by shell: shell m holds max(u, i) = m.

    Within a shell user m with items 0 … m − 1 alternates with item m with users 0 … m − 1; the
    corner (m, m) comes last.
    """
    rank = np.arange(n)
    shell = np.sqrt(rank).astype(int)
    shell += (shell + 1) ** 2 <= rank  # should a root have been rounded down
    shell -= shell**2 > rank
    other, side = np.divmod(rank - shell**2, 2)
    return np.where(side == 0, shell, other), np.where(side == 0, other, shell)


def seen(seed: int, spec: dict, replicate: int, ratings: np.ndarray) -> np.ndarray:
    """Mask [n] of the ratings that are observed: r with probability 1/(1 + exp(−r)) if not at
    random, all of them otherwise.
    """
    if spec.get("sampling") != "not_at_random":
        return np.ones(len(ratings), dtype=bool)
    chance = generator(seed, spec, "selection", replicate).random(len(ratings))
    return chance < 1.0 / (1.0 + np.exp(-ratings))
