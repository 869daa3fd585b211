"""Real ratings with their covariates as matrices: what every later step reads."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twotower import encoding, movielens, tensors, yelp
from twotower.layouts import RatingsFileError
from twotower.rating_files import RawRatings

FEWEST_RATINGS = 200
"""Of fewer no split leaves anything to learn from."""
FEWEST_RATED = 10
"""Users, and items: a fifth of both are held out in cold splits."""


@dataclass(frozen=True)
class RealRatings:
    """Ratings of one source.

    Attributes:
        users, items: int64 [n], rows of the covariates.
        ratings: float64 [n].
        times: int64 [n], seconds since 1970.
        user_covariates, item_covariates: float64 [n_users, D_u], [n_items, D_i].
        scale: float64 [2], lowest and highest rating of the layout.
    """

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    times: np.ndarray
    user_covariates: np.ndarray
    item_covariates: np.ndarray
    scale: np.ndarray


def read_source(source: str, place: str | Path, most: int | None, seed: int) -> RawRatings:
    """What stands in the user's files; `most` and `seed` draw a sample of Yelp's.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    raw = movielens.read(place) if source == "movielens" else yelp.read(place, most, seed)
    if len(raw.ratings) < FEWEST_RATINGS:
        raise RatingsFileError(
            f"{place}: {len(raw.ratings)} ratings; allowed: at least {FEWEST_RATINGS}; "
            "of fewer nothing can be learned and measured"
        )
    for side, ids in (("users", raw.users), ("items", raw.items)):
        if (count := len(np.unique(ids))) < FEWEST_RATED:
            raise RatingsFileError(
                f"{place}: ratings of {count} {side}; allowed: at least {FEWEST_RATED}; of fewer "
                "none can be held out as new"
            )
    return raw


def prepared(raw: RawRatings) -> tuple[RealRatings, pd.DataFrame]:
    """Ratings with encoded covariates, and a table of what they are: `item`, `value`."""
    user_covariates, user_names = encoding.encoded(raw.user_entities)
    item_covariates, item_names = encoding.encoded(raw.item_entities)
    data = RealRatings(
        raw.users,
        raw.items,
        raw.ratings,
        raw.times,
        user_covariates,
        item_covariates,
        np.array(raw.scale),
    )
    facts = [
        ("data", raw.title),
        ("licence", raw.licence),
        ("ratings", len(raw.ratings)),
        ("users", len(user_covariates)),
        ("items", len(item_covariates)),
        ("mean rating", f"{raw.ratings.mean():.4f}"),
        ("sd of ratings", f"{raw.ratings.std():.4f}"),
        ("user covariates", _listed(user_names)),
        ("item covariates", _listed(item_names)),
        *(("note", note) for note in raw.notes),
    ]
    return data, pd.DataFrame(facts, columns=["item", "value"])


def write(path: str | Path, data: RealRatings) -> None:
    """Write to a safetensors file."""
    tensors.write(path, {name: getattr(data, name) for name in RealRatings.__annotations__})


def read(path: str | Path) -> RealRatings:
    """Read what `write` wrote."""
    return RealRatings(**tensors.read(path))


def _listed(names: list[str]) -> str:
    """Such as "age (1), gender (2)": covariates with their numbers of columns."""
    return ", ".join(f"{name} ({names.count(name)})" for name in dict.fromkeys(names))
