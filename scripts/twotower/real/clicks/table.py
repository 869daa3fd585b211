"""Clicks as numbers: what every method for clicks reads.

>>> clicks = clicks_of(read("clicks", "my-folder"))
>>> clicks.pairs(clicks.order[:1000])    # the first thousand clicks, with covariates
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twotower.base.values import complaint
from twotower.data.pairs import TablePairs
from twotower.real import encoding
from twotower.real.clicks import reading
from twotower.real.ratings import RealRatings
from twotower.real.reading.faults import RatingsFileError
from twotower.real.reading.files import RawClicks

FEWEST_CLICKS = 200
FEWEST_CHOSEN = 10
"""Users, and items."""


@dataclass(frozen=True)
class Clicks:
    """Clicks of one source.

    Attributes:
        users, items: int64 [n], rows of the covariates; a pair may stand there several times.
        times: float64 [n], seconds since 1970.
        order: int64 [n], rows of the clicks from the earliest to the latest; equal times are in the
            order of the file.
        user_covariates, item_covariates: float64 [n_users, D_u], [n_items, D_i].
        item_shares: float64 [n_items], each item's share of all clicks; they sum to 1.
    """

    users: np.ndarray
    items: np.ndarray
    times: np.ndarray
    order: np.ndarray
    user_covariates: np.ndarray
    item_covariates: np.ndarray
    item_shares: np.ndarray

    def pairs(self, rows: np.ndarray | slice) -> TablePairs:
        """Users and items of some clicks, with their covariates."""
        sides = self.users[rows], self.items[rows]
        return TablePairs(*sides, self.user_covariates, self.item_covariates)

    def shares(self, rows: np.ndarray | slice) -> np.ndarray:
        """The share that the item of each of some clicks has of all clicks, float64 [m]."""
        return self.item_shares[self.items[rows]]


def read(source: str, place: str | Path) -> RawClicks:
    """What stands in the user's files, of a source of `layouts.CLICK_SOURCES`.

    Raises:
        RatingsFileError: for the first thing that is wrong, and for fewer clicks, users or items
            than suffice to learn and to measure.
    """
    raw = reading.read(source, place)
    counts = {
        "clicks": (len(raw.users), FEWEST_CLICKS),
        "users": (raw.user_entities.count, FEWEST_CHOSEN),
        "items": (raw.item_entities.count, FEWEST_CHOSEN),
    }
    for name, (count, fewest) in counts.items():
        if count < fewest:
            hint = "fewer do not suffice to learn and to measure"
            text = complaint(f"{count} {name}", f"at least {fewest}", hint)
            raise RatingsFileError(f"{place}: {text}")
    return raw


def clicks_of(raw: RawClicks) -> Clicks:
    """Clicks with encoded covariates (`encoding.encoded`), their order, and the items' shares."""
    user_covariates, _ = encoding.encoded(raw.user_entities)
    item_covariates, _ = encoding.encoded(raw.item_entities)
    counts = np.bincount(raw.items, minlength=raw.item_entities.count)
    return Clicks(
        raw.users,
        raw.items,
        raw.times,
        np.argsort(raw.times, kind="stable"),
        user_covariates,
        item_covariates,
        counts / counts.sum(),
    )


def as_ratings(
    users: np.ndarray,
    items: np.ndarray,
    times: np.ndarray,
    user_covariates: np.ndarray,
    item_covariates: np.ndarray,
) -> RealRatings:
    """Clicks in the form of ratings that are all 1: so are the ends of their scale, by which they
    are told from ratings.
    """
    ones = np.ones(len(users))
    whole = times.astype(np.int64)
    return RealRatings(users, items, ones, whole, user_covariates, item_covariates, np.ones(2))
