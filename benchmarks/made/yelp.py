"""A made-up folder in the layout and size of Yelp's data of 2018. Nothing in it is anybody's data.

As Yelp published for its data of 2018: 5,996,996 reviews of 188,593 businesses in 10 metropolitan
areas, and 1,518,169 users; the names and types of fields follow its documentation. Guessed: the
shares of stars, categories, prices and areas, how long-tailed users and businesses are, friends,
dates, lengths of texts, and how all of these go together. Users review businesses of one area.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from made import truth as planted
from twotower.base import files, seeds

REVIEWS, USERS, BUSINESSES = 5_996_996, 1_518_169, 188_593
STARS = (15.0, 8.0, 11.0, 22.0, 44.0)
AREAS = ("AZ", "NV", "ON", "NC", "OH", "PA", "QC", "WI", "IL", "AB")
CATEGORIES = 1_000
USER_SPREAD, BUSINESS_SPREAD, FRIENDS_SPREAD = 1.3, 1.5, 1.8
FRIENDS = 2.0
"""Median number of friends of those who have any, four tenths of the users."""
TEXT = 600
"""Characters of a review, on average."""
_BLOCK = 20_000
_BEGAN, _DAYS = datetime(2005, 1, 1), 4_900
_FILLER = "the food was good and the staff were kind but we had to wait a while for it " * 60


def write(folder: Path, seed: int, size: float = 1.0, text: int = TEXT) -> int:
    """Write the three files, a block of lines at a time; returns the number of reviews.

    Args:
        size: 1 is the published one.
        text: characters of a review, on average.
    """
    spec = {"made": "yelp"}
    rng = seeds.generator(seed, spec, "entities", 0)
    users, places = (max(40, round(size * each)) for each in (USERS, BUSINESSES))
    since = rng.integers(_DAYS, size=users)
    friends = np.exp(np.log(FRIENDS) + FRIENDS_SPREAD * rng.standard_normal(users)).astype(int)
    friends = np.where(rng.random(users) < 0.4, np.minimum(friends, 5_000), 0)
    area = np.sort(rng.choice(len(AREAS), size=places, p=_zipf(len(AREAS))))
    price = rng.choice(5, size=places, p=(0.4, 0.2, 0.3, 0.08, 0.02))  # 0: not known
    kinds = rng.choice(CATEGORIES, size=(places, 4), p=_zipf(CATEGORIES))
    weights = np.exp(BUSINESS_SPREAD * rng.standard_normal(places))
    people = planted.embedded(np.column_stack([since, np.log1p(friends)]), rng)
    facts = np.column_stack([area, price, kinds == 0, kinds == 1, kinds == 2]).astype(float)
    model = planted.truth(people, planted.embedded(facts, rng), weights, STARS, rng)
    given = planted.counts(max(round(size * REVIEWS), users), users, 1, REVIEWS, USER_SPREAD, rng)
    home = rng.choice(np.flatnonzero(np.bincount(area, minlength=len(AREAS))), size=users)
    reach = np.cumsum(weights)
    ends = np.searchsorted(area, np.arange(len(AREAS) + 1))  # businesses stand area by area

    def reviews(rows: range, own: np.random.Generator) -> Iterator[dict]:
        who = own.permutation(np.repeat(rows, given[rows.start : rows.stop]))
        low, high = (np.r_[0.0, reach][ends[home[who] + side]] for side in (0, 1))
        what = np.searchsorted(reach, low + (high - low) * own.random(len(who)), side="right")
        what = np.minimum(what, ends[home[who] + 1] - 1)
        stars = model.stars(who, what, own)
        days = since[who] + own.integers(1, 500, size=len(who))
        lengths = np.minimum(own.exponential(text, len(who)).astype(int), len(_FILLER))
        columns = (each.tolist() for each in (who, what, stars, days, lengths))
        for n, (u, b, star, day, length) in enumerate(zip(*columns, strict=True)):
            yield {
                "review_id": _id("r", rows.start << 32 | n), "user_id": _id("u", u),
                "business_id": _id("b", b), "stars": float(star), "useful": n % 3, "funny": 0,
                "cool": n % 2, "text": _FILLER[:length], "date": _date(day, n),
            }  # fmt: skip

    def persons(rows: range, own: np.random.Generator) -> Iterator[dict]:
        for u in rows:
            known = (_id("u", int(one)) for one in own.integers(users, size=friends[u]))
            yield {
                "user_id": _id("u", u), "name": "A", "review_count": int(given[u]),
                "yelping_since": _date(int(since[u]), u), "friends": ", ".join(known) or "None",
            }  # fmt: skip

    def businesses(rows: range, own: np.random.Generator) -> Iterator[dict]:
        for b in rows:
            known = {"RestaurantsPriceRange2": str(price[b])} if price[b] else None
            own_kinds = [f"Kind {kind}" for kind in sorted(set(kinds[b].tolist()))]
            yield {
                "business_id": _id("b", b), "name": f"Place {b}", "state": AREAS[area[b]],
                "latitude": round(30 + 2 * float(area[b]) + own.random(), 6),
                "longitude": round(-110 + 3 * float(area[b]) + own.random(), 6),
                "attributes": known, "categories": ", ".join(own_kinds),
            }  # fmt: skip

    folder.mkdir(parents=True, exist_ok=True)
    for name, count, lines in (
        ("review", users, reviews), ("user", users, persons), ("business", places, businesses)
    ):  # fmt: skip
        _write(
            folder / f"yelp_academic_dataset_{name}.json", count, lines, seed, spec | {"file": name}
        )
    return int(given.sum())


def _write(path: Path, count: int, lines: Callable, seed: int, spec: dict) -> None:
    with files.atomic_write(path) as temporary, open(temporary, "w") as file:
        for block, start in enumerate(range(0, count, _BLOCK)):
            own = seeds.generator(seed, spec, "lines", block)
            rows = range(start, min(start + _BLOCK, count))
            file.writelines(json.dumps(one) + "\n" for one in lines(rows, own))


def _id(kind: str, number: int) -> str:
    """22 letters, as Yelp's ids have."""
    hashed = hashlib.blake2b(f"{kind}{number}".encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(hashed).decode()[:22]


def _date(day: int, n: int) -> str:
    return str(_BEGAN + timedelta(days=day, seconds=n * 7919 % 86_400))


def _zipf(count: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, count + 1)
    return weights / weights.sum()
