"""Ratings as a table of numbers: any fault is one message with file, line and value.

Whole columns of numbers are read by pandas' parser; only where that fails is the file walked line
by line, to find the first line at fault.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.real.reading.faults import REMEDY, RatingsFileError, fault, shown
from twotower.real.reading.text_lines import check_whole, fields

_TOO_LARGE = 2**63


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
            encoding="utf-8-sig",
        )
        if table.pop("more").notna().any() or table.isna().any(axis=None):
            raise ValueError
        if header:
            next(fields(path, separator, names, "utf-8", header=True))
    except (ValueError, OverflowError, StopIteration):
        raise _first_fault(path, separator, names, header) from None
    low, high, step = steps
    ratings = table["rating"].to_numpy()
    off = (ratings < low) | (ratings > high)
    off[~off] = np.mod(ratings[~off], step) != 0
    if off.any():
        row = int(off.argmax())
        allowed = f"{low:g} to {high:g} in steps of {step:g}"
        remedy = "mend the line, or bring all ratings to this scale"
        if step == 1 and low < ratings[row] < high and ratings[row] % 0.5 == 0:
            remedy = "half stars are read from ratings.csv, and from the 10M layout"
        found = f"rating {ratings[row]:g} is off the scale"
        raise fault(path, first + row, found, allowed, remedy)
    twice = table.duplicated(["user", "item"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        user, item = table.loc[row, ["user", "item"]].astype(int)
        same = (table["user"] == user) & (table["item"] == item)
        found = f"user {user} rates item {item} again, as on line {first + int(same.argmax()):,}"
        raise fault(path, first + row, found, "one rating for each user and item", "keep one line")
    return table


def _dated(path: Path, name: str, header: bool) -> str:
    """What to do with a column of dates."""
    if not header:
        return "write dates as seconds since 1970; where no time is known, 0 in each line"
    return (
        "where no time is known, write 0 in each line; dates, in Python: import pandas as pd; "
        f"pd.read_csv({path.name!r}, parse_dates=[{name!r}]).assign({name}=lambda f: "
        f"(f[{name!r}] - pd.Timestamp(0)).dt.total_seconds().astype('int64'))"
        ".to_csv('new.csv', index=False)"
    )


def _first_fault(
    path: Path, separator: str, names: Sequence[str], header: bool
) -> RatingsFileError:
    """The error for the first line that the fast parser cannot take."""
    last = int(header)
    for line, found in fields(path, separator, names, "utf-8", header):
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
                found, remedy = f"{name} is {shown(text)}", REMEDY
                if name in names[:2]:
                    remedy += "; where ids are words, number them, alike in all files"
                if name == names[3]:
                    kind, remedy = f"{kind} of seconds since 1970", _dated(path, name, header)
                return fault(path, line, found, kind, remedy)
            if not abs(value) < _TOO_LARGE:  # nor is NaN
                return fault(path, line, f"{name} is {shown(text)}", f"{kind} below 2^63")
    if last == header:
        return fault(path, None, "it holds no rating", "a line for each rating", "fetch it anew")
    with open(path, "rb") as file:
        if sum(1 for _ in file) > last:
            return fault(path, last + 1, "the line is blank", "a rating in each line")
    return fault(path, None, "it cannot be read as a table of numbers", "a rating in each line")
