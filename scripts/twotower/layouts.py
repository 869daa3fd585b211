"""Where real ratings come from: published layouts, told by the files in a folder.

No file is opened here, and little is imported: every run on real ratings asks.
"""

from dataclasses import dataclass
from pathlib import Path

from twotower.logs import ExpectedError

SOURCES = ("movielens", "yelp")


class RatingsFileError(ExpectedError):
    """A file of ratings, users or items is not as its layout says; the message tells where."""


@dataclass(frozen=True)
class Layout:
    """A published layout: its name, the files that it needs, and those that may stand beside."""

    name: str
    files: tuple[str, ...]
    may_have: tuple[str, ...] = ()


MOVIELENS = (
    Layout("100K", ("u.data", "u.user", "u.item"), ("u.genre", "u.occupation", "u.info")),
    Layout("1M", ("ratings.dat", "users.dat", "movies.dat")),
    Layout("latest", ("ratings.csv", "movies.csv")),
)
YELP = Layout(
    "JSON lines",
    tuple(f"yelp_academic_dataset_{name}.json" for name in ("review", "user", "business")),
)


def movielens_layout(folder: Path) -> Layout:
    """The layout of MovieLens whose files stand in a folder.

    Raises:
        RatingsFileError: if none or more than one is there, or one lacks a file.
    """
    whole = [one for one in MOVIELENS if all((folder / name).is_file() for name in one.files)]
    if len(whole) == 1:
        return whole[0]
    wanted = "; or ".join(", ".join(one.files) for one in MOVIELENS)
    if whole:
        both = " and ".join(one.name for one in whole)
        found = f"{folder}: files of the layouts {both} stand there together"
        raise RatingsFileError(f"{found}; allowed: one layout in a folder; move one away")
    for one in MOVIELENS:
        missing = [name for name in one.files if not (folder / name).is_file()]
        if len(missing) < len(one.files):
            lacks = f"{folder}: {', '.join(missing)} of the {one.name} layout is not there"
            raise RatingsFileError(f"{lacks}; allowed: {wanted}; fetch what is missing")
    inside = [path.parent for one in MOVIELENS for path in sorted(folder.glob(f"*/{one.files[0]}"))]
    hint = f"did you mean {inside[0]}?" if inside else "unpack the archive there, or give its .zip"
    raise RatingsFileError(f"{folder}: no files of MovieLens; allowed: {wanted}; {hint}")


def inputs(source: str, place: str | Path) -> list[str]:
    """The files to be read of a source, in a folder (or the .zip archive, of MovieLens).

    Raises:
        RatingsFileError: if they are not there.
    """
    place = Path(place)
    if source == "movielens" and place.suffix == ".zip" and place.is_file():
        return [str(place)]
    if not place.is_dir():
        found = "this is a file" if place.exists() else "there is no such folder"
        archive = ", or their .zip" if source == "movielens" else ""
        raise RatingsFileError(
            f"{place}: {found}; allowed: a folder with the files of {source}{archive}; "
            "check the spelling"
        )
    if source == "movielens":
        layout = movielens_layout(place)
    else:
        layout = YELP
        missing = [name for name in layout.files if not (place / name).is_file()]
        if missing:
            raise RatingsFileError(
                f"{place}: {', '.join(missing)} is not there; allowed: a folder with "
                f"{', '.join(layout.files)}; unpack the archive there"
            )
    beside = [name for name in layout.may_have if (place / name).is_file()]
    return [str(place / name) for name in (*layout.files, *beside)]
