"""A pilot of one's own: a CSV with a row for each size and replicate.

Columns: `n_ratings` (or `n_train`); `replicate` or `split`; and the error, `risk` (free of the
ratings' noise), or `mse`, `error` or `rmse` (with it; roots are squared), or any other that is
named. There may be `fraction` (rows of one fraction are one size), `width` (units of a hidden
layer), and `n_users` and `n_items`. What other columns may hold says `curve_labels`: a file of
several curves is refused. The table of scores that `snakemake movielens` writes is a pilot: its
`n_train` are `n_ratings`, and of it rows of random splits and of all test ratings are taken.
"""

import re
from pathlib import Path

import pandas as pd

from twotower.forecast.drifting_curve import Pilot
from twotower.forecast.pilot_files import curve_choice, curve_labels, shapes
from twotower.forecast.pilot_files import grid as pilot_grid
from twotower.forecast.pilot_files.shapes import ERRORS, REPLICATES, SIZES
from twotower.forecast.pilot_files.source import (
    LEAST_REPLICATES,
    PilotError,
    Source,
    checked,
    floor_of,
)
from twotower.forecast.pilot_files.table import fault

_UNITS = {"mse": "mean squared error", "rmse": "root mean square error"}
_SCORES = {"kind", "group", "method", "n_train"}
_USUAL = {"kind": "random", "group": "all"}
_LONGEST = 100  # characters of the name that files get
_MORE_SPLITS = f"--config real_splits={LEAST_REPLICATES}, where `snakemake` makes this table"
_MORE_RUNS = "run each size again on other random splits of the ratings, or with other seeds"


def usual(frame: pd.DataFrame) -> dict[str, str]:
    """What is chosen of a table of scores that was made here; nothing of other tables."""
    whole = set(frame.columns) >= _SCORES and (frame[list(_USUAL)] == _USUAL).all(axis=1).any()
    return _USUAL if whole else {}


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a file, with replicates as numbers where all of them are."""
    name = next((n for n in REPLICATES if n in frame), None)
    if name and (numbers := pd.to_numeric(frame[name], errors="coerce")).notna().all():
        return frame.assign(**{name: numbers})
    return frame


def source(
    frame: pd.DataFrame, path: Path, floor: str = "", error: str = "", picked: tuple[str, ...] = ()
) -> Source:
    """The curve in the rows of a pilot.

    Args:
        frame: its rows, each field as text; the index is the line.
        path: for messages and titles.
        floor: "fit", "none" or a number in the unit of the file; empty for none where the error is
            a risk, else "fit".
        error: the column of errors; empty for the one of `ERRORS` that there is.
        picked: columns whose value the user chose, for the title.

    Raises:
        PilotError: saying what is wrong with the rows.
    """
    named = error
    error = _error(frame, path, named)
    size, replicate = _size(frame, path), next(n for n in REPLICATES if n in frame)
    remedy = _MORE_SPLITS if usual(frame) else _MORE_RUNS
    names = _names(frame, picked)
    grid = "fraction" if pilot_grid.has_fractions(frame) else size
    known = {*SIZES, *ERRORS, *pilot_grid.COUNTS, "fraction", replicate, error}
    steps, runs = pd.to_numeric(frame[grid], errors="coerce"), frame[replicate].astype(str)
    curve_choice.one_spelling(runs, replicate, path)
    curve_labels.check_one_curve(frame, known, steps, runs, path)
    rooted = "rmse" in re.split("[^a-z]+", error.lower())
    frame = pilot_grid.numbered(frame, size, replicate, error, path)
    if rooted:
        frame = frame.assign(error=frame["error"] ** 2)
    wide, points, design = pilot_grid.grid(frame, grid == "fraction", path)
    bottom = floor_of(floor, None if error != "risk" else 0.0)
    bottom = bottom**2 if rooted and bottom is not None else bottom
    pilot = Pilot(wide.columns.to_numpy(int), wide.to_numpy(float), floor=bottom)
    shown = [*names, *([error] if named else [])]
    return Source(
        key=re.sub(r"[^\w.,=+() -]", "_", "-".join([path.stem, *shown]))[:_LONGEST],
        title=", ".join([*names, *design, path.name]),
        pilot=checked(pilot, str(path), rooted, remedy),
        unit=_UNITS.get(error.lower(), error),
        rooted=rooted,
        points=points,
    )


def _size(frame: pd.DataFrame, path: Path) -> str:
    both = [name for name in SIZES if name in frame]
    numbers = [pd.to_numeric(frame[name], errors="coerce") for name in both]
    if len(both) == 2 and (numbers[0] != numbers[1]).any():
        hint = "keep the number of ratings that were trained on"
        raise fault(path, "n_ratings and n_train differ", "one of the two columns", hint)
    return both[0]


def _error(frame: pd.DataFrame, path: Path, named: str) -> str:
    """The one column of errors, after a look at all that a pilot must have."""
    if named and (named not in frame or named in (*SIZES, *REPLICATES)):
        there = ", ".join(n for n in frame if n not in (*SIZES, *REPLICATES))
        raise fault(f"ERROR={named}", f"is no column of errors in {path}", there)
    if lacks := shapes.lacking(frame, path, named):
        raise lacks
    # pandas writes mse.1 for the second of two columns mse
    alike = [name for name in frame if re.sub(r"\.\d+$", "", name.lower()) in ERRORS]
    found = [named] if named else alike
    if len(found) > 1:
        raise PilotError(
            f"{path}: has {len(found)} columns of errors, {', '.join(found)}, and the wanted error "
            "is in the unit of one; allowed: one curve; remove the others, or add "
            f"{' or '.join(f'ERROR={name}' for name in found)}"
        )
    return found[0]


def _names(frame: pd.DataFrame, picked: tuple[str, ...]) -> list[str]:
    """What distinguishes the curve from others: its method and arm, and all that was chosen."""
    plain = [str(frame[name].iloc[0]) for name in ("method", "arm") if name in frame]
    others = [name for name in picked if name not in ("method", "arm") and name in frame]
    return [*plain, *(f"{name}={frame[name].iloc[0]}" for name in others)]
