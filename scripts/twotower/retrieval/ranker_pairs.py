"""Pairs and labels that a ranker learns from: ratings, or clicks beside items that were offered.

Of clicks only what was clicked is known. Each click is one pair with the label 1, and for the same
user a few items are drawn from the catalogue by their popularity q, with the label 0. Item i is
clicked by user u in proportion to q(i) exp(R*(u, i)/τ) / Z(u), and offered in proportion to q(i).
The ratio is free of q: among the items of a user the mean label grows with R*(u, i), and so its
regression orders them as R* does (as in noise-contrastive estimation, Gutmann & Hyvärinen 2010).
"""

from typing import NamedTuple

import numpy as np

from twotower.data.targets import TOWERS

OFFERED = 4
"""Items that are drawn for each click."""
_RATED = tuple(f"{tower}_covariates" for tower in TOWERS) + ("ratings",)
_CLICKED = ("catalogue_covariates", "catalogue_log_popularity")


class Labelled(NamedTuple):
    """Covariates of both sides [m, D] and labels [m]."""

    users: np.ndarray
    items: np.ndarray
    labels: np.ndarray


def columns(data: dict) -> tuple[str, ...]:
    """The columns of a file of ratings, or clicks, that `of` asks for.

    Args:
        data: settings of the data (`Cell.data_spec`).
    """
    return _RATED + (_CLICKED if data.get("sampling") == "clicks" else ())


def of(known: dict[str, np.ndarray], n: int, rng: np.random.Generator) -> Labelled:
    """The pairs of the first n ratings, or clicks, of one target.

    Args:
        known: the target's `columns`: [m, D], ratings [m]; of a catalogue [N, D] and [N].
        n: how many are used.
        rng: decides what else was offered.
    """
    users, items, labels = (known[name][:n] for name in _RATED)
    if _CLICKED[0] not in known:
        return Labelled(users, items, labels)
    catalogue, popularity = known[_CLICKED[0]], np.exp(known[_CLICKED[1]])
    offered = rng.choice(len(catalogue), (n, OFFERED), p=popularity / popularity.sum())
    return Labelled(
        np.concatenate([users, users.repeat(OFFERED, axis=0)]),
        np.concatenate([items, catalogue[offered.ravel()]]),
        np.concatenate([labels, np.zeros(n * OFFERED)]),
    )
