"""A pilot of one's own: a CSV with a row for each size and replicate.

Columns: `n_ratings`; `replicate` or `split`; and the error, `risk` (free of the ratings' noise), or
`mse`, `error` or `rmse` (with it; roots are squared). There may be `fraction` (rows of one fraction
are one size), `width` (units of a hidden layer), and `n_users` and `n_items`. The table of scores
that `snakemake movielens` writes is one: its `n_train` are `n_ratings`, and of it rows of random
splits and of all test ratings are taken.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from twotower.drift import Pilot
from twotower.sources import LEAST_SIZES, PilotError, Source, checked, floor_of

ERRORS = ("risk", "mse", "error", "rmse")
"""Columns that may hold the error, in the order in which they are looked for."""
_MOST = 10**15
_SMALLEST = 1.0e-12  # of errors: squares and logarithms of smaller ones lose their digits
_UNITS = {"mse": "mean squared error", "rmse": "root mean square error"}
CHOICES = ("method", "arm", "cell")
"""Columns whose values a user chooses by, as METHOD=, ARM= and CELL=."""
USUAL = {"kind": "random", "group": "all"}
"""Rows taken of a table with these columns, unless others are chosen."""


def source(frame: pd.DataFrame, path: Path, floor: str = "") -> Source:
    """The curve in the rows of a pilot.

    Args:
        frame: its rows, of one method.
        path: for messages and titles.
        floor: "fit", "none" or a number in the unit of the file; empty for none where the error is
            a risk, else "fit".

    Raises:
        PilotError: saying what is wrong with the rows.
    """
    if "n_ratings" not in frame:
        frame = frame.rename(columns={"n_train": "n_ratings"})
    replicate = next((n for n in ("replicate", "split") if n in frame), None)
    error = next((n for n in ERRORS if n in frame), None)
    missing = [] if "n_ratings" in frame else ["n_ratings"]
    missing += [] if replicate else ["replicate (or split)"]
    missing += [] if error else ["mse (or rmse, risk, error)"]
    if missing:
        raise PilotError(
            f"{path}: lacks the column {' and '.join(missing)}; it has {', '.join(frame.columns)}"
        )
    counts = [name for name in ("n_users", "n_items") if name in frame]
    for name in ("n_ratings", error, *counts):
        frame = frame.assign(**{name: _numbers(frame, name, path, whole=name != error)})
    if frame[replicate].isna().any():
        row = int(np.flatnonzero(frame[replicate].isna())[0])
        raise PilotError(f"{path}: {replicate} is empty in {_line(frame, row)}; allowed: a name")
    frame = frame.rename(columns={replicate: "replicate", error: "error"})
    if error == "rmse":
        frame = frame.assign(error=frame["error"].astype(float) ** 2)
    size = "fraction" if "fraction" in frame else "n_ratings"
    if size == "fraction":  # its numbers may differ by a few between splits
        frame = frame.assign(
            n_ratings=frame.groupby("fraction")["n_ratings"].transform("mean").round().astype(int)
        )
    points = frame[["n_ratings", *counts, "replicate", "error"]] if len(counts) == 2 else None
    frame = _one_design(frame, counts, path)
    if points is not None:
        points = points.assign(planned=points.index.isin(frame.index))
    _check_rows(frame, path)
    wide = frame.pivot(index="replicate", columns="n_ratings", values="error")
    if wide.isna().any(axis=None):
        sizes = ", ".join(str(n) for n in wide.columns[:4])
        raise PilotError(
            f"{path}: replicates have other sizes than each other ({sizes}, …); allowed: the same "
            "n_ratings in all replicates, or a column fraction that is (1, 0.5, …)"
        )
    fitted = None if error != "risk" else 0.0
    rooted = error == "rmse"
    bottom = floor_of(floor, fitted)
    bottom = bottom**2 if rooted and bottom is not None else bottom
    pilot = Pilot(wide.columns.to_numpy(int), wide.to_numpy(float), floor=bottom)
    widths = frame.groupby("n_ratings")["width"].mean() if "width" in frame else None
    names = {name: str(frame[name].iloc[0]) for name in ("method", "arm") if name in frame}
    return Source(
        key="-".join([path.stem, *names.values()]),
        title=", ".join([*names.values(), path.name]),
        pilot=checked(pilot, str(path), rooted),
        unit=_UNITS.get(error, error),
        rooted=rooted,
        widths=None if widths is None or widths.isna().any() else widths.to_numpy(float),
        points=pd.DataFrame() if points is None else points.reset_index(drop=True),
    )


def _one_design(frame: pd.DataFrame, counts: list[str], path: Path) -> pd.DataFrame:
    """Rows along which the number of ratings alone is planned: of the most users and items.

    Where each size has numbers of users and items of its own, that is all of them.
    """
    if not counts or (frame.groupby("n_ratings")[counts].nunique() <= 1).all(axis=None):
        return frame
    if not frame.duplicated(["n_ratings", "replicate"]).any():
        return frame  # splits differ by some users
    sizes = {key: rows["n_ratings"].nunique() for key, rows in frame.groupby(counts)}
    enough = [key for key, count in sizes.items() if count >= LEAST_SIZES]
    if not enough:
        raise PilotError(
            f"{path}: for no pair of n_users and n_items are there {LEAST_SIZES} sizes of "
            f"n_ratings, at most {max(sizes.values())}; allowed: vary n_ratings alone, and the "
            "numbers of users and items in further rows"
        )
    return frame[(frame[counts] == list(max(enough))).all(axis=1)]


def _check_rows(frame: pd.DataFrame, path: Path) -> None:
    twice = frame.duplicated(["n_ratings", "replicate"], keep=False)
    if twice.any():
        first = frame[twice].iloc[0]
        rows = frame[
            (frame["n_ratings"] == first["n_ratings"]) & (frame["replicate"] == first["replicate"])
        ]
        raise PilotError(
            f"{path}: n_ratings {first['n_ratings']}, replicate {first['replicate']} stands "
            f"{len(rows)} times; {_choice(frame, rows)}"
        )
    counts = frame.groupby("n_ratings")["replicate"].nunique()
    if counts.min() < counts.max():
        raise PilotError(
            f"{path}: n_ratings {counts.idxmin()} has {counts.min()} replicates, others have "
            f"{counts.max()}; allowed: the same replicates at each size"
        )


def _choice(frame: pd.DataFrame, rows: pd.DataFrame) -> str:
    """What to type, or to do, where several rows are of one size and replicate."""
    differ = [n for n in rows if n != "error" and rows[n].nunique(dropna=False) > 1]
    for name in [name for name in CHOICES if name in differ]:
        typed = [f"{name.upper()}={value}" for value in frame[name].drop_duplicates()]
        return f"choose one {name}: add {' or '.join(typed)}"
    if differ:
        return f"they differ in {', '.join(differ)}: keep those of one kind in a file of their own"
    return "remove all but one"


def _numbers(frame: pd.DataFrame, name: str, path: Path, whole: bool) -> pd.Series:
    """A column as numbers; those of ratings, users and items are whole."""
    values = pd.to_numeric(frame[name], errors="coerce")
    low, high = (1, _MOST) if whole else (_SMALLEST, 1.0 / _SMALLEST)
    wrong = ~values.between(low, high) | (whole & (values % 1 != 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        allowed = f"whole numbers, 1 to {_MOST:,}" if whole else f"numbers, {low:g} to {high:g}"
        raise PilotError(
            f"{path}: {name} is {frame[name].iloc[row]} in {_line(frame, row)}; allowed: {allowed}"
        )
    return values.astype(np.int64) if whole else values.astype(float)


def _line(frame: pd.DataFrame, row: int) -> str:
    """Where a row stands in its file, whose header is line 1."""
    return f"line {int(frame.index[row]) + 2}"
