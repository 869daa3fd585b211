"""What is read of ratings that people bring: ids, stars, times, and what is known of both sides."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twotower.real.reading.faults import fault

ONE_RELEASE = "take all files from one release"


@dataclass(frozen=True)
class Entities:
    """What is known of users or of items beside their ratings, a row each.

    Attributes:
        count: rows.
        numbers: by name [count], NaN where it is missing.
        categories: by name one word for each row, "" where it is missing.
        sets: by name a tuple of words for each row, such as a film's genres.
        texts: by name a line of text for each row.
    """

    count: int
    numbers: dict[str, np.ndarray]
    categories: dict[str, list[str]]
    sets: dict[str, list[tuple[str, ...]]]
    texts: dict[str, list[str]]

    def take(self, rows: np.ndarray) -> "Entities":
        """Some of the rows, in the given order."""
        return Entities(
            len(rows),
            {name: values[rows] for name, values in self.numbers.items()},
            *(
                {name: [values[row] for row in rows] for name, values in block.items()}
                for block in (self.categories, self.sets, self.texts)
            ),
        )


@dataclass(frozen=True)
class RawRatings:
    """Ratings as they stand in files, with what is known of both sides.

    Attributes:
        title: of the data, such as "MovieLens 100K".
        licence: its terms in a sentence.
        users, items: int64 [n], rows of the entities below, 0, 1, …; all of these are rated.
        ratings: float64 [n], within `scale`.
        times: int64 [n], seconds since 1970.
        user_entities, item_entities: a row for each user and item.
        scale: lowest and highest rating that the layout allows.
        notes: what was left out or put together, a line each.
    """

    title: str
    licence: str
    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    times: np.ndarray
    user_entities: Entities
    item_entities: Entities
    scale: tuple[float, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawClicks:
    """Clicks as they stand in files, with what is known of both sides: who chose what.

    Unlike `RawRatings` they have neither ratings nor a scale. A pair may stand there several times.

    Attributes:
        title: of the data.
        licence: its terms in a sentence.
        users, items: int64 [n], rows of the entities below, 0, 1, …; all of these have clicks.
        times: float64 [n], seconds since 1970; equal times are in the order of the file.
        user_entities, item_entities: a row for each user and item.
        notes: what was left out, a line each.
    """

    title: str
    licence: str
    users: np.ndarray
    items: np.ndarray
    times: np.ndarray
    user_entities: Entities
    item_entities: Entities
    notes: tuple[str, ...] = ()


def rows_of(ids: np.ndarray, known: dict[int, int], path: Path, first: int, side: str, file: str):
    """Rows [n] of the ids [n] of ratings among the entities, or RatingsFileError.

    Args:
        known: id → row.
        path, first: the file of ratings and the line of the first of them.
        side, file: "user" or "item", and the file that lacks it.
    """
    unique, places = np.unique(ids, return_inverse=True)
    rows = np.array([known.get(int(one), -1) for one in unique])[places]
    if (rows < 0).any():
        row = int((rows < 0).argmax())
        found = f"{side} {ids[row]} has no line in {file}"
        raise fault(path, first + row, found, f"{side}s of {file}", ONE_RELEASE)
    return rows


def rated_only(rows: np.ndarray, entities: Entities) -> tuple[np.ndarray, Entities]:
    """Rows [n] counted among those entities alone that are rated, and these."""
    used, places = np.unique(rows, return_inverse=True)
    return places, entities.take(used)
