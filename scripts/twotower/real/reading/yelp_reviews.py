"""Yelp's reviews: a few numbers for each are held, and of whole users that a sample draws.

Six million reviews as objects of Python would take gigabytes; as columns they take 25 bytes each.
"""

import heapq
import math
from array import array
from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from twotower.base.identity import digest
from twotower.real.reading.json_lines import Record, objects

ANOTHER = "give each of Yelp's files the name that it was published under"
_YEARS = (2004, 2100)  # Yelp began in October 2004
_COLUMNS = {"lines": "q", "users": "i", "items": "i", "stars": "b", "times": "q"}


@dataclass(frozen=True)
class Reviews:
    """Reviews in the order of their lines.

    Attributes:
        lines: int64 [n], of the file, the first is 1.
        users, items: int32 [n], places in the two lists of ids.
        stars: int8 [n].
        times: int64 [n], seconds since 1970.
        user_ids, item_ids: ids in the order of their first review; of some there is none here.
    """

    lines: np.ndarray
    users: np.ndarray
    items: np.ndarray
    stars: np.ndarray
    times: np.ndarray
    user_ids: list[str]
    item_ids: list[str]

    def take(self, rows: np.ndarray) -> "Reviews":
        """The reviews in these rows, whole numbers or a mask."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def named(self, side: str) -> set[str]:
        """The ids of a side, "users" or "items", that have a review here."""
        ids = self._ids(side)
        return {ids[place] for place in np.unique(getattr(self, side)).tolist()}

    def known(self, side: str, those: Container[str]) -> np.ndarray:
        """Whether the side's id of each review is among those, a mask [n]."""
        known = np.zeros(len(self._ids(side)), bool)
        for place in np.unique(getattr(self, side)).tolist():
            known[place] = self._ids(side)[place] in those
        return known[getattr(self, side)]

    def numbered(self, side: str) -> tuple[np.ndarray, list[str]]:
        """Rows [n], int64, among the side's sorted ids that have a review, and these ids."""
        ids = self._ids(side)
        present = np.unique(getattr(self, side)).tolist()
        present.sort(key=ids.__getitem__)
        row = np.zeros(len(ids), np.int64)
        row[present] = np.arange(len(present))
        return row[getattr(self, side)], [ids[place] for place in present]

    def _ids(self, side: str) -> list[str]:
        return self.user_ids if side == "users" else self.item_ids


def drawn(path: Path, most: int | None, seed: int) -> Reviews:
    """The reviews of the users drawn, at most `most`, or of all users for None.

    A user whose key, the SHA-256 of (seed, user), is too large for the sample is dropped as soon as
    that shows, and with it any later review of it: what stays is the longest run of smallest keys
    that fits.

    Raises:
        RatingsFileError: for the first line that is wrong.
    """
    columns = {name: array(code) for name, code in _COLUMNS.items()}
    places: dict[str, int] = {}
    items: dict[str, int] = {}
    held = array("q")  # reviews of each user; −1 once it is dropped
    largest: list[tuple[int, int]] = []  # keys negated: the largest is on top
    total, limit = 0, math.inf
    for one in objects(path):
        row = _row(one)
        user, business = row[1], row[2]
        place = places.get(user)
        if place is None:
            if most is not None:
                key = int.from_bytes(digest({"seed": seed, "user": user})[:8], "big")
                if key >= limit:
                    continue
                heapq.heappush(largest, (-key, len(places)))
            place = places[user] = len(places)
            held.append(0)
        elif held[place] < 0:
            continue
        held[place] += 1
        total += 1
        of_row = (row[0], place, items.setdefault(business, len(items)), *row[3:])
        for column, value in zip(columns.values(), of_row, strict=True):
            column.append(value)
        while most is not None and total > most:
            key, last = heapq.heappop(largest)
            total -= held[last]
            held[last] = -1
            limit = -key
        if most is not None and len(columns["lines"]) > 2 * most + _LEAST_HELD:
            columns = _without_dropped(columns, held)
    columns = _without_dropped(columns, held)
    return Reviews(*map(np.array, columns.values()), list(places), list(items))


_LEAST_HELD = 10_000  # reviews: below, dropped ones do not matter


def _without_dropped(columns: dict[str, array], held: array) -> dict[str, array]:
    """The columns without reviews of users that were dropped."""
    stays = np.array(held)[np.array(columns["users"])] >= 0
    return {
        name: array(_COLUMNS[name], np.array(column)[stays].tobytes())
        for name, column in columns.items()
    }


def latest(reviews: Reviews) -> tuple[Reviews, list[str]]:
    """The latest review of each user and business, in the order of lines, and what was left out.

    Of equal times the later line counts.
    """
    pair = reviews.users.astype(np.int64) * len(reviews.item_ids) + reviews.items
    order = np.lexsort((reviews.lines, reviews.times, pair))
    pair, times = pair[order], reviews.times[order]
    ends = np.r_[pair[1:] != pair[:-1], True]
    last = np.flatnonzero(ends)[np.cumsum(ends) - ends]  # of each review's pair
    earlier, equal = int((~ends).sum()), int((times == times[last]).sum() - ends.sum())
    notes = [f"{earlier:,} earlier reviews of the same business left out"]
    if equal:
        notes.append(f"{equal:,} of these have the date of the one that counts, and stand above it")
    return reviews.take(np.sort(order[ends])), notes


def _row(one: Record) -> tuple[int, str, str, int, int]:
    """Line, user, business, stars and seconds."""
    user, business = one.text("user_id", ANOTHER), one.text("business_id", ANOTHER)
    stars = one.values.get("stars")
    if type(stars) not in (int, float) or stars not in (1, 2, 3, 4, 5):
        raise one.fault("stars", "1, 2, 3, 4 or 5, a number without quotes")
    return one.line, user, business, int(stars), int(date_of(one, "date").timestamp())


def date_of(one: Record, key: str) -> datetime:
    """A date, with a time of day or without; where no zone is given it is UTC.

    Raises:
        RatingsFileError: for a text that is no date, or one before Yelp began.
    """
    text = one.text(key, "write dates as text")
    try:
        date = datetime.fromisoformat(f"{text}-01" if len(text) == len("2018-07") else text)
    except ValueError:
        date = datetime.min
    if not _YEARS[0] <= date.year < _YEARS[1]:
        raise one.fault(key, f"such as 2018-07-07 22:09:11, from {_YEARS[0]} on")
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
