"""The Yelp Open Dataset: JSON lines of reviews, users and businesses, read one at a time.

The data are Yelp's, are read where the user keeps them, and are not passed on. Of users only what
no rating goes into is used: their average stars and counts of reviews hold the ratings to be
predicted, and so do a business's.
"""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twotower.real.reading import yelp_reviews
from twotower.real.reading.faults import fault
from twotower.real.reading.files import ONE_RELEASE, Entities, RawRatings
from twotower.real.reading.json_lines import UNKNOWN, Record, objects
from twotower.real.reading.layouts import inputs
from twotower.real.reading.yelp_reviews import ANOTHER, Reviews, date_of

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
    drawn = yelp_reviews.drawn(review_path, most, seed)
    if not len(drawn.lines):  # the file is not empty
        found = f"the first user that is drawn has more than {most:,} reviews"
        hint = f"draw more, as --config yelp_reviews={10 * most}"
        raise fault(review_path, None, found, "a sample of whole users", hint)
    kept, notes = yelp_reviews.latest(drawn)
    people = _entities(user_path, "user_id", kept.named("users"), _person)
    places = _entities(business_path, "business_id", kept.named("items"), _business)
    whole = kept.known("users", people) & kept.known("items", places)
    if not whole.all():
        lost = int(whole.argmin())
        notes.append(
            _lost(review_path, kept, lost, int((~whole).sum()), people, user_path, business_path)
        )
        kept = kept.take(whole)
    if most:
        notes.append(f"whole users drawn with key {seed}, at most {most:,} reviews")
    users, user_ids = kept.numbered("users")
    items, item_ids = kept.numbered("items")
    return RawRatings(
        "Yelp Open Dataset",
        LICENCE,
        users,
        items,
        kept.stars.astype(np.float64),
        kept.times,
        _people([people[one] for one in user_ids]),
        _businesses([places[one] for one in item_ids]),
        (1.0, 5.0),
        tuple(notes),
    )


def _lost(path: Path, kept: Reviews, row: int, count: int, people: dict, *files: Path) -> str:
    """What is told of reviews without a line of their user or business, if they are few.

    Args:
        row, count: the first of them, and how many there are.
    """
    line = int(kept.lines[row])
    user, business = kept.user_ids[kept.users[row]], kept.item_ids[kept.items[row]]
    of = f"user {user} has" if user not in people else f"business {business} has"
    file = files[user in people].name
    found = f"{count:,} of {len(kept.lines):,} reviews have no line of their user or business"
    if count > MOST_LOST * len(kept.lines):
        text = f"{of} no line in {file}; {found}"
        raise fault(path, line, text, f"at most {MOST_LOST:.0%} of them", ONE_RELEASE)
    return f"{found} and are left out; the first is on line {line:,}: {of} none in {file}"


def _entities(
    path: Path, key: str, wanted: set[str], parsed: Callable[[Record], dict]
) -> dict[str, Any]:
    """What is known of the wanted ids, by id; an id without a line is left out."""
    found: dict[str, Any] = {}
    for one in objects(path):
        name = one.text(key, ANOTHER)
        if name in found:
            text = f"{key} {name} stands there again"
            raise fault(path, one.line, text, "one line for each id", "keep one of the lines")
        if name in wanted:
            found[name] = parsed(one)
    return found


def _person(one: Record) -> tuple[float, float]:
    since = date_of(one, "yelping_since")
    years = since.year + (since.timetuple().tm_yday - 1) / 365.25
    return years, math.log1p(len(one.texts("friends")))


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


def _people(found: list[tuple[float, float]]) -> Entities:
    columns = np.array(found).T.copy()  # zip would make an object for each of millions of users
    numbers = dict(zip(("since", "friends"), columns, strict=True))
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
