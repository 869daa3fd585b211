"""MovieLens in its published layouts: 100K (u.data), 1M and 10M (.dat), 20M and later (.csv).

F. M. Harper & J. A. Konstan, *The MovieLens Datasets: History and Context*, ACM Transactions on
Interactive Intelligent Systems 5 (2015). The data are GroupLens's, are read where the user keeps
them, and are not passed on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from twotower.real.reading.archives import is_archive
from twotower.real.reading.faults import fault, shown
from twotower.real.reading.files import Entities, RawRatings, rated_only, rows_of
from twotower.real.reading.layouts import MOVIELENS, Layout, archived, movielens_layout
from twotower.real.reading.movielens_sides import Films, People
from twotower.real.reading.tables import ratings_table
from twotower.real.reading.text_lines import fields, numbered

LICENCE = (
    "GroupLens, University of Minnesota: for research and teaching; no commercial use and no "
    "redistribution without permission; cite Harper & Konstan (2015)"
)
_MOST = 10**9
_HALVES = (0.5, 5.0, 0.5)  # stars: lowest, highest, step
_NO_GENRES = "(no genres listed)"
_OCCUPATIONS, _AGES = 20, (1, 18, 25, 35, 45, 50, 56)  # of the 1M layout: codes


def read(place: str | Path) -> RawRatings:
    """Ratings and covariates of a folder in one of the layouts, or of its .zip archive.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    readers = {"100K": _read_100k, "1M": _read_1m, "10M": _read_10m, "latest": _read_latest}
    with _opened(Path(place)) as (folder, layout):
        return readers[layout.name](folder)


@contextmanager
def _opened(place: Path) -> Iterator[tuple[Path, Layout]]:
    """The folder itself, or a temporary one with the files of the archive's layout; the layout."""
    if not is_archive(place):
        yield place, movielens_layout(place)
        return
    archive, layout = archived(place)
    names = [name for name in (*layout.files, *layout.may_have) if name in archive.members]
    with archive.unpacked(names) as folder:
        yield folder, layout


# ---------------------------------------------------------------- 100K


def _read_100k(folder: Path) -> RawRatings:
    data, users, items = (folder / name for name in MOVIELENS[0].files)
    genres = _genres_100k(folder)
    names = ("user id", "item id", "rating", "timestamp")
    table = ratings_table(data, "\t", names, (1, 5, 1), header=False)
    _check_counts(folder, table)
    jobs = None
    if (folder / "u.occupation").is_file():
        jobs = {found[0] for _, found in fields(folder / "u.occupation", "|", ["name"], "latin-1")}
    people = People(users)
    for line, found in fields(
        users, "|", ("user id", "age", "gender", "occupation", "zip code"), "latin-1"
    ):
        if jobs is not None and found[3] not in jobs:
            text = f"occupation is {shown(found[3])}"
            raise fault(users, line, text, "those of u.occupation")
        age = numbered(users, line, "age", found[1], 1, 120)
        people.add(line, found[0], age, found[2], found[3])
    films = Films(items)
    dates = ("release date", "video release date", "URL")
    for line, found in fields(items, "|", ("movie id", "title", *dates, *genres), "latin-1"):
        flags = found[5:]
        if not set(flags) <= {"0", "1"}:
            text = f"the genres are {shown('|'.join(flags))}"
            raise fault(items, line, text, "0 or 1 for each of the genres")
        chosen = tuple(name for name, flag in zip(genres, flags, strict=True) if flag == "1")
        films.add(line, found[0], found[1], chosen, found[2])
    return _together("MovieLens 100K", data, 1, table, people, films, (1.0, 5.0))


def _genres_100k(folder: Path) -> list[str]:
    """Names of the flags of u.item, in their order."""
    path = folder / "u.genre"
    if not path.is_file():
        return [f"genre {number}" for number in range(19)]
    names: list[str] = []
    for line, found in fields(path, "|", ("genre", "number"), "latin-1"):
        if numbered(path, line, "number", found[1], 0, _MOST) != len(names):
            wanted = f"{len(names)}: the flags of u.item stand in this order"
            raise fault(path, line, f"number is {shown(found[1])}", wanted)
        if found[0] in names:
            text = f"genre {shown(found[0])} stands there again"
            raise fault(path, line, text, "one line for each genre")
        names.append(found[0])
    return names


def _check_counts(folder: Path, table) -> None:
    """Compare with the number of ratings that u.info gives."""
    path = folder / "u.info"
    if not path.is_file():
        return
    for line, found in fields(path, " ", ("number", "of what"), "latin-1"):
        stated = numbered(path, line, "number", found[0], 1, _MOST)
        if found[1] == "ratings" and stated != len(table):
            text = f"it has {len(table):,} ratings, u.info says {stated:,}"
            raise fault(folder / "u.data", None, text, "all ratings", "fetch the file anew")


# ---------------------------------------------------------------- 1M, 10M, 20M and later


def _read_1m(folder: Path) -> RawRatings:
    data, users, items = (folder / name for name in MOVIELENS[1].files)
    names = ("UserID", "MovieID", "Rating", "Timestamp")
    table = ratings_table(data, "::", names, (1, 5, 1), header=False)
    people = People(users)
    for line, found in fields(
        users, "::", ("UserID", "Gender", "Age", "Occupation", "Zip-code"), "latin-1"
    ):
        age = numbered(users, line, "Age", found[2], 1, 120)
        if age not in _AGES:
            remedy = "round ages down to these, or use the 100K layout, where they are in years"
            raise fault(users, line, f"Age is {age}", ", ".join(map(str, _AGES)), remedy)
        code = numbered(users, line, "Occupation", found[3], 0, _OCCUPATIONS)
        people.add(line, found[0], age, found[1], str(code))
    films = Films(items)
    for line, found in fields(items, "::", ("MovieID", "Title", "Genres"), "latin-1"):
        films.add(line, found[0], found[1], _listed(found[2]))
    return _together("MovieLens 1M", data, 1, table, people, films, (1.0, 5.0))


def _read_10m(folder: Path) -> RawRatings:
    names = ("UserID", "MovieID", "Rating", "Timestamp")
    columns = ("MovieID", "Title", "Genres")
    return _without_users("MovieLens 10M", folder, MOVIELENS[2], "::", names, columns)


def _read_latest(folder: Path) -> RawRatings:
    title = "MovieLens in the layout of the latest releases"
    names = ("userId", "movieId", "rating", "timestamp")
    columns = ("movieId", "title", "genres")
    return _without_users(title, folder, MOVIELENS[3], ",", names, columns, header=True)


def _without_users(
    title: str,
    folder: Path,
    layout: Layout,
    separator: str,
    names: tuple[str, ...],
    columns: tuple[str, ...],
    header: bool = False,
) -> RawRatings:
    """Half stars and films, in UTF-8; `names` and `columns` are those of the two files."""
    data, items = (folder / name for name in layout.files)
    table = ratings_table(data, separator, names, _HALVES, header)
    films = Films(items)
    for line, found in fields(items, separator, columns, "utf-8", header):
        films.add(line, found[0], found[1], _listed(found[2]))
    return _together(title, data, 1 + header, table, None, films, _HALVES[:2])


def _listed(genres: str) -> tuple[str, ...]:
    return () if genres in ("", _NO_GENRES) else tuple(genres.split("|"))


def _together(
    title: str,
    data: Path,
    first: int,
    table,
    people: People | None,
    films: Films,
    scale: tuple[float, float],
) -> RawRatings:
    """Ratings whose users and items all have their covariates; the unrated ones are left out."""
    item_ids, user_ids = table["item"].to_numpy(), table["user"].to_numpy()
    rows = rows_of(item_ids, films.rows, data, first, "item", films.path.name)
    items, item_entities = rated_only(rows, films.entities())
    if people is None:  # this layout tells nothing of users
        unique, users = np.unique(user_ids, return_inverse=True)
        user_entities = Entities(len(unique), {}, {}, {}, {})
    else:
        rows = rows_of(user_ids, people.rows, data, first, "user", people.path.name)
        users, user_entities = rated_only(rows, people.entities())
    return RawRatings(
        title,
        LICENCE,
        users.astype(np.int64),
        items.astype(np.int64),
        table["rating"].to_numpy(),
        table["time"].to_numpy(),
        user_entities,
        item_entities,
        scale,
    )
