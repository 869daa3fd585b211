"""Which pairs are rated: designs other than a fresh user and a fresh item for each rating.

Users and items are numbered in the order in which they were drawn. Every design gives the same
first rows whatever the number of ratings, so that smaller samples are prefixes of larger ones.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from twotower.base.seeds import generator

AGAIN = {
    "grid": ("user", "item"),
    "fixed_users": ("user",),
    "popularity": ("item",),
    "repeated": ("user", "item"),
}
"""Towers whose users or items may be rated more than once, by design."""

FEWEST_KNOWN = 16
"""Users, and items, that the design `repeated` starts with."""


def numbers(seed: int, spec: dict, replicate: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """User and item of each of n ratings, as whole numbers [n] from 0.

    `fresh` and `not_at_random` have a new user and a new item each time. `grid` is the square of
    the first m users and items, for growing m. `fixed_users` takes a user of its catalogue at
    random, `popularity` the j-th item of its catalogue with probability ∝ 1/j. `repeated` takes
    both at random from those known, `known(ratings_each, n)` of each at the n-th rating.

    Example:
        >>> users, items = numbers(1, {"sampling": "grid"}, 0, 4)
        >>> sorted(zip(users.tolist(), items.tolist()))
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return next(number_chunks(seed, spec, replicate, n, n))


def number_chunks(
    seed: int, spec: dict, replicate: int, n: int | None, rows: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`numbers` of n ratings (None: without end), `rows` of them at a time."""
    rng = generator(seed, spec, "design", replicate)
    design = spec.get("sampling", "fresh")
    if design == "popularity":
        share = 1.0 / np.arange(1, spec["catalogue"] + 1)
        total = np.cumsum(share / share.sum())
    start = 0
    while n is None or start < n:
        each = np.arange(start, start + rows if n is None else min(start + rows, n))
        start += rows
        match design:
            case "grid":
                yield _shells(each)
            case "fixed_users":
                yield rng.integers(spec["catalogue"], size=len(each)), each
            case "popularity":
                items = np.searchsorted(total, rng.random(len(each)), side="right")
                yield each, np.minimum(items, spec["catalogue"] - 1)
            case "repeated":
                most = known(spec["ratings_each"], each + 1)
                drawn = (rng.random((len(each), 2)) * most[:, None]).astype(int)
                # a product that is rounded up
                yield tuple(np.minimum(side, most - 1) for side in drawn.T)
            case _:
                yield each, each


def known(ratings_each: int, n: np.ndarray | int) -> np.ndarray:
    """Users, and as many items, among which the n-th rating (counted from 1) of the design
    `repeated` is drawn: max(16, ⌈n/ratings_each⌉).

    Those who came early have had more chances: they have more ratings than those who came late.
    """
    return np.maximum(FEWEST_KNOWN, -(-np.asarray(n) // ratings_each))


def _shells(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells of an infinite square, numbered shell by shell: shell m holds max(u, i) = m.

    Within a shell user m with items 0 … m − 1 alternates with item m with users 0 … m − 1; the
    corner (m, m) comes last.
    """
    shell = np.sqrt(rank).astype(int)
    shell += (shell + 1) ** 2 <= rank  # should a root have been rounded down
    shell -= shell**2 > rank
    other, side = np.divmod(rank - shell**2, 2)
    return np.where(side == 0, shell, other), np.where(side == 0, other, shell)


def selection(seed: int, spec: dict, replicate: int) -> Callable[[np.ndarray], np.ndarray]:
    """Which ratings are observed: a function from those that come next, [n], to a mask [n].

    Not at random: r with probability 1/(1 + exp(−r)); all of them otherwise.
    """
    rng = generator(seed, spec, "selection", replicate)

    def seen(ratings: np.ndarray) -> np.ndarray:
        if spec.get("sampling") != "not_at_random":
            return np.ones(len(ratings), dtype=bool)
        return rng.random(len(ratings)) < 1.0 / (1.0 + np.exp(-ratings))

    return seen


def bent(spec: Mapping) -> bool:
    """Whether observed ratings have another mean than R*: they are rounded, or seen by their value.

    `spec` holds a cell's data settings, or its columns.
    """
    rounded = spec.get("rating_scale", "exact") != "exact"
    return rounded or spec.get("sampling", "fresh") == "not_at_random"
