"""Learning curves to plan from: a study's table of risks, or a CSV of one's own pilot.

A table of risks is `results/rates/<experiment>/risks.csv`; `own_pilots` says what the other may
hold.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.forecast import own_pilots, study_pilots
from twotower.forecast.pilot_files import curve_choice, table
from twotower.forecast.pilot_files.source import PilotError, Source


def read(
    paths: Iterable[Path],
    chosen: dict[str, str],
    floor: str = "",
    error: str = "",
    left_out: list[PilotError] | None = None,
) -> list[Source]:
    """All curves that the files hold.

    Args:
        paths: tables of risks, or pilots.
        chosen: column → value; rows with another value are left out. A study's rows are those of
            arm erm unless an arm is named.
        floor: "fit", "none" or a number; empty for none where the error is a risk, else "fit".
        error: the column of errors of a pilot; empty for the usual one.
        left_out: gets why curves and files cannot be planned from, where others can; not those
            without the values chosen.

    Raises:
        PilotError: if no file holds a curve that can be planned from; the first fault. If two
            files hold one curve, with other errors.
    """
    sources: dict[str, tuple[Source, Path]] = {}
    faults: list[PilotError] = []
    absent: list[PilotError] = []
    for path in map(Path, paths):
        try:
            found = _sources(path, chosen, floor, error, faults)
        except PilotError as fault:
            (absent if fault.elsewhere else faults).append(fault)
            continue
        for source in found:
            same, first = sources.setdefault(source.key, (source, path))  # of two experiments
            if not np.array_equal(same.pilot.error, source.pilot.error):
                text = f"{first} and {path}: both hold a curve {source.key}, with other errors"
                raise PilotError(f"{text}; allowed: each curve once; name one of the two files")
    if not sources:
        raise [*faults, *absent][0]
    if left_out is not None:
        left_out += faults
    return [source for source, _ in sources.values()]


def finished() -> list[Path]:
    """Tables of risks of the study in this folder.

    Raises:
        PilotError: if there are none.
    """
    found = sorted(Path("results/rates").glob("*/risks.csv"))
    if not found:
        raise PilotError(
            "there is no finished study here (results/rates/*/risks.csv): run `make` first, or "
            "name a file, such as a CSV of your own with n_ratings, replicate and mse"
        )
    return found


def _sources(
    path: Path, chosen: dict[str, str], floor: str, error: str, faults: list[PilotError]
) -> list[Source]:
    text = table.text_of(path)
    frame = study_pilots.table(text, path)
    if frame is None:
        return [_own(own_pilots.ordered(table.rows(text, path)), path, chosen, floor, error)]
    found, wrong = study_pilots.sources(frame, path, chosen, floor, error)
    faults += wrong
    return found


def _own(frame: pd.DataFrame, path: Path, chosen: dict[str, str], floor: str, error: str) -> Source:
    kept = curve_choice.chosen(frame, own_pilots.usual(frame) | chosen, path)
    made = own_pilots.source(kept, path, floor, error, tuple(chosen))
    names = dict.fromkeys(["method", *chosen])
    return replace(made, others=curve_choice.others(frame, kept, names))
