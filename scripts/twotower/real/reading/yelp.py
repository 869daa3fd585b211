"""The Yelp Open Dataset: JSON lines of reviews, users and businesses, read one at a time.

The data are Yelp's, are read where the user keeps them, and are not passed on. Of users only what
no rating goes into is used: their average stars and counts of reviews hold the ratings to be
predicted, and so do a business's.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from twotower.base.identity import digest
from twotower.real.reading.faults import fault
from twotower.real.reading.files import ONE_RELEASE, Entities, RawRatings
from twotower.real.reading.json_lines import UNKNOWN, Record, objects
from twotower.real.reading.layouts import inputs

LICENCE = (
    "Yelp Dataset Terms of Use: for academic and personal use; no redistribution; see the "
    "agreement in the archive"
)
MOST_CATEGORIES = 100
"""The commonest categories are covariates; a business has several of over a thousand."""
MOST_LOST = 0.01
"""Of the reviews: whose user or business has no line. A release lacks the lines of a few users; of
files of two releases far more do not fit one another.
"""
_PRICES = ("RestaurantsPriceRange2", "Price Range")  # as newer and older releases call it
_ANOTHER = "give each of Yelp's files the name that it was published under"
_YEARS = (2004, 2100)  # Yelp began in October 2004


def read(place: str | Path, most: int | None = None, seed: int = 0) -> RawRatings:
    """Ratings and covariates; each file is passed once, and only the sample is held.

    Args:
        most: reviews, at most. Whole users are drawn, so that those who are drawn keep their
            past: by the SHA-256 of (seed, user), the smallest first, as many as fit.
        seed: of that draw.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    review_path, user_path, business_path = (Path(one) for one in inputs("yelp", place))
    reviews = _reviews(review_path, most, seed)
    if not reviews:  # the file is not empty
        found = f"the first user that is drawn has more than {most:,} reviews"
        hint = f"draw more, as --config yelp_reviews={10 * most}"
        raise fault(review_path, None, found, "a sample of whole users", hint)
    kept, notes = _latest(reviews)
    people = _entities(user_path, "user_id", {one[1] for one in kept}, _person)
    places = _entities(business_path, "business_id", {one[2] for one in kept}, _business)
    whole = [one for one in kept if one[1] in people and one[2] in places]
    if len(whole) < len(kept):
        notes.append(_lost(review_path, kept, people, places, user_path, business_path))
    if most:
        notes.append(f"whole users drawn with key {seed}, at most {most:,} reviews")
    kept = whole
    users, user_ids = _numbered([one[1] for one in kept])
    items, item_ids = _numbered([one[2] for one in kept])
    return RawRatings(
        "Yelp Open Dataset",
        LICENCE,
        users,
        items,
        np.array([one[3] for one in kept]),
        np.array([one[4] for one in kept], dtype=np.int64),
        _people([people[one] for one in user_ids]),
        _businesses([places[one] for one in item_ids]),
        (1.0, 5.0),
        tuple(notes),
    )


def _latest(reviews: list[tuple]) -> tuple[list[tuple], list[str]]:
    """The latest review of each user and business, in the order of lines, and what was left out."""
    latest: dict[tuple[str, str], tuple] = {}
    for one in sorted(reviews):  # by line
        if one[4] >= latest.setdefault((one[1], one[2]), one)[4]:
            latest[one[1], one[2]] = one
    equal = sum(one[4] == latest[one[1], one[2]][4] for one in reviews) - len(latest)
    notes = [f"{len(reviews) - len(latest):,} earlier reviews of the same business left out"]
    if equal:
        notes.append(f"{equal:,} of these have the date of the one that counts, and stand above it")
    return sorted(latest.values()), notes


def _lost(path: Path, kept: list[tuple], people: dict, places: dict, *files: Path) -> str:
    """What is told of reviews without a line of their user or business, if they are few."""
    lost = [one for one in kept if one[1] not in people or one[2] not in places]
    line, user, business = lost[0][:3]
    of = f"user {user} has" if user not in people else f"business {business} has"
    file = files[user in people].name
    found = f"{len(lost):,} of {len(kept):,} reviews have no line of their user or business"
    if len(lost) > MOST_LOST * len(kept):
        text = f"{of} no line in {file}; {found}"
        raise fault(path, line, text, f"at most {MOST_LOST:.0%} of them", ONE_RELEASE)
    return f"{found} and are left out; the first is on line {line:,}: {of} none in {file}"


def _reviews(path: Path, most: int | None, seed: int) -> list[tuple]:
    """(line, user, business, stars, seconds) of the users drawn.

    A user whose key is too large for the sample is dropped as soon as that shows, and with it any
    later review of it: what stays is the longest run of smallest keys that fits.
    """
    drawn: dict[str, list[tuple]] = {}
    largest: list[tuple[int, str]] = []  # keys negated: the largest is on top
    total, limit = 0, math.inf
    for one in objects(path):
        user, business = one.text("user_id", _ANOTHER), one.text("business_id", _ANOTHER)
        stars = one.values.get("stars")
        if type(stars) not in (int, float) or stars not in (1, 2, 3, 4, 5):
            raise one.fault("stars", "1, 2, 3, 4 or 5, a number without quotes")
        row = (one.line, user, business, float(stars), int(_date(one, "date").timestamp()))
        if most is not None and user not in drawn:
            key = int.from_bytes(digest({"seed": seed, "user": user})[:8], "big")
            if key >= limit:
                continue
            heapq.heappush(largest, (-key, user))
        drawn.setdefault(user, []).append(row)
        total += 1
        while most is not None and total > most:
            key, last = heapq.heappop(largest)
            total -= len(drawn.pop(last))
            limit = -key
    return [row for rows in drawn.values() for row in rows]


def _date(one: Record, key: str) -> datetime:
    """A date, with a time of day or without; where no zone is given it is UTC."""
    text = one.text(key, "write dates as text")
    try:
        date = datetime.fromisoformat(f"{text}-01" if len(text) == len("2018-07") else text)
    except ValueError:
        date = datetime.min
    if not _YEARS[0] <= date.year < _YEARS[1]:
        raise one.fault(key, f"such as 2018-07-07 22:09:11, from {_YEARS[0]} on")
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def _numbered(ids: list[str]) -> tuple[np.ndarray, list[str]]:
    """Rows [n] of ids among the sorted distinct ones, and these."""
    unique = sorted(set(ids))
    row = {one: place for place, one in enumerate(unique)}
    return np.array([row[one] for one in ids], dtype=np.int64), unique


def _entities(
    path: Path, key: str, wanted: set[str], parsed: Callable[[Record], dict]
) -> dict[str, Any]:
    """What is known of the wanted ids, by id; an id without a line is left out."""
    found: dict[str, Any] = {}
    for one in objects(path):
        name = one.text(key, _ANOTHER)
        if name in found:
            text = f"{key} {name} stands there again"
            raise fault(path, one.line, text, "one line for each id", "keep one of the lines")
        if name in wanted:
            found[name] = parsed(one)
    return found


def _person(one: Record) -> dict[str, float]:
    since = _date(one, "yelping_since")
    years = since.year + (since.timetuple().tm_yday - 1) / 365.25
    return {"since": years, "friends": math.log1p(len(one.texts("friends")))}


def _business(one: Record) -> dict[str, Any]:
    return {
        "state": one.known_text("state"),
        "price": _price(one),
        "latitude": one.number("latitude", -90, 90),
        "longitude": one.number("longitude", -180, 180),
        "categories": tuple(sorted(set(one.texts("categories")))),
    }


def _price(one: Record) -> float:
    """1 to 4, or NaN where nothing is known; releases write 2, "2" or "u'2'"."""
    attributes = one.mapping("attributes")
    given = [(name, attributes[name]) for name in _PRICES if name in attributes]
    for name, value in given[:1]:
        text = value.strip("u'\" ") if isinstance(value, str) else value
        if text in (None, "None", ""):
            return math.nan
        if isinstance(text, bool) or str(text).removesuffix(".0") not in ("1", "2", "3", "4"):
            inner = Record(one.path, one.line, {name: value})
            raise inner.fault(name, "1, 2, 3, 4 or null", UNKNOWN)
        return float(text)
    return math.nan


def _people(found: list[dict]) -> Entities:
    names = ("since", "friends")
    numbers = {name: np.array([one[name] for one in found]) for name in names}
    return Entities(len(found), numbers, {}, {}, {})


def _businesses(found: list[dict]) -> Entities:
    names = ("price", "latitude", "longitude")
    numbers = {name: np.array([one[name] for one in found]) for name in names}
    counts = Counter(name for one in found for name in one["categories"])
    common = {name for name, _ in sorted(counts.items(), key=_commonest)[:MOST_CATEGORIES]}
    sets = [tuple(name for name in one["categories"] if name in common) for one in found]
    states = {"state": [one["state"] for one in found]}
    return Entities(len(found), numbers, states, {"categories": sets}, {})


def _commonest(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]
