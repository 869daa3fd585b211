"""About how many ratings, users and items stand in files, told by a look at their beginnings.

Nothing is checked here, and no more than a mebibyte of each file is read: what is said before a run
may take no longer than a run's planning.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from twotower.data.ratings_size import RatingsSize
from twotower.real.reading.archives import is_archive
from twotower.real.reading.layouts import SOURCES, YELP, archived

_BEGINNING = 2**20
_ENTITIES = {  # by file of ratings: files of users and of items, covariates as columns of numbers
    "u.data": ("u.user", "u.item", 24, 37),
    "ratings.dat": ("users.dat", "movies.dat", 24, 35),
    "ratings.csv": ("", "movies.csv", 1, 36),
    YELP.files[0]: (YELP.files[1], YELP.files[2], 2, 120),
}
_UNKNOWN = ("", "", 10, 40)
_USER_TAIL, _ITEM_TAIL = 2.4, 3.2
"""Ratings that the user, and the item, of a rating has, over the mean of all users and items: 1.9
and 2.8 in MovieLens 100K."""
_SEEN = 0.28
"""The share of the items that a share of the users rates, as a power of it; of made ratings in the
layout of Yelp."""
_PER_USER, _PER_ITEM = 165, 270
"""Ratings of a user where no file lists users, as in releases of MovieLens; of an item likewise."""


def size_of(source: str, place: str | Path, most: int | None = None) -> RatingsSize:
    """The size of the ratings of a source at a place whose files `layouts.inputs` has found.

    Args:
        most: ratings, at most, that are drawn; whole users.
    """
    place = Path(place)
    if SOURCES[source].packed and is_archive(place):
        archive, layout = archived(place)
        sizes = {name: one.file_size for name, one in archive.members.items()}
        begun = {name: _begun(archive.open(name)) for name in layout.files}
    else:
        names = SOURCES[source].layout(place).files
        sizes = {name: (place / name).stat().st_size for name in names}
        begun = {name: _begun((place / name).open("rb")) for name in names}
    lines = {name: _lines(begun[name], sizes[name]) for name in begun}
    file = next((name for name in _ENTITIES if name in lines), max(lines, key=lines.__getitem__))
    of_users, of_items, *columns = _ENTITIES.get(file, _UNKNOWN)
    ratings = lines[file]
    items = lines.get(of_items, ratings / _PER_ITEM)
    users = lines.get(of_users, ratings / _PER_USER)
    columns[0] = columns[0] if of_users in lines else 1
    share = min(1.0, (most or ratings) / ratings)
    whole = RatingsSize(
        ratings,
        users,
        items,
        *columns,
        per_user=1 + _USER_TAIL * ratings / users,
        per_item=1 + _ITEM_TAIL * ratings / items,
        file_bytes=sum(sizes.values()),
        parsed=file == YELP.files[0],
    )
    # whole users are drawn, and they keep their pasts
    return RatingsSize(
        ratings * share,
        users * share,
        min(items * share**_SEEN, ratings * share),
        *columns,
        whole.per_user,
        1 + share * (whole.per_item - 1),
        whole.file_bytes,
        whole.parsed,
    )


def _begun(opened: AbstractContextManager[BinaryIO]) -> bytes:
    with opened as file:
        return file.read(_BEGINNING)


def _lines(begun: bytes, size: int) -> float:
    """About how many lines a file of this many bytes has, by its beginning."""
    ends = begun.count(b"\n")
    return float(ends) if len(begun) >= size else size * max(ends, 1) / len(begun)
