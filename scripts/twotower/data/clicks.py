"""Clicks with the truth beside them: implicit feedback, where what is not clicked says little.

Each user comes, is offered a catalogue, and clicks on one item (`catalogue`); with `clicks_each` on
several, one after the other. Smaller samples are prefixes of larger ones.
"""

import numpy as np

from twotower.base.seeds import generator
from twotower.data.catalogue import Catalogue
from twotower.data.groups import USERS_JUDGED
from twotower.data.ratings import CHUNK, draw_side, training_shapes
from twotower.data.targets import Target

_ITEMS = ("covariates", "log_popularity", "log_share")


def shapes(spec: dict, replicates: int, n_clicks: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the columns that `fill` fills: those of `ratings.training_shapes`, and `items`,
    `catalogue_covariates`, `catalogue_log_popularity` and `catalogue_log_share`.
    """
    count = spec["catalogue"]
    found = training_shapes(spec, replicates, n_clicks)
    found["items"] = (replicates, n_clicks)
    found["catalogue_covariates"] = (replicates, count, spec["item_ambient_dim"])
    return found | {f"catalogue_{name}": (replicates, count) for name in _ITEMS[1:]}


def fill(
    columns: dict,
    seed: int,
    spec: dict,
    targets: dict[int, Target],
    catalogues: dict[int, Catalogue],
    n_clicks: int,
) -> None:
    """The first n clicks of several replicates, each on its own catalogue, into columns of
    `shapes`.

    `items` holds the numbers of the items in the catalogue, as float64; `signal` is R*/τ of the
    pairs, and `ratings` is 1: all that is known of a pair is that it was clicked. `item_covariates`
    and `item_coordinates` repeat those of the clicked items.
    """
    each = spec["clicks_each"]
    users = max(1, CHUNK // spec["catalogue"])
    for row, (replicate, target) in enumerate(targets.items()):
        items = catalogues[replicate]
        every = slice(0, spec["catalogue"])
        for name in _ITEMS:
            columns[f"catalogue_{name}"][row, every] = getattr(items, name)
        count = -(-n_clicks // each)
        side = draw_side(seed, spec, target, replicate, "user", count, "train")
        rng = generator(seed, spec, "clicks", replicate)
        for first in range(0, count, users):
            known = [column[first : first + users].repeat(each, axis=0) for column in side]
            place = slice(first * each, min((first + users) * each, n_clicks))
            known = [column[: place.stop - place.start] for column in known]
            chosen = items.choose(known[2], rng.random(len(known[2])))
            columns["user_coordinates"][row, place] = known[0]
            columns["user_covariates"][row, place] = known[1]
            columns["item_coordinates"][row, place] = items.coordinates[chosen]
            columns["item_covariates"][row, place] = items.covariates[chosen]
            columns["items"][row, place] = chosen.astype(float)
            columns["signal"][row, place] = (known[2] * items.embeddings[chosen]).sum(axis=1)
            columns["ratings"][row, place] = 1.0


def draw_test(
    seed: int,
    spec: dict,
    targets: dict[int, Target],
    catalogues: dict[int, Catalogue],
    test_pairs: int,
) -> dict[str, np.ndarray]:
    """Fresh users of several replicates, and the catalogues that they are offered.

    Args:
        test_pairs: users are as many, at most `USERS_JUDGED`.

    Returns:
        `user_covariates` [B, m, D_u], `user_embeddings` [B, m, p], `catalogue_covariates`
        [B, N, D_i], `catalogue_embeddings` [B, N, p], whose product is R*/τ, and
        `catalogue_log_popularity` and `catalogue_log_share`, [B, N].
    """
    found = []
    for replicate, target in targets.items():
        place = (seed, spec, target, replicate)
        _, covariates, embeddings = draw_side(*place, "user", min(test_pairs, USERS_JUDGED), "test")
        items = catalogues[replicate]
        names = (*_ITEMS, "embeddings")
        columns = {f"catalogue_{name}": getattr(items, name) for name in names}
        found.append(columns | {"user_covariates": covariates, "user_embeddings": embeddings})
    return {name: np.stack([each[name] for each in found]) for name in found[0]}
