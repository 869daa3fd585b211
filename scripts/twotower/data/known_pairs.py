"""Pairs of known and of new users and items, in the design that rates users and items again.

A user is known at n ratings who has at least one of the first n. Methods that remember users can
say something of pairs of known users and items alone, so that is where the risk of the design
`repeated` is measured: on pairs that are not rated, all as likely. (Where no such pair is left, on
rated ones.) Beside it stand the risks on pairs with a new user, a new item, or both, and on known
pairs by the number of ratings that the user, or the item, has.
"""

import numpy as np

from twotower.base.seeds import generator
from twotower.data import sampling
from twotower.data.groups import MOST_PAIRS, PAIR_KINDS
from twotower.data.ratings import draw_side
from twotower.data.targets import TOWERS, Target

NEW = 1024
"""New users, and new items."""


def draw(
    seed: int, spec: dict, targets: dict[int, Target], sizes: list[int], most: int
) -> dict[str, np.ndarray]:
    """Users and items of several replicates, and the pairs of them that are judged at each size.

    Args:
        sizes: sample sizes.
        most: pairs of each kind; no more than `groups.MOST_PAIRS` are drawn, with replacement.

    Returns:
        With a leading axis of replicates `pool_user_coordinates` [m + NEW, d_u],
        `pool_user_covariates` and `pool_user_embeddings`: the m users of the largest size under
        their numbers, then new ones; the same for items. For each size n `n/users` and `n/items`,
        numbers in the pools, int64 [4, pairs] by `PAIR_KINDS`, and `n/user_past` and `n/item_past`,
        the ratings of each [m + NEW].

    Example, with `spec` as in that of `targets.draw_target`:
        >>> again = spec | {"sampling": "repeated", "ratings_each": 8}
        >>> draw(1, again, {0: draw_target(1, again, 0)}, [128], 50)["128/users"].shape
        (1, 4, 50)
    """
    rows = [_drawn(seed, spec, target, r, sizes, most) for r, target in targets.items()]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _drawn(seed, spec, target, replicate, sizes, most) -> dict[str, np.ndarray]:
    numbers = sampling.numbers(seed, spec, replicate, max(sizes))
    count = int(sampling.known(spec["ratings_each"], max(sizes)))
    found = {}
    for tower in TOWERS:
        of_tower = (seed, spec, target, replicate, tower)
        kept, new = draw_side(*of_tower, count, "train"), draw_side(*of_tower, NEW, "test")
        for name, *parts in zip(
            ("coordinates", "covariates", "embeddings"), kept, new, strict=True
        ):
            found[f"pool_{tower}_{name}"] = np.concatenate(parts)
    for n in sizes:
        rng = generator(seed, spec, f"known_pairs_{n}", replicate)
        rated = [side[:n] for side in numbers]
        unrated = _unrated(rng, *rated, min(most, MOST_PAIRS))
        for tower, side, known, new_in in zip(TOWERS, rated, unrated, (1, 2), strict=True):
            found[f"{n}/{tower}s"] = _kinds(rng, side, known, count, new_in)
            found[f"{n}/{tower}_past"] = np.bincount(side, minlength=count + NEW)
    return found


def _kinds(rng, rated: np.ndarray, known: np.ndarray, count: int, new_in: int) -> np.ndarray:
    """Rows of one side in the four kinds; it is new in the kind `new_in`, and in the last."""
    rows = np.empty((len(PAIR_KINDS), len(known)), dtype=np.int64)
    rows[0] = known
    rows[1:] = rng.choice(np.unique(rated), size=(3, len(known)))
    rows[[new_in, 3]] = count + rng.integers(NEW, size=(2, len(known)))
    return rows


def _unrated(
    rng: np.random.Generator, users: np.ndarray, items: np.ndarray, pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    """So many pairs of known users and items that are not rated, each as likely.

    Among them rated ones where a hundred times as many draws do not suffice.
    """
    base = int(items.max()) + 1
    taken = np.unique(users * base + items)
    known = np.unique(users), np.unique(items)
    found = np.empty(0, dtype=np.int64)
    for _ in range(100):
        drawn = rng.choice(known[0], size=pairs) * base + rng.choice(known[1], size=pairs)
        found = np.concatenate([found, drawn[~np.isin(drawn, taken)]])
        if len(found) >= pairs:
            return np.divmod(found[:pairs], base)
    return np.divmod(np.concatenate([found, drawn])[:pairs], base)
