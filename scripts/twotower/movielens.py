"""MovieLens in its three published layouts: 100K (u.data), 1M (.dat) and latest (.csv).

F. M. Harper & J. A. Konstan, *The MovieLens Datasets: History and Context*, ACM Transactions on
Interactive Intelligent Systems 5 (2015). The data are GroupLens's, are read where the user keeps
them, and are not passed on.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from twotower.layouts import MOVIELENS, RatingsFileError, movielens_layout
from twotower.rating_files import (
    Entities,
    RawRatings,
    fault,
    fields,
    numbered,
    rated_only,
    ratings_table,
    rows_of,
    shown,
)

LICENCE = (
    "GroupLens, University of Minnesota: for research and teaching; no commercial use and no "
    "redistribution without permission; cite Harper & Konstan (2015)"
)
_MOST = 10**9
_NO_GENRES = "(no genres listed)"
_YEAR = re.compile(r"\((\d{4})[^()]*\)\s*$")
_OCCUPATIONS, _AGES = 20, (1, 18, 25, 35, 45, 50, 56)  # of the 1M layout: codes


def read(place: str | Path) -> RawRatings:
    """Ratings and covariates of a folder in one of the layouts, or of its .zip archive.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    with _opened(Path(place)) as folder:
        layout = movielens_layout(folder)
        return {"100K": _read_100k, "1M": _read_1m, "latest": _read_latest}[layout.name](folder)


@contextmanager
def _opened(place: Path) -> Iterator[Path]:
    """The folder itself, or a temporary one with the archive's files of any layout."""
    if place.suffix != ".zip":
        yield place
        return
    wanted = {name for layout in MOVIELENS for name in (*layout.files, *layout.may_have)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(place) as archive:
                for member in archive.infolist():
                    name = Path(member.filename).name
                    if name in wanted and not member.is_dir():  # by name: no path leads outside
                        Path(folder, name).write_bytes(archive.read(member))
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise RatingsFileError(
                f"{place.name}: it cannot be unpacked ({error}); allowed: a .zip archive as "
                "GroupLens publishes it; fetch it anew"
            ) from None
        yield Path(folder)


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
    people = _People(users)
    for line, found in fields(
        users, "|", ("user id", "age", "gender", "occupation", "zip code"), "latin-1"
    ):
        if jobs is not None and found[3] not in jobs:
            text = f"occupation is {shown(found[3])}"
            raise fault(users, line, text, "those of u.occupation")
        age = numbered(users, line, "age", found[1], 1, 120)
        people.add(line, found[0], age, found[2], found[3])
    films = _Films(items)
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
    path = folder / "u.genre"
    if not path.is_file():
        return [f"genre {number}" for number in range(19)]
    return [found[0] for _, found in fields(path, "|", ("genre", "number"), "latin-1")]


def _check_counts(folder: Path, table) -> None:
    """Compare with the numbers of users, items and ratings that u.info gives."""
    path = folder / "u.info"
    if not path.is_file():
        return
    for line, found in fields(path, " ", ("number", "of what"), "latin-1"):
        stated = numbered(path, line, "number", found[0], 1, _MOST)
        if found[1] == "ratings" and stated != len(table):
            text = f"it has {len(table):,} ratings, u.info says {stated:,}"
            raise fault(folder / "u.data", None, text, "all ratings", "fetch the file anew")


# ---------------------------------------------------------------- 1M and latest


def _read_1m(folder: Path) -> RawRatings:
    data, users, items = (folder / name for name in MOVIELENS[1].files)
    names = ("UserID", "MovieID", "Rating", "Timestamp")
    table = ratings_table(data, "::", names, (1, 5, 1), header=False)
    people = _People(users)
    for line, found in fields(
        users, "::", ("UserID", "Gender", "Age", "Occupation", "Zip-code"), "latin-1"
    ):
        age = numbered(users, line, "Age", found[2], 1, 120)
        if age not in _AGES:
            raise fault(users, line, f"Age is {age}", ", ".join(map(str, _AGES)))
        code = numbered(users, line, "Occupation", found[3], 0, _OCCUPATIONS)
        people.add(line, found[0], age, found[1], str(code))
    films = _Films(items)
    for line, found in fields(items, "::", ("MovieID", "Title", "Genres"), "latin-1"):
        films.add(line, found[0], found[1], tuple(found[2].split("|")))
    return _together("MovieLens 1M", data, 1, table, people, films, (1.0, 5.0))


def _read_latest(folder: Path) -> RawRatings:
    data, items = (folder / name for name in MOVIELENS[2].files)
    names = ("userId", "movieId", "rating", "timestamp")
    table = ratings_table(data, ",", names, (0.5, 5.0, 0.5), header=True)
    films = _Films(items)
    columns = ("movieId", "title", "genres")
    for line, found in fields(items, ",", columns, "utf-8-sig", header=True):
        genres = () if found[2] == _NO_GENRES else tuple(found[2].split("|"))
        films.add(line, found[0], found[1], genres)
    title = "MovieLens in the layout of the latest releases"
    return _together(title, data, 2, table, None, films, (0.5, 5.0))


# ---------------------------------------------------------------- users and films


class _Rows:
    """Entities that are being read, by id."""

    def __init__(self, path: Path):
        self.path = path
        self.rows: dict[int, int] = {}

    def new(self, line: int, text: str) -> None:
        number = numbered(self.path, line, "id", text, 1, _MOST)
        if number in self.rows:
            found = f"id {number} stands there again"
            raise fault(self.path, line, found, "one line for each id", "keep one of the lines")
        self.rows[number] = len(self.rows)


class _People(_Rows):
    def __init__(self, path: Path):
        super().__init__(path)
        self.ages: list[float] = []
        self.genders: list[str] = []
        self.jobs: list[str] = []

    def add(self, line: int, number: str, age: int, gender: str, job: str) -> None:
        self.new(line, number)
        if gender not in ("M", "F"):
            raise fault(self.path, line, f"gender is {shown(gender)}", "M or F")
        self.ages.append(float(age))
        self.genders.append(gender)
        self.jobs.append(job)

    def entities(self) -> Entities:
        categories = {"gender": self.genders, "occupation": self.jobs}
        return Entities(len(self.rows), {"age": np.array(self.ages)}, categories, {}, {})


class _Films(_Rows):
    def __init__(self, path: Path):
        super().__init__(path)
        self.years: list[float] = []
        self.titles: list[str] = []
        self.genres: list[tuple[str, ...]] = []

    def add(
        self, line: int, number: str, title: str, genres: tuple[str, ...], date: str = ""
    ) -> None:
        self.new(line, number)
        year = _YEAR.search(title)
        digits = date[-4:] if date else year[1] if year else ""
        if digits and not (digits.isascii() and digits.isdigit()):
            raise fault(self.path, line, f"release date is {shown(date)}", "such as 01-Jan-1995")
        self.years.append(float(digits) if digits else float("nan"))
        self.titles.append(_YEAR.sub("", title).strip())
        self.genres.append(genres)

    def entities(self) -> Entities:
        numbers = {"year": np.array(self.years)}
        return Entities(
            len(self.rows), numbers, {}, {"genres": self.genres}, {"title": self.titles}
        )


def _together(
    title: str,
    data: Path,
    first: int,
    table,
    people: _People | None,
    films: _Films,
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
