"""Tiny files in each published layout; nothing in them is anybody's data."""

import csv
import json
import zipfile
from pathlib import Path

import numpy as np

GENRES = ("unknown", "Action", "Comedy")
JOBS = ("doctor", "writer")


def ratings(users: int = 24, items: int = 18, share: float = 0.6, seed: int = 1):
    """(user, item, rating, time) of some pairs, ids from 1; taste depends on age and genre."""
    rng = np.random.default_rng(seed)
    for user in range(1, users + 1):
        for item in range(1, items + 1):
            if rng.uniform() < share:
                level = 3 + (1 if user % 2 == item % 2 else -1) + rng.integers(-1, 2)
                yield user, item, int(np.clip(level, 1, 5)), 880_000_000 + int(rng.integers(10**6))


def movielens_100k(folder: Path, **size) -> Path:
    """u.data, u.user, u.item and the files beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(ratings(**size))
    users, items = (max(row[column] for row in rows) for column in (0, 1))
    put(folder / "u.data", ["\t".join(map(str, row)) for row in rows])
    put(
        folder / "u.user",
        [f"{u}|{20 + u}|{'MF'[u % 2]}|{JOBS[u % 2]}|{10000 + u}" for u in range(1, users + 1)],
    )
    flags = [f"0|{i % 2}|{(i + 1) % 2}" for i in range(items + 1)]
    put(
        folder / "u.item",
        [
            f"{i}|Film {('two', 'one')[i % 2]} \xe9 ({1990 + i})|01-Jan-{1990 + i}||x|{flags[i]}"
            for i in range(1, items + 1)
        ],
        "latin-1",
    )
    put(folder / "u.genre", [f"{name}|{place}" for place, name in enumerate(GENRES)] + [""])
    put(folder / "u.occupation", JOBS)
    counts = (f"{users} users", f"{items} items", f"{len(rows)} ratings")
    put(folder / "u.info", counts)
    return folder


def movielens_1m(folder: Path, **size) -> Path:
    """ratings.dat, users.dat and movies.dat."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(ratings(**size))
    users, items = (max(row[column] for row in rows) for column in (0, 1))
    put(folder / "ratings.dat", ["::".join(map(str, row)) for row in rows])
    put(
        folder / "users.dat",
        [f"{u}::{'MF'[u % 2]}::{(18, 25)[u % 2]}::{u % 3}::{u}" for u in range(1, users + 1)],
    )
    put(
        folder / "movies.dat",
        [f"{i}::Caf\xe9: {i} ({1990 + i})::{'Action|Comedy' if i % 2 else 'War'}"
         for i in range(1, items + 1)],
        "latin-1",
    )  # fmt: skip
    return folder


def movielens_10m(folder: Path, **size) -> Path:
    """ratings.dat with half stars, movies.dat in UTF-8 and tags.dat, which nobody reads."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(ratings(**size))
    put(folder / "ratings.dat", [f"{u}::{i}::{r - 0.5 * (u % 2):g}::{t}" for u, i, r, t in rows])
    genres = ("(no genres listed)", "Action|Comedy")
    put(
        folder / "movies.dat",
        [f"{i}::Caf\xe9: {i} ({1990 + i})::{genres[i % 2]}"
         for i in range(1, max(row[1] for row in rows) + 1)],
    )  # fmt: skip
    put(folder / "tags.dat", ["1::1::great::1139045764"])
    return folder


def movielens_latest(folder: Path, **size) -> Path:
    """ratings.csv and movies.csv, with half stars."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(ratings(**size))
    items = max(row[1] for row in rows)
    lines = [f"{u},{i},{r - 0.5 * (u % 2)},{t}" for u, i, r, t in rows]
    put(folder / "ratings.csv", ["userId,movieId,rating,timestamp", *lines])
    films = [
        f'{i},"Film, the {i}th ({1990 + i})",{"Action|Comedy" if i % 2 else "(no genres listed)"}'
        for i in range(1, items + 1)
    ]
    put(folder / "movies.csv", ["movieId,title,genres", *films])
    return folder


def yelp(folder: Path, **size) -> Path:
    """Reviews, users and businesses as JSON lines; user 1 reviews business 1 twice."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(ratings(**size))
    users, items = (max(row[column] for row in rows) for column in (0, 1))
    again = (1, 1, 2, 0)
    objects = {
        "review": [
            {"review_id": f"r{n}", "user_id": f"u{u}", "business_id": f"b{i}", "stars": float(r),
             "date": f"20{10 + (t > 0)}-07-0{1 + n % 9} 22:09:{n % 60:02d}", "text": "words"}
            for n, (u, i, r, t) in enumerate([again, *rows])
        ],
        "user": [
            {"user_id": f"u{u}", "yelping_since": f"20{10 + u % 9}-01-02 03:04:05",
             "friends": "a, b" if u % 2 else "None", "average_stars": 5.0}
            for u in range(1, users + 1)
        ],
        "business": [
            {"business_id": f"b{i}", "state": ("AZ", "NV")[i % 2], "latitude": 30 + i % 50,
             "longitude": -100.5, "categories": "Food, Bars" if i % 2 else None,
             "attributes": {"RestaurantsPriceRange2": str(1 + i % 4)} if i % 3 else None}
            for i in range(1, items + 1)
        ],
    }  # fmt: skip
    for name, lines in objects.items():
        put(folder / f"yelp_academic_dataset_{name}.json", [json.dumps(one) for one in lines])
    return folder


def clicks(folder: Path, **size) -> Path:
    """clicks.csv, users.csv and items.csv; user 1 clicks on item 1 twice, ids are words."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(1, 1, 5, 7), *ratings(**size)]
    users, items = (max(row[column] for row in rows) for column in (0, 1))
    put(folder / "clicks.csv", ["user,item,time", *(f"u{u},i{i},{t}.5" for u, i, _, t in rows)])
    people = [
        f"u{u},{20 + u if u % 3 else ''},{('Rome', 'Bonn')[u % 2]}" for u in range(users, 0, -1)
    ]
    put(folder / "users.csv", ["user,age,city", *people])
    things = [f"i{i},{'a|b' if i % 2 else 'c'}" for i in range(1, items + 1)]
    put(folder / "items.csv", ["item,kinds", *things])
    return folder


def retailrocket(folder: Path, **size) -> Path:
    """events.csv: all pairs are views, a few are bought after that."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{t}123,{u},view,{i}," for u, i, _, t in ratings(**size)]
    bought = [f"{t}456,{u},transaction,{i},9" for u, i, r, t in ratings(**size) if r == 5]
    put(folder / "events.csv", ["timestamp,visitorid,event,itemid,transactionid", *lines, *bought])
    return folder


LAYOUTS = {
    "100K": movielens_100k,
    "1M": movielens_1m,
    "10M": movielens_10m,
    "latest": movielens_latest,
}


def zipped(folder: Path, path: Path, inside: str = "ml-tiny/", mode: str = "w") -> Path:
    """An archive with the folder's files in a folder of their own, as GroupLens makes it."""
    with zipfile.ZipFile(path, mode) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    return path


def put(path: Path, lines, encoding: str = "utf-8") -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding=encoding, newline="\n")


def edit(path: Path, line: int, text: str) -> None:
    """Replace one line, the first is 1."""
    lines = path.read_text(encoding="latin-1").split("\n")
    lines[line - 1] = text
    path.write_text("\n".join(lines), encoding="latin-1", newline="\n")


def as_of_a_spreadsheet(folder: Path) -> None:
    """Write every CSV anew: quotes around all fields, a byte order mark, Windows' line ends."""
    for path in folder.glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
