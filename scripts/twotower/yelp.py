"""The Yelp Open Dataset: JSON lines of reviews, users and businesses, read one at a time.

The data are Yelp's, are read where the user keeps them, and are not passed on. Of users only what
no rating goes into is used: their average stars and counts of reviews hold the ratings to be
predicted, and so do a business's.
"""

import heapq
import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from twotower.identity import digest
from twotower.layouts import inputs
from twotower.rating_files import (
    Entities,
    RawRatings,
    check_whole,
    fault,
    shown,
)

LICENCE = (
    "Yelp Dataset Terms of Use: for academic and personal use; no redistribution; see the "
    "agreement in the archive"
)
MOST_CATEGORIES = 100
"""The commonest categories are covariates; a business has several of over a thousand."""


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
    latest: dict[tuple[str, str], tuple] = {}
    for one in sorted(reviews):  # by line
        pair = (one[1], one[2])
        if pair not in latest or one[4] >= latest[pair][4]:
            latest[pair] = one
    kept = sorted(latest.values())
    if not kept:
        raise fault(review_path, None, "it holds no review", "a review in each line")
    users, user_ids = _numbered([one[1] for one in kept])
    items, item_ids = _numbered([one[2] for one in kept])
    people = _entities(user_path, "user_id", user_ids, _person)
    places = _entities(business_path, "business_id", item_ids, _business)
    for path, side, found in ((user_path, 1, people), (business_path, 2, places)):
        lost = next((one for one in kept if one[side] not in found), None)
        if lost:
            text = f"{'user' if side == 1 else 'business'} {lost[side]} has no line in {path.name}"
            raise fault(review_path, lost[0], text, "ids of that file", "are they of one release?")
    notes = [f"{len(reviews) - len(kept):,} earlier reviews of the same business left out"]
    if most:
        notes.append(f"whole users drawn with key {seed}, at most {most:,} reviews")
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


def _reviews(path: Path, most: int | None, seed: int) -> list[tuple]:
    """(line, user, business, stars, seconds) of the users drawn.

    A user whose key is too large for the sample is dropped as soon as that shows, and with it any
    later review of it: what stays is the longest run of smallest keys that fits.
    """
    drawn: dict[str, list[tuple]] = {}
    largest: list[tuple[int, str]] = []  # keys negated: the largest is on top
    total, limit = 0, math.inf
    for line, one in _objects(path):
        user = _text(path, line, one, "user_id")
        business = _text(path, line, one, "business_id")
        stars = one.get("stars")
        if isinstance(stars, bool) or stars not in (1, 2, 3, 4, 5):
            raise fault(path, line, f"stars is {shown(str(stars))}", "1, 2, 3, 4 or 5")
        row = (line, user, business, float(stars), int(_date(path, line, one, "date").timestamp()))
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


def _objects(path: Path) -> Iterator[tuple[int, dict]]:
    """The number and the object of each line."""
    check_whole(path)
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                one = json.loads(line)
            except ValueError:
                one = None
            if not isinstance(one, dict):
                text = f"no JSON object: {shown(line.decode('utf-8', 'replace').strip())}"
                raise fault(path, number, text, "a JSON object in each line")
            yield number, one


def _text(path: Path, line: int, one: dict, key: str) -> str:
    value = one.get(key)
    if not isinstance(value, str) or not value:
        found = f"{key} is {shown(str(value))}" if key in one else f"{key} is missing"
        raise fault(path, line, found, "text", "is it another of Yelp's files?")
    return value


def _date(path: Path, line: int, one: dict, key: str) -> datetime:
    value = _text(path, line, one, key)
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except ValueError:
        raise fault(path, line, f"{key} is {shown(value)}", "such as 2018-07-07 22:09:11") from None


def _numbered(ids: list[str]) -> tuple[np.ndarray, list[str]]:
    """Rows [n] of ids among the sorted distinct ones, and these."""
    unique = sorted(set(ids))
    row = {one: place for place, one in enumerate(unique)}
    return np.array([row[one] for one in ids], dtype=np.int64), unique


def _entities(path: Path, key: str, ids: list[str], parsed) -> dict[str, Any]:
    """What is known of the wanted ids, by id."""
    wanted, found = set(ids), {}
    for line, one in _objects(path):
        name = _text(path, line, one, key)
        if name in wanted:
            if name in found:
                raise fault(path, line, f"{key} {name} stands there again", "one line for each id")
            found[name] = parsed(path, line, one)
    return found


def _person(path: Path, line: int, one: dict) -> dict[str, float]:
    since = _date(path, line, one, "yelping_since")
    friends = one.get("friends") or ""
    if isinstance(friends, str):
        friends = [] if friends == "None" else [name for name in friends.split(",") if name]
    years = since.year + (since.timetuple().tm_yday - 1) / 365.25
    return {"since": years, "friends": math.log1p(len(friends))}


def _business(path: Path, line: int, one: dict) -> dict[str, Any]:
    categories = one.get("categories") or ""
    if isinstance(categories, str):
        categories = [name.strip() for name in categories.split(",") if name.strip()]
    attributes = one.get("attributes") or {}
    price = str(attributes.get("RestaurantsPriceRange2", "")).strip("u'\"")
    return {
        "state": str(one.get("state") or ""),
        "price": float(price) if price in ("1", "2", "3", "4") else math.nan,
        "latitude": _degrees(one.get("latitude")),
        "longitude": _degrees(one.get("longitude")),
        "categories": tuple(sorted(set(categories))),
    }


def _degrees(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


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
