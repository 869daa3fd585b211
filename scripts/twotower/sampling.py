"""Which pairs are rated: designs other than a fresh user and a fresh item for each rating.

Users and items are numbered in the order in which they were drawn. Every design gives the same
first rows whatever the number of ratings, so that smaller samples are prefixes of larger ones.
"""

from collections.abc import Callable, Iterator

import numpy as np

from twotower.seeds import generator

AGAIN = {"grid": ("user", "item"), "fixed_users": ("user",), "popularity": ("item",)}
"""Towers whose users or items may be rated more than once, by design."""


def numbers(seed: int, spec: dict, replicate: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """User and item of each of n ratings, as whole numbers [n] from 0.

    `fresh` and `not_at_random` have a new user and a new item each time. `grid` is the square of
    the first m users and items, for growing m. `fixed_users` takes a user of its catalogue at
    random, `popularity` the j-th item of its catalogue with probability ∝ 1/j.
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
            case _:
                yield each, each


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
