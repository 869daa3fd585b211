"""Click logs: clicks.csv beside users.csv and items.csv, and the events of RetailRocket.

The first is this project's own layout. The second is that of the *Retailrocket recommender system
dataset* (2015 logs of a shop); its views are the clicks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.real.clicks.sides import entities
from twotower.real.reading.faults import RatingsFileError, fault, shown
from twotower.real.reading.files import ONE_RELEASE, Entities, RawClicks
from twotower.real.reading.layouts import inputs
from twotower.real.reading.text_lines import fields

OWN_LICENCE = "yours: this project neither knows nor passes on what stands in these files"
RETAILROCKET_LICENCE = (
    "Retailrocket, CC BY-NC-SA 4.0: no commercial use, share alike, name the source"
)
EVENTS = ("view", "addtocart", "transaction")
CLICK = EVENTS[0]
_COLUMNS = ("timestamp", "visitorid", "event", "itemid", "transactionid")
_WITH_TIME = ("user", "item", "time")
_NUMBER = "a number of seconds since 1970, or of milliseconds in events.csv"
_LINES = 2**18  # that are read at a time


def read(source: str, place: str | Path) -> RawClicks:
    """The clicks in a folder.

    Args:
        source: one of `layouts.CLICK_SOURCES`.

    Raises:
        RatingsFileError: for the first thing that is wrong.
    """
    return READERS[source](place)


def _read_own(place: str | Path) -> RawClicks:
    paths = {path.name: path for path in map(Path, inputs("clicks", place))}
    path = paths["clicks.csv"]
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        timed = len(file.readline().split(",")) != 2
    table = _read_table(path, _WITH_TIME if timed else _WITH_TIME[:2], "time")
    notes = () if timed else ("no times are known: clicks are in the order of the file",)
    sides, numbers = [], []
    for side in ("user", "item"):
        places, ids = _numbered(table.words[side])
        known = Entities(len(ids), {}, {}, {}, {})
        if beside := paths.get(f"{side}s.csv"):
            rows, known = entities(beside, side)
            lacks = next((place for place, one in enumerate(ids) if one not in rows), None)
            if lacks is not None:
                line = 2 + int((places == lacks).argmax())
                found = f"{side} {shown(ids[lacks])} has no line in {beside.name}"
                raise fault(path, line, found, f"{side}s of {beside.name}", ONE_RELEASE)
            known = known.take(np.array([rows[one] for one in ids]))
        numbers.append(places)
        sides.append(known)
    times = table.times if timed else np.zeros(len(numbers[0]))
    return RawClicks("clicks of your own", OWN_LICENCE, *numbers, times, *sides, notes)


def _read_retailrocket(place: str | Path) -> RawClicks:
    path = Path(inputs("retailrocket", place)[0])
    table = _read_table(path, _COLUMNS, "timestamp", may_lack="transactionid")
    events, kinds = table.words["event"]
    for place, kind in enumerate(kinds):
        if kind not in EVENTS:
            line = 2 + int((events == place).argmax())
            raise fault(path, line, f"event is {shown(kind)}", ", ".join(EVENTS))
    clicks = events == kinds.index(CLICK) if CLICK in kinds else np.zeros(len(events), bool)
    sides = [table.words[name] for name in ("visitorid", "itemid")]
    (users, people), (items, things) = (_numbered((one[clicks], ids)) for one, ids in sides)
    nothing = [Entities(len(ids), {}, {}, {}, {}) for ids in (people, things)]
    notes = (f"{int((~clicks).sum()):,} events that are no {CLICK} left out",)
    times = table.times[clicks] / 1000
    return RawClicks("RetailRocket", RETAILROCKET_LICENCE, users, items, times, *nothing, notes)


READERS: dict[str, Callable[[str | Path], RawClicks]] = {
    "clicks": _read_own,
    "retailrocket": _read_retailrocket,
}
"""By source in `layouts.CLICK_SOURCES`, what reads its files."""


@dataclass(frozen=True)
class _Table:
    """Columns of a file: of words, their places [n] among the words as they first occur, and these;
    of times, float64 [n].
    """

    words: dict[str, tuple[np.ndarray, list[str]]]
    times: np.ndarray


def _numbered(column: tuple[np.ndarray, list[str]]) -> tuple[np.ndarray, list[str]]:
    """Places [n], int64, among the sorted words that occur, and these."""
    places, words = column
    present = np.unique(places).tolist()
    present.sort(key=words.__getitem__)
    row = np.zeros(len(words), np.int64)
    row[present] = np.arange(len(present))
    return row[places], [words[place] for place in present]


def _read_table(path: Path, names: tuple[str, ...], time: str, may_lack: str = "") -> _Table:
    """A file with a header, some lines at a time: ids are words, and stay as they are written.

    Args:
        time: the column of times, where there is one.
        may_lack: a column that may be blank.
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
                    seen = np.array([own.setdefault(word, len(own)) for word in words], np.int32)
                    places[name].append(seen[codes])
                if time in names:
                    times.append(np.array([_seconds(text) for text in part[time]]))
    except (ValueError, OverflowError):
        raise _first_fault(path, names, time, may_lack) from None
    if not any(places.values()):
        raise fault(path, None, "it holds no click", "a line for each click")
    columns = {name: (np.concatenate(places[name]), list(own)) for name, own in known.items()}
    return _Table(columns, np.concatenate(times) if times else np.zeros(0))


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
