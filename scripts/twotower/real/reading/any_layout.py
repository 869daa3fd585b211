"""Which source's files stand at a place, for commands that take ratings or clicks of any layout."""

import os
from pathlib import Path

from twotower.real.reading.faults import refusal
from twotower.real.reading.layouts import CLICK_SOURCES, CLICKS, RETAILROCKET, SOURCES

_MARKS = {"clicks": CLICKS.files, "retailrocket": RETAILROCKET.files}


def source_at(place: str | Path) -> str:
    """The name of the source, of `SOURCES` or `CLICK_SOURCES`, whose files stand at a place.

    Whether they are whole is told by `layouts.inputs`.

    Args:
        place: a folder, or an archive, which only MovieLens has.

    Raises:
        RatingsFileError: if no source has files there, or several have.
    """
    place = Path(place)
    if not os.path.exists(place):
        remedy = "check the spelling"
        raise refusal(place, "there is no such folder", "a folder with ratings or clicks", remedy)
    if not place.is_dir():
        return "movielens"
    try:
        there = {name.lower() for name in os.listdir(place)}
    except OSError as error:
        found = f"the folder cannot be read ({error.strerror})"
        raise refusal(place, found, "a folder of your own", "mind who may read it") from None
    found = [name for name, source in SOURCES.items() if there & source.known]
    found += [name for name, files in _MARKS.items() if there.issuperset(files)]
    if len(found) > 1:
        both = " and ".join(found)
        what = f"files of {both} stand there together"
        raise refusal(place, what, "one data set in a folder", "move one away")
    if not found:
        allowed = f"those of one of {', '.join((*SOURCES, *CLICK_SOURCES))}"
        hint = "docs/real-ratings.md lists the files of each layout"
        raise refusal(place, "no files of ratings or clicks", allowed, hint)
    return found[0]
