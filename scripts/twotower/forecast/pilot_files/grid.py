"""The rows of one curve as a grid: replicates by sizes, an error in each place."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.forecast.pilot_files.curve_choice import CHOICES, alternatives, listed
from twotower.forecast.pilot_files.curve_labels import check_one_scheme
from twotower.forecast.pilot_files.source import LEAST_SIZES, PilotError

COUNTS = ("n_users", "n_items")
_MOST = 10**15
_SMALLEST = 1.0e-12  # of errors: squares and logarithms of smaller ones lose their digits
_NEAR = 1.2  # times the smallest number of ratings in rows of one fraction
_APART = 1.5  # times the smallest number of users: no longer splits of one design
_NOT_ABOVE = (
    "; of a score of which more is better (R²) write 1 minus the score; of one with a "
    "minus before it (neg_mean_squared_error) take the minus away"
)
_NOUGHT = (
    "; an error of 0 has no logarithm, and no curve goes on from it: test on more ratings, or keep "
    "the sizes below it"
)
_THOUSANDS = re.compile(r"\d{1,3}([.,' _]\d{3})+")


def has_fractions(frame: pd.DataFrame) -> bool:
    """Whether fractions give the sizes: at least two rows differ in their fraction."""
    return "fraction" in frame and frame["fraction"].nunique() > 1


def numbered(
    frame: pd.DataFrame, size: str, replicate: str, error: str, path: Path
) -> pd.DataFrame:
    """The rows with numbers as numbers, in columns n_ratings, replicate and error.

    Raises:
        PilotError: naming the line of the first value that is wrong.
    """
    counts = [name for name in COUNTS if name in frame]
    for name in (size, error, *counts):
        frame = frame.assign(**{name: _numbers(frame[name], name, path, whole=name != error)})
    if (empty := frame[replicate].astype(str) == "").any():
        where = f"{path}: {replicate} is empty in line {frame.index[empty][0]}"
        raise PilotError(f"{where}; allowed: a name")
    frame = frame.drop(
        columns={"n_ratings", "replicate", "error"} - {size, replicate, error}, errors="ignore"
    )
    return frame.rename(columns={size: "n_ratings", replicate: "replicate", error: "error"})


def grid(
    frame: pd.DataFrame, fractions: bool, path: Path
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Errors [replicates, sizes], `Source.points`, and which numbers of users and items these are.

    Args:
        frame: as `numbered` gives it.
        fractions: rows of one fraction are of one size, the mean of their n_ratings.
        path: for messages.

    Raises:
        PilotError: if a place of the grid is empty, or taken twice.
    """
    if fractions:  # its numbers may differ by a few between splits
        frame = frame.assign(n_ratings=_of_fractions(frame, path))
    counts = [name for name in COUNTS if name in frame]
    points = frame[["n_ratings", *counts, "replicate", "error"]] if len(counts) == 2 else None
    whole, frame = frame, _one_design(frame, counts, path)
    design = [f"{name}={frame[name].iloc[0]}" for name in counts if len(frame) < len(whole)]
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
    return wide, pd.DataFrame() if points is None else points.reset_index(drop=True), design


def _of_fractions(frame: pd.DataFrame, path: Path) -> pd.Series:
    """The mean number of ratings of each row's fraction."""
    numbers = pd.to_numeric(frame["fraction"], errors="coerce")
    key = numbers if numbers.notna().all() else frame["fraction"]
    groups = frame["n_ratings"].groupby(key)
    far = groups.max() > _NEAR * groups.min()
    if far.any():
        rows = groups.get_group(far.idxmax())
        low, high = rows.idxmin(), rows.idxmax()
        raise PilotError(
            f"{path}: fraction {far.idxmax()} stands for {rows[low]:,} ratings in line {low} and "
            f"for {rows[high]:,} in line {high}; allowed: about as many in all rows of a fraction; "
            "remove the column fraction, or keep the rows of one data set"
        )
    return groups.transform("mean").round().astype(int)


def _one_design(frame: pd.DataFrame, counts: list[str], path: Path) -> pd.DataFrame:
    """Rows along which the number of ratings alone is planned: of the most users and items.

    Where each size has numbers of users and items of its own, that is all of them.
    """
    if not counts or (frame.groupby("n_ratings")[counts].nunique() <= 1).all(axis=None):
        return frame
    groups = frame.groupby("n_ratings")[counts]
    near = (groups.max() <= _APART * groups.min()).all(axis=None)
    if near and not frame.duplicated(["n_ratings", "replicate"]).any():
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
        size, replicate = (frame.loc[twice, n].iloc[0] for n in ("n_ratings", "replicate"))
        rows = frame[(frame["n_ratings"] == size) & (frame["replicate"] == replicate)]
        raise PilotError(
            f"{path}: n_ratings {size}, replicate {replicate} stands "
            f"{len(rows)} times, in lines {listed(rows.index.to_series())}; "
            f"{_choice(frame, rows)}"
        )
    check_one_scheme(frame["replicate"], path)
    alone = frame.groupby("replicate")["n_ratings"].nunique()
    if len(frame) > 1 and (alone == 1).all() and frame["n_ratings"].nunique() > 1:
        raise PilotError(
            f"{path}: each replicate stands at one size alone ({alone.index[0]}, …); allowed: "
            "replicates that go through all sizes; number the runs of each size 0, 1, 2, …"
        )
    counts = frame.groupby("n_ratings")["replicate"].nunique()
    if counts.min() < counts.max():
        raise PilotError(
            f"{path}: n_ratings {counts.idxmin()} has {counts.min()} replicates, others have "
            f"{counts.max()}; allowed: the same replicates at each size"
        )


def _choice(frame: pd.DataFrame, rows: pd.DataFrame) -> str:
    """What to type, or to do, where several rows are of one size and replicate."""
    differ = [n for n in rows if n != "error" and rows[n].nunique() > 1]
    whole = frame.groupby(["n_ratings", "replicate"]).ngroups
    full = [n for n in differ if (frame.groupby(n)["error"].size() >= 0.5 * whole).all()]
    for name in sorted(full, key=lambda name: name not in CHOICES):
        return f"they differ in {name}: choose by {alternatives(name, frame[name])}" + _NAMED
    if differ:
        return f"they differ in {', '.join(differ)}: keep those of one kind in a file" + _NAMED
    return "remove all but one"


_NAMED = ", or, if they are further replicates, name each of them apart"


def _numbers(values: pd.Series, name: str, path: Path, whole: bool) -> pd.Series:
    """A column as numbers; those of ratings, users and items are whole."""
    numbers = pd.to_numeric(values, errors="coerce")
    low, high = (1, _MOST) if whole else (_SMALLEST, 1.0 / _SMALLEST)
    wrong = ~numbers.between(low, high) | (whole & (numbers % 1 != 0))
    if whole and values.str.fullmatch(_THOUSANDS).all():  # 1.000 may be a thousand
        wrong[:] = True
    if wrong.any():
        value, line = values[wrong].iloc[0], values.index[wrong][0]
        allowed = f"whole numbers, 1 to {_MOST:,}" if whole else f"numbers, {low:g} to {high:g}"
        raise PilotError(
            f"{path}: {name} is {value or 'empty'} in line {line}; allowed: {allowed}"
            + _remedy(value, name, whole)
        )
    return numbers.astype(np.int64) if whole else numbers.astype(float)


def _remedy(value: str, name: str, whole: bool) -> str:
    if value == name:
        return "; remove the second header"
    if not whole and (number := pd.to_numeric(value, errors="coerce")) <= 0:
        return _NOT_ABOVE if number < 0 else _NOUGHT
    if whole and re.fullmatch(_THOUSANDS, value):
        return f"; write {re.sub('[^0-9]', '', value)}, without a sign between thousands"
    if re.fullmatch(r"[-+]?\d*,\d+", value):
        return f"; write {value.replace(',', '.')}, with a point"
    return ""
