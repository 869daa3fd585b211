"""What users.csv and items.csv tell beside clicks: an id, and columns of any names.

A column is read by its values: numbers, where all that are not blank are numbers; sets of words, if
a '|' stands in one of them; else a word for each row.
"""

import math
from pathlib import Path

import numpy as np

from twotower.real.reading.faults import fault, shown
from twotower.real.reading.files import Entities
from twotower.real.reading.text_lines import fields, header

_LARGEST = 1e150  # its square is a number too
_NO_NUMBERS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
MOST_WORDS = 1000
"""Different words of a column: each becomes a column of numbers."""


def entities(path: Path, side: str) -> tuple[dict[str, int], Entities]:
    """Rows by id, and what is known of each.

    Args:
        side: "user" or "item", the name of the first column.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    names = _names(path, side)
    rows: dict[str, int] = {}
    columns: list[list[str]] = [[] for _ in names[1:]]
    for line, (key, *values) in fields(path, ",", names, "utf-8", header=True):
        if not key:
            raise fault(path, line, f"{side} is blank", "an id in each line")
        if key in rows:
            found = f"{side} {shown(key)} stands there again"
            raise fault(path, line, found, "one line for each id", "keep one of the lines")
        rows[key] = len(rows)
        for column, value in zip(columns, values, strict=True):
            column.append(value.strip())
    known = Entities(len(rows), {}, {}, {}, {})
    for name, column in zip(names[1:], columns, strict=True):
        numbers = [_number(text) for text in column]
        odd = next((text for text in column if text.lower() in _NO_NUMBERS), None)
        if odd and any(value is not None and not math.isnan(value) for value in numbers):
            found = f"column {shown(name)} holds {shown(odd)} among numbers"
            raise fault(path, None, found, "finite numbers, or nothing where none is known")
        if None not in numbers:
            known.numbers[name] = np.array(numbers, float)
            continue
        sets = [tuple(sorted({one for one in text.split("|") if one})) for text in column]
        if (count := len({word for one in sets for word in one})) > MOST_WORDS:
            found = f"column {shown(name)} has {count:,} different words"
            remedy = "leave the column out, or put words into groups"
            raise fault(path, None, found, f"at most {MOST_WORDS:,}", remedy)
        if any("|" in text for text in column):
            known.sets[name] = sets
        else:
            known.categories[name] = column
    return rows, known


def _names(path: Path, side: str) -> list[str]:
    """The header: the side, then names that differ."""
    names = header(path)
    if names[:1] != [side] or len(set(names)) < len(names) or "" in names:
        found = f"the header is {shown(','.join(names))}"
        allowed = f"{side}, then names of columns that differ, with commas between them"
        raise fault(path, 1, found, allowed, f"such as {side},age,city")
    return names


def _number(text: str) -> float | None:
    """A number, NaN for a blank text, None for a word."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return None
    finite = math.isfinite(value) and abs(value) <= _LARGEST
    return value if finite and text.isascii() and "_" not in text else None
