"""Columns of a log with a header: words as places in a list, and one column of times.

A log has millions of lines and fewer ids: it is read some lines at a time, and what is held of a
line is a few numbers. Only where that fails is the file walked line by line, to find the first line
at fault.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.real.reading.faults import RatingsFileError, fault, shown
from twotower.real.reading.text_lines import fields

_NUMBER = "a number of seconds since 1970, or of milliseconds in events.csv"
_LINES = 2**18  # that are read at a time


@dataclass(frozen=True)
class Columns:
    """Columns of a file: of words, their places [n] among the words as they first occur, and these;
    of times, float64 [n].
    """

    words: dict[str, tuple[np.ndarray, list[str]]]
    times: np.ndarray


def numbered(column: tuple[np.ndarray, list[str]]) -> tuple[np.ndarray, list[str]]:
    """Places [n], int64, among the sorted words that occur, and these."""
    places, words = column
    present = np.unique(places).tolist()
    present.sort(key=words.__getitem__)
    row = np.zeros(len(words), np.int64)
    row[present] = np.arange(len(present))
    return row[places], [words[place] for place in present]


def read_columns(path: Path, names: tuple[str, ...], time: str, may_lack: str = "") -> Columns:
    """A file with a header, some lines at a time: ids are words, and stay as they are written.

    Args:
        time: the column of times, where there is one.
        may_lack: a column that may be blank.

    Raises:
        RatingsFileError: for another header, and for the first line that is wrong: a field too many
            or too few, a blank one, a time that is no number.
    """
    known: dict[str, dict[str, int]] = {name: {} for name in names if name != time}
    places: dict[str, list[np.ndarray]] = {name: [] for name in known}
    times: list[np.ndarray] = []
    try:
        next(fields(path, ",", names, "utf-8", header=True), None)
        parts = pd.read_csv(
            path,
            header=None,
            skiprows=1,
            names=[*names, "more"],
            dtype="str",
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
            chunksize=_LINES,
        )
        with parts:
            for part in parts:
                blank = part.isna() | (part == "")
                if not blank.pop("more").all() or blank.drop(columns=may_lack or []).any(axis=None):
                    raise ValueError
                for name, own in known.items():
                    codes, words = pd.factorize(part[name])
                    if any("\n" in word for word in words):  # of a quote that is left open
                        raise ValueError
                    seen = np.array([own.setdefault(word, len(own)) for word in words], np.int32)
                    places[name].append(seen[codes])
                if time in names:
                    times.append(np.array([_seconds(text) for text in part[time]]))
    except (ValueError, OverflowError):
        raise _first_fault(path, names, time, may_lack) from None
    if not any(places.values()):
        raise fault(path, None, "it holds no click", "a line for each click")
    columns = {name: (np.concatenate(places[name]), list(own)) for name, own in known.items()}
    return Columns(columns, np.concatenate(times) if times else np.zeros(0))


def _first_fault(path: Path, names: tuple[str, ...], time: str, may_lack: str) -> RatingsFileError:
    """The error for the first line that the fast parser cannot take."""
    last = 1
    for line, found in fields(path, ",", names, "utf-8", header=True):
        if line > last + 1:  # `fields` leaves blank lines out
            break
        last = line
        for name, text in zip(names, found, strict=True):
            if not text and name != may_lack:
                return fault(path, line, f"{name} is blank", "a value in each line")
            try:
                _seconds(text if name == time else "0")
            except ValueError:
                return fault(path, line, f"{name} is {shown(text)}", _NUMBER)
    return fault(path, last + 1, "the line is blank", "a click in each line")


def _seconds(text: str) -> float:
    """A time, or ValueError."""
    value = float(text)
    if not math.isfinite(value) or not text.isascii() or "_" in text:  # Python takes 1_000
        raise ValueError
    return value
