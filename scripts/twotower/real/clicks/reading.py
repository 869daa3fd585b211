"""Click logs: clicks.csv beside users.csv and items.csv, and the events of RetailRocket.

The first is this project's own layout. The second is that of the *Retailrocket recommender system
dataset* (2015 logs of a shop); its views are the clicks.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from twotower.real.clicks.columns import numbered, read_columns
from twotower.real.clicks.sides import entities
from twotower.real.reading.faults import fault, shown
from twotower.real.reading.files import ONE_RELEASE, Entities, RawClicks
from twotower.real.reading.layouts import inputs
from twotower.real.reading.text_lines import header

OWN_LICENCE = "yours: this project neither knows nor passes on what stands in these files"
RETAILROCKET_LICENCE = (
    "Retailrocket, CC BY-NC-SA 4.0: no commercial use, share alike, name the source"
)
EVENTS = ("view", "addtocart", "transaction")
CLICK = EVENTS[0]
_COLUMNS = ("timestamp", "visitorid", "event", "itemid", "transactionid")
_WITH_TIME = ("user", "item", "time")


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
    timed = len(header(path)) != 2
    table = read_columns(path, _WITH_TIME if timed else _WITH_TIME[:2], "time")
    notes = () if timed else ("no times are known: clicks are in the order of the file",)
    sides, numbers = [], []
    for side in ("user", "item"):
        places, ids = numbered(table.words[side])
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
    table = read_columns(path, _COLUMNS, "timestamp", may_lack="transactionid")
    events, kinds = table.words["event"]
    for place, kind in enumerate(kinds):
        if kind not in EVENTS:
            line = 2 + int((events == place).argmax())
            raise fault(path, line, f"event is {shown(kind)}", ", ".join(EVENTS))
    clicks = events == kinds.index(CLICK) if CLICK in kinds else np.zeros(len(events), bool)
    sides = [table.words[name] for name in ("visitorid", "itemid")]
    (users, people), (items, things) = (numbered((one[clicks], ids)) for one, ids in sides)
    nothing = [Entities(len(ids), {}, {}, {}, {}) for ids in (people, things)]
    notes = (f"{int((~clicks).sum()):,} events that are no {CLICK} left out",)
    times = table.times[clicks] / 1000
    return RawClicks("RetailRocket", RETAILROCKET_LICENCE, users, items, times, *nothing, notes)


READERS: dict[str, Callable[[str | Path], RawClicks]] = {
    "clicks": _read_own,
    "retailrocket": _read_retailrocket,
}
"""By source in `layouts.CLICK_SOURCES`, what reads its files."""
