"""Reading files of ratings that people bring: any fault is one message with file, line and value.

Whole columns of numbers are read by pandas' parser; only where that fails is the file walked line
by line, to find the first line at fault.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.kinds import complaint
from twotower.layouts import RatingsFileError

REMEDY = "fetch the file anew, or mend the line"
_TOO_LARGE = 2**63
_OPEN_QUOTE = ("a quote that does not end with its field", "quotes around whole fields")
_SHOWN = 60  # characters of a value in a message
_NAMES = {"\t": "tabs", "::": "'::'", "|": "'|'", ",": "commas"}


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


def fault(path: Path, line: int | None, found: str, allowed: str, remedy: str = REMEDY):
    """The error for one place: "u.data, line 3: …; allowed: …; remedy"."""
    place = f"{path.name}, line {line:,}" if line else path.name
    return RatingsFileError(f"{place}: {complaint(found, allowed, remedy)}")


def shown(value: str) -> str:
    """A value from a file, short and printable."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


def check_whole(path: Path) -> None:
    """Raise RatingsFileError for a file that is empty or stops in the middle of a line."""
    try:
        with open(path, "rb") as file:
            if not file.read(1):
                raise fault(path, None, "the file is empty", "a line for each entry", "fetch it")
            file.seek(-1, 2)
            end = file.read(1)
    except OSError as error:
        raise fault(path, None, f"it cannot be read ({error.strerror})", "a file") from None
    if end != b"\n":
        found = "the file ends in the middle of a line"
        remedy = "it may have been cut short: fetch it anew, or end its last line if it is whole"
        raise fault(path, None, found, "an end of line at its end", remedy)


def fields(
    path: Path, separator: str, names: Sequence[str], encoding: str, header: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line that is not blank, after a header if there is one.

    Args:
        separator: between fields; a comma stands for CSV with quotes.
        names: of the fields; the header must be just these.

    Raises:
        RatingsFileError: for a header or a number of fields that is not as `names` says, for a
            byte that does not fit the encoding, and for a cut or empty file.
    """
    check_whole(path)
    with open(path, encoding=encoding, newline="") as file:
        lines = csv.reader(file, strict=True) if separator == "," else _split(file, separator)
        line = 0
        try:
            for number, found in enumerate(lines, start=1):
                before, line = line, lines.line_num if separator == "," else number
                if header and number == 1:
                    if found != list(names):
                        text = f"the header is {shown(separator.join(found))}"
                        raise fault(path, 1, text, separator.join(names), "is it another file?")
                elif found and found != [""]:
                    if any("\n" in text for text in found):
                        raise fault(path, before + 1, *_OPEN_QUOTE)
                    if len(found) != len(names):
                        text = f"{len(found)} fields in {shown(separator.join(found))}"
                        kind = f"{len(names)} separated by {_NAMES[separator]}"
                        listed = ", ".join([*names[:5], *["…"] * (len(names) > 5)])
                        raise fault(path, line, text, f"{kind}: {listed}")
                    yield line, found
        except csv.Error:
            raise fault(path, line + 1, *_OPEN_QUOTE) from None
        except UnicodeDecodeError as error:
            text = f"byte 0x{error.object[error.start]:02x} is not {encoding.upper()}"
            raise fault(path, None, text, "text as the data's authors publish it") from None


def _split(file: io.TextIOBase, separator: str) -> Iterator[list[str]]:
    for line in file:
        yield line.rstrip("\r\n").split(separator)


def ratings_table(
    path: Path, separator: str, names: Sequence[str], steps: tuple[float, ...], header: bool
) -> pd.DataFrame:
    """Users, items, ratings and times of a file with a line for each rating.

    Args:
        names: of the four columns in the file, in this order.
        steps: lowest and highest rating, and the step between ratings.

    Returns:
        Columns `user`, `item` (int64, as in the file), `rating` (float64), `time` (int64).

    Raises:
        RatingsFileError: naming the first line that is wrong: a field too many or too few, text
            for a number, a rating off the scale, a pair that is rated twice.
    """
    check_whole(path)
    first = 1 + header
    types = {"user": "int64", "item": "int64", "rating": "float64", "time": "int64"}
    source: Path | io.BytesIO = path
    try:
        if separator == "::":  # pandas' fast parser takes one character
            content = path.read_bytes()
            if b"\t" in content:
                raise ValueError
            source = io.BytesIO(content.replace(b"::", b"\t"))
        table = pd.read_csv(
            source,
            sep="\t" if separator == "::" else separator,
            header=None,
            skiprows=int(header),
            names=list(types) + ["more"],
            dtype=types | {"more": "float64"},
            skip_blank_lines=False,
            encoding="utf-8",
        )
        if table.pop("more").notna().any() or table.isna().any(axis=None):
            raise ValueError
        if header:
            next(fields(path, separator, names, "utf-8-sig", header=True))
    except (ValueError, OverflowError, StopIteration):
        raise _first_fault(path, separator, names, header) from None
    low, high, step = steps
    ratings = table["rating"].to_numpy()
    off = (ratings < low) | (ratings > high)
    off[~off] = np.mod(ratings[~off], step) != 0
    if off.any():
        row = int(off.argmax())
        allowed = f"{low:g} to {high:g} in steps of {step:g}"
        raise fault(path, first + row, f"rating {ratings[row]:g} is off the scale", allowed)
    twice = table.duplicated(["user", "item"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        user, item = table.loc[row, ["user", "item"]].astype(int)
        same = (table["user"] == user) & (table["item"] == item)
        found = f"user {user} rates item {item} again, as on line {first + int(same.argmax()):,}"
        raise fault(path, first + row, found, "one rating for each user and item", "keep one")
    return table


def _first_fault(
    path: Path, separator: str, names: Sequence[str], header: bool
) -> RatingsFileError:
    """The error for the first line that the fast parser cannot take."""
    last = int(header)
    for line, found in fields(path, separator, names, "utf-8-sig", header):
        if line > last + 1:  # `fields` leaves blank lines out
            return fault(path, last + 1, "the line is blank", "a rating in each line")
        last = line
        for name, text, number in zip(names, found, (int, int, float, int), strict=True):
            kind = "a whole number" if number is int else "a number"
            try:
                if not text.isascii() or "_" in text:  # Python takes 1_000 and digits of any script
                    raise ValueError
                value = number(text)
            except ValueError:
                return fault(path, line, f"{name} is {shown(text)}", kind)
            if not abs(value) < _TOO_LARGE:  # nor is NaN
                return fault(path, line, f"{name} is {shown(text)}", f"{kind} below 2^63")
    if last == header:
        return fault(path, None, "it holds no rating", "a line for each rating", "fetch it anew")
    with open(path, "rb") as file:
        if sum(1 for _ in file) > last:
            return fault(path, last + 1, "the line is blank", "a rating in each line")
    return fault(path, None, "it cannot be read as a table of numbers", "a rating in each line")


def numbered(path: Path, line: int, name: str, text: str, low: int, high: int) -> int:
    """A whole number from low to high in a field, or RatingsFileError."""
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise fault(path, line, f"{name} is {shown(text)}", f"a whole number, {low} to {high:,}")
    return number


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
        raise fault(
            path, first + row, found, f"{side}s of {file}", "are the files of one data set?"
        )
    return rows


def rated_only(rows: np.ndarray, entities: Entities) -> tuple[np.ndarray, Entities]:
    """Rows [n] counted among those entities alone that are rated, and these."""
    used, places = np.unique(rows, return_inverse=True)
    return places, entities.take(used)
