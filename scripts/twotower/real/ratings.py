"""Real ratings with their covariates as matrices: what every later step reads."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.base import tensors
from twotower.base.values import complaint
from twotower.real import encoding
from twotower.real.reading import movielens, yelp
from twotower.real.reading.files import RawRatings
from twotower.real.reading.layouts import RatingsFileError

FEWEST_RATINGS = 200
"""Of fewer no split leaves anything to learn from."""
FEWEST_RATED = 10
"""Users, and items: a fifth of both are held out in cold splits."""
FEWEST_OTHERS, LEAST_OTHERS = 20, 0.01
"""Ratings, and their share, that differ from the commonest one. Of 20 a test part, a fifth, holds
four on average, of fewer often none; with a smaller share the commonest rating is right more than
99 times in 100, and errors are those of a few ratings."""


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


READERS: dict[str, Callable[[str | Path, int | None, int], RawRatings]] = {
    "movielens": lambda place, most, seed: movielens.read(place),
    "yelp": yelp.read,
}
"""By source in `layouts.SOURCES`, what reads its files."""


def read_source(source: str, place: str | Path, most: int | None, seed: int) -> RawRatings:
    """What stands in the user's files; `most` and `seed` draw a sample of Yelp's.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    raw = READERS[source](place, most, seed)
    if len(raw.ratings) < FEWEST_RATINGS:
        raise RatingsFileError(
            f"{place}: {len(raw.ratings)} ratings; allowed: at least {FEWEST_RATINGS}; "
            "fewer do not suffice to learn and to measure"
        )
    for side, ids in (("users", raw.users), ("items", raw.items)):
        if (count := len(np.unique(ids))) < FEWEST_RATED:
            raise RatingsFileError(
                f"{place}: ratings of {count} {side}; allowed: at least {FEWEST_RATED}; with "
                "fewer, nobody can be held out as new"
            )
    _check_spread(raw.ratings, place)
    return raw


def _check_spread(ratings: np.ndarray, place: str | Path) -> None:
    """Refuse ratings [n] of which all, or nearly all, are equal."""
    values, counts = np.unique(ratings, return_counts=True)
    others, least = len(ratings) - counts.max(), LEAST_OTHERS * len(ratings)
    if others >= max(FEWEST_OTHERS, least):
        return
    common = f"{values[counts.argmax()]:g}"
    found = f"all {len(ratings):,} ratings are {common}"
    if others:
        found = f"{others:,} of {len(ratings):,} ratings differ from {common}, the commonest one"
    allowed = f"at least {max(FEWEST_OTHERS, math.ceil(least)):,} that differ from it"
    hint = (
        "such ratings teach nothing; purchases, clicks and views are no ratings, no method here is "
        "for them: give grades, such as how often each user bought an item, cut to the scale"
    )
    raise RatingsFileError(f"{place}: {complaint(found, allowed, hint)}")


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
    if raw.times.min() == raw.times.max():
        facts.append(("note", "all times are equal: the split by time is by the file's order"))
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
