"""Where real ratings come from: published layouts, told by the files in a folder or an archive.

Little is read here, and little is imported: every run on real ratings asks.
"""

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from twotower.real.reading.archives import Archive, is_archive
from twotower.real.reading.faults import RatingsFileError, refusal
from twotower.real.reading.text_lines import check_whole

__all__ = ["RatingsFileError"]


@dataclass(frozen=True)
class Layout:
    """A published layout.

    Attributes:
        name: of the releases that have it.
        files: what it needs.
        may_have: what is read as well where it is there.
        marks: files that are not read, by which the layout is told from another.
    """

    name: str
    files: tuple[str, ...]
    may_have: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


MOVIELENS = (
    Layout("100K", ("u.data", "u.user", "u.item"), ("u.genre", "u.occupation", "u.info")),
    Layout("1M", ("ratings.dat", "users.dat", "movies.dat")),
    Layout("10M", ("ratings.dat", "movies.dat"), marks=("tags.dat",)),
    Layout("latest", ("ratings.csv", "movies.csv")),
)
YELP = Layout(
    "JSON lines",
    tuple(f"yelp_academic_dataset_{name}.json" for name in ("review", "user", "business")),
)
CLICKS = Layout("clicks", ("clicks.csv",), may_have=("users.csv", "items.csv"))
RETAILROCKET = Layout("RetailRocket", ("events.csv",))
_CLICKS = (CLICKS, RETAILROCKET)
_KNOWN = {name for one in MOVIELENS for name in (*one.files, *one.may_have, *one.marks)}
_ALLOWED = "; or ".join(
    f"{', '.join((*one.files, *one.marks))} ({one.name})" for one in MOVIELENS
).replace("latest", "20M, 25M, 32M, latest")
CLICKS_REMEDY = (
    "no method for ratings is made for clicks: they have no scale, and all have one value; give "
    "grades within a scale, such as how often each user chose an item"
)
_HALF = b".5::"  # the rating, between two colons: no id or time ends so
_PIECE = 2**20
_PACKED = (".gz", ".zip", ".bz2", ".xz")
_TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".dat", ".parquet")
_OWN = "best as ratings.csv and movies.csv (docs/real-ratings.md, Your own ratings)"

_Opened = Callable[[str], AbstractContextManager[BinaryIO]]


def movielens_layout(folder: Path) -> Layout:
    """The layout of MovieLens whose files stand in a folder.

    Raises:
        RatingsFileError: if none or more than one is there, or one lacks a file.
    """
    names = _names(folder, _KNOWN)
    if not names:
        _refuse_clicks(folder)
        inside = sorted({path.parent for name in _KNOWN for path in folder.glob(f"*/{name}")})
        choice = " or ".join(str(path) for path in inside[:5])
        hint = f"did you mean {choice}?" if inside else _like(os.listdir(folder), MOVIELENS[-1])
        hint = hint or "unpack the archive there, or give its .zip"
        raise refusal(folder, "no files of MovieLens", _ALLOWED, hint)
    return _layout(names, folder, lambda name: open(folder / name, "rb"))


def archived(path: Path) -> tuple[Archive, Layout]:
    """An archive of MovieLens, and the layout of the files in it.

    Raises:
        RatingsFileError: as `movielens_layout` and `Archive` do.
    """
    archive = Archive(path, _KNOWN)
    names = set(archive.members)
    if not names:
        hint = "is it an archive of something else?"
        if archive.within:
            hint = f"it holds {archive.within[0]}: unpack that, and give the folder with its files"
        elif like := _like(archive.names, MOVIELENS[-1]):
            hint = f"unpack it; {like}"
        raise refusal(path, "no files of MovieLens in it", _ALLOWED, hint)
    _one_case(path, names, _KNOWN)
    return archive, _layout(names, path, archive.open)


def _layout(names: set[str], place: Path, opened: _Opened) -> Layout:
    """The one layout whose files are among `names`."""
    marked = {one.name: any(mark in names for mark in one.marks) for one in MOVIELENS}
    whole = [one for one in MOVIELENS if names.issuperset(one.files)]
    if "users.dat" in names and not marked["10M"]:
        whole = [one for one in whole if one.name != "10M"]
    if len(whole) > 1:
        both = " and ".join(one.name for one in whole)
        odd = " (tags.dat is of 10M, users.dat of 1M)" if "1M and 10M" in both else ""
        found = f"files of the layouts {both} stand there together{odd}"
        raise refusal(place, found, "one layout in a folder", "move one away")
    if not whole:
        lacks = {one: [name for name in one.files if name not in names] for one in MOVIELENS}
        begun = [one for one in MOVIELENS if len(lacks[one]) < len(one.files) or marked[one.name]]
        near = min(begun or MOVIELENS, key=lambda one: (len(lacks[one]), not marked[one.name]))
        found = f"{', '.join(lacks[near])} of the {near.name} layout is not there"
        remedy = "copy what is missing from the archive that the other files come from"
        if place.is_dir():
            remedy = _like(os.listdir(place), near, names.intersection(near.files)) or remedy
        raise refusal(place, found, _ALLOWED, remedy)
    if whole[0].name == "10M" and not marked["10M"] and not _has_halves(opened):
        found = "users.dat of the 1M layout is not there, and no tags.dat and no half star tell 10M"
        remedy = (
            "copy users.dat there; if the data have none, make an empty tags.dat beside ratings.dat"
        )
        raise refusal(place, found, _ALLOWED, remedy)
    return whole[0]


def _like(there: Iterable[str], layout: Layout, here: Collection[str] = ()) -> str:
    """What to do with files that are packed, or are named much like those of a layout; "" if none.

    Copies of the data in other places are named rating.csv and movie.csv, or ratings_small.csv.
    `here`: those of the layout that are there.
    """
    files = sorted(name for name in there if not name.startswith("."))
    todo = []
    for name in (each for each in layout.files if each not in here):
        word, suffix = name.rpartition("_")[2].split(".")
        packed = [each for each in files if each.lower() in {name + end for end in _PACKED}]
        other = [each for each in files if word.rstrip("s") in each.lower()]
        other = [each for each in other if each.lower().endswith(f".{suffix}") and each != name]
        if packed:
            todo.append(f"unpack {packed[0]}")
        elif other:
            todo.append(f"rename {min(other, key=len)} to {name}, if it is that")
    if len(todo) < len(layout.files) - len(here):
        todo = []  # renaming some of them alone makes no layout
    if (
        not todo
        and not here
        and (odd := [each for each in files if each.lower().endswith(_TABLES)])
    ):
        held = ", ".join(odd[:3]) + ", …" * (len(odd) > 3)
        return (
            f"it holds {held}: ratings of another source must be written in a layout first, {_OWN}"
        )
    return "; ".join(todo)


def _has_halves(opened: _Opened) -> bool:
    """Whether a rating in ratings.dat is half a star, as none of 1M is."""
    last = b""
    try:
        with opened("ratings.dat") as file:
            while piece := file.read(_PIECE):
                if _HALF in last + piece or b"\0" in piece[:4]:  # UTF-16, told where it is read
                    return True
                last = piece[1 - len(_HALF) :]
    except OSError as error:
        found = f"it cannot be read ({error.strerror})"
        raise refusal("ratings.dat", found, "a file of your own", "mind who may read it") from None
    return False


def _names(folder: Path, known: set[str]) -> set[str]:
    """Those of the known names that files in a folder have."""
    try:
        present = {name for name in os.listdir(folder) if name.lower() in known}
    except OSError as error:
        found = f"the folder cannot be read ({error.strerror})"
        raise refusal(folder, found, "a folder of your own", "mind who may read it") from None
    _one_case(folder, present, known)
    return {name for name in present if (folder / name).is_file()}


def _one_case(place: Path, names: set[str], known: set[str]) -> None:
    """Refuse names that differ from a known one, or from one another, in upper and lower case."""
    for name in sorted(names - known):
        plain = name.lower()
        if plain in names:
            found = f"{plain} and {name} differ in upper and lower case alone"
            raise refusal(place, found, f"one of them, as {plain}", "move the other one away")
        remedy = "unpack the archive, and " * place.is_file() + f"rename it to {plain}"
        raise refusal(place, f"{name} is not spelt as published", plain, remedy)


def inputs(source: str, place: str | Path) -> list[str]:
    """The files to be read of a source, in a folder (or the .zip archive, of MovieLens).

    Raises:
        RatingsFileError: if they are not there, or one of them is empty, cut short or in UTF-16.
    """
    place, chosen = Path(place), (SOURCES | CLICK_SOURCES)[source]
    if chosen.packed and is_archive(place):
        archived(place)
        return [str(place)]
    allowed = f"a folder with the files of {source}" + ", or their .zip" * chosen.packed
    if not os.path.exists(place):
        remedy = "check the spelling"
        if str(place).startswith("~"):  # which shells leave as it is behind movielens=
            remedy = "write the path of your home folder in place of ~"
        raise refusal(place, "there is no such folder", allowed, remedy)
    if not place.is_dir():
        known = place.name in chosen.known
        remedy = "unpack it, and give the folder that holds the files"
        remedy = f"give the folder that holds it: {place.parent}" if known else remedy
        raise refusal(place, "this is a file", allowed, remedy)
    layout = chosen.layout(place)
    beside = [name for name in layout.may_have if (place / name).is_file()]
    paths = [place / name for name in (*layout.files, *beside)]
    for path in paths:  # what their first and last bytes tell is told before any job
        check_whole(path)
    return [str(path) for path in paths]


def _refuse_clicks(place: Path) -> None:
    """Refuse a folder with clicks where ratings are asked for, of which it holds no file."""
    clicks = [each.files[0] for each in _CLICKS if (place / each.files[0]).is_file()]
    if clicks:
        found = f"it holds clicks ({clicks[0]}), and these are no ratings"
        raise refusal(place, found, "ratings, in a layout of docs/real-ratings.md", CLICKS_REMEDY)


def complete(layout: Layout, folder: Path) -> Layout:
    """The layout itself, for a source that has no other: all its files stand in a folder.

    Raises:
        RatingsFileError: if one of them does not.
    """
    names = _names(folder, set(layout.files))
    missing = [name for name in layout.files if name not in names]
    if not missing:
        return layout
    if not names and layout not in _CLICKS:
        _refuse_clicks(folder)
    remedy, short = "unpack the archive there", missing[0].rpartition("_")[2]
    inside = sorted({path.parent for path in folder.glob(f"*/{missing[0]}")})
    if (folder / short).is_file():
        remedy = f"rename {short} to {missing[0]}, the others likewise"
    elif inside:
        remedy = f"did you mean {' or '.join(map(str, inside[:5]))}?"
    are = "is" if len(missing) == 1 else "are"
    allowed = f"a folder with {', '.join(layout.files)}"
    found = f"{', '.join(missing)} {are} not there"
    raise refusal(folder, found, allowed, remedy)


@dataclass(frozen=True)
class Source:
    """Where ratings come from.

    Attributes:
        layout: the layout whose files stand in a folder.
        known: names of the files that are looked for.
        packed: whether its .zip archive can be given as it is, or be downloaded from an address.
        sampled: whether `--config <source>_reviews` draws a sample of its ratings.
    """

    layout: Callable[[Path], Layout]
    known: frozenset[str]
    packed: bool = False
    sampled: bool = False


SOURCES = {
    "movielens": Source(movielens_layout, frozenset(_KNOWN), packed=True),
    "yelp": Source(partial(complete, YELP), frozenset(YELP.files), sampled=True),
}
"""The sources of real ratings, the one list of them; a reader for each stands in `ratings.READERS`.
Options, rules and targets of the workflow follow from this list."""
CLICK_SOURCES = {
    "clicks": Source(partial(complete, CLICKS), frozenset((*CLICKS.files, *CLICKS.may_have))),
    "retailrocket": Source(partial(complete, RETAILROCKET), frozenset(RETAILROCKET.files)),
}
"""The sources of clicks, which are no ratings; each has a reader in `clicks.reading.READERS`."""
