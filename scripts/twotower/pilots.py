"""Learning curves to plan from: a study's table of risks, or a CSV of one's own pilot.

A table of risks is `results/rates/<experiment>/risks.csv`. A pilot of one's own has a row for each
size and replicate, with the columns `n_ratings`, `replicate` (or `split`) and the error: `risk`
(free of the ratings' noise), `mse` or `error` (with it). It may have `fraction` (rows of one
fraction are one size), `width` (units of a hidden layer), and `n_users` and `n_items`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from twotower import arms, curves
from twotower.drift import Pilot
from twotower.labels import cell_titles
from twotower.logs import ExpectedError

ERRORS = ("risk", "mse", "error")
"""Columns that may hold the error, in the order in which they are looked for."""
LEAST_SIZES = 5
LEAST_REPLICATES = 3
_DESIGN = ("cell", "data", "catalogue", "ratings_each", "lost_energy", "experiment")
"""Columns in which cells of a study may differ and still tell users and items apart."""
_COUNTED = {"fixed_users": "user", "popularity": "item"}  # whose number is the catalogue's


class PilotError(ExpectedError):
    """A file that no plan can be made from; the message says where, what, and what is allowed."""


@dataclass(frozen=True)
class Source:
    """A learning curve, and what the file says of it.

    Attributes:
        key: short name, for files.
        title: what was measured, for readers.
        pilot: the curve.
        unit: what the error is.
        settings: the columns of a study's cell; empty for a pilot of one's own.
        widths: units of a hidden layer at each size, shape [sizes]; None where it is not known.
        points: columns n_ratings, n_users, n_items, replicate, error and planned (whether of the
            curve itself): all that was measured under otherwise equal settings; no rows where
            numbers of users and items are not known.
    """

    key: str
    title: str
    pilot: Pilot
    unit: str
    settings: dict = field(default_factory=dict)
    widths: np.ndarray | None = None
    points: pd.DataFrame = field(default_factory=pd.DataFrame)


def read(paths: Iterable[Path], chosen: dict[str, str], floor: str = "") -> list[Source]:
    """All curves that the files hold.

    Args:
        paths: tables of risks, or one pilot.
        chosen: column → value; rows with another value are left out. A study's rows are those of
            arm erm unless an arm is named.
        floor: "fit", "none" or a number; empty for none where the error is a risk, else "fit".

    Raises:
        PilotError: if a file cannot be read, or holds no curve that can be planned from.
    """
    sources = {}
    for path in map(Path, paths):
        frame = _table(path)
        study = {"cell", "arm", "start", "risk"} <= set(frame.columns)
        usual = {"arm": arms.ERM} if study and (frame["arm"] == arms.ERM).any() else {}
        frame = _chosen(frame, usual | chosen, path)
        for source in _study(frame, path, floor) if study else [_own(frame, path, floor)]:
            sources.setdefault(source.key, source)  # a cell of two experiments
    return list(sources.values())


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


def _table(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path)
    except FileNotFoundError:
        raise PilotError(
            f"{path}: there is no such file; allowed: results/rates/<experiment>/risks.csv of a "
            "finished study, or a CSV of your own with n_ratings, replicate and mse"
        ) from None
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise PilotError(f"{path}: is no CSV with one header ({reason})") from None
    if frame.empty:
        raise PilotError(f"{path}: has no rows; allowed: a row for each size and replicate")
    return frame


def _chosen(frame: pd.DataFrame, chosen: dict[str, str], path: Path) -> pd.DataFrame:
    """The rows with these values, as they are written."""
    for name, value in chosen.items():
        if name not in frame:
            raise PilotError(f"{path}: has no column {name}; it has {', '.join(frame.columns)}")
        kept = frame[name].astype(str) == str(value)
        if not kept.any():
            there = ", ".join(frame[name].drop_duplicates().astype(str))
            raise PilotError(f"{path}: no row has {name} {value}; it has {there}")
        frame = frame[kept]
    return frame


# ---------------------------------------------------------------- a study's risks


def _study(frame: pd.DataFrame, path: Path, floor: str) -> list[Source]:
    titles = cell_titles(frame)
    found = []
    for (cell, arm), rows in frame.groupby(["cell", "arm"], sort=False):
        used = rows[rows["start"] == "used"]
        curve = curves.used_curve(rows, arm)
        pilot = Pilot(curve.n, curve.risk, carried_on=True, floor=_floor(floor, 0.0))
        settings = curves.settings_of(rows)
        widths = used.groupby("n_ratings")["width"].first().to_numpy()
        found.append(
            Source(
                key=f"{cell}-{arm}",
                title=f"{arm}, {titles[cell]}".replace("$", "").replace("_", ""),
                pilot=_checked(pilot, f"{path}: cell {cell}, arm {arm}"),
                unit="risk, in units of the signal's variance",
                settings=settings,
                widths=widths if widths.min() > 0 else None,
                points=_study_points(frame[frame["arm"] == arm], settings),
            )
        )
    return found


def _study_points(frame: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """What was measured in this cell and in those that differ from it in their catalogue alone."""
    design = settings["sampling"]
    if design in ("fresh", "not_at_random"):
        return pd.DataFrame()  # each rating is a user and an item: nothing to tell apart
    same = [n for n in curves.cell_columns(frame) if n not in _DESIGN]
    like = frame[frame["start"] == "used"]
    for name in same:
        equal = like[name].isna() if pd.isna(settings[name]) else like[name] == settings[name]
        like = like[equal]
    n = like["n_ratings"].to_numpy(float)
    counts = {"n_users": n, "n_items": n}
    if design == "grid":
        counts = dict.fromkeys(counts, np.floor(np.sqrt(n)))
    elif design in _COUNTED:
        counts[f"n_{_COUNTED[design]}s"] = like["catalogue"].to_numpy(float)
    elif design == "repeated":
        among = np.maximum(16.0, np.ceil(n / like["ratings_each"].to_numpy(float)))
        counts = dict.fromkeys(counts, among)
    kept = like[["n_ratings", "replicate"]].assign(
        error=like["risk"], planned=like["cell"] == settings["cell"], **counts
    )
    return kept.reset_index(drop=True)


# ---------------------------------------------------------------- a pilot of one's own


def _own(frame: pd.DataFrame, path: Path, floor: str) -> Source:
    replicate = next((n for n in ("replicate", "split") if n in frame), None)
    error = next((n for n in ERRORS if n in frame), None)
    missing = [] if "n_ratings" in frame else ["n_ratings"]
    missing += [] if replicate else ["replicate (or split)"]
    missing += [] if error else ["mse (or risk, or error)"]
    if missing:
        rooted = "; an rmse must be squared" if not error and "rmse" in frame else ""
        raise PilotError(
            f"{path}: lacks the column {' and '.join(missing)}; it has "
            f"{', '.join(frame.columns)}{rooted}"
        )
    counts = [name for name in ("n_users", "n_items") if name in frame]
    for name in ("n_ratings", error, *counts):
        _check_numbers(frame, name, path)
    frame = frame.rename(columns={replicate: "replicate", error: "error"})
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
    fitted = None if error != "risk" else 0.0
    pilot = Pilot(wide.columns.to_numpy(int), wide.to_numpy(float), floor=_floor(floor, fitted))
    widths = frame.groupby("n_ratings")["width"].mean() if "width" in frame else None
    names = {name: str(frame[name].iloc[0]) for name in ("method", "arm") if name in frame}
    return Source(
        key="-".join([path.stem, *names.values()]),
        title=", ".join([*names.values(), path.name]),
        pilot=_checked(pilot, str(path)),
        unit={"mse": "mean squared error"}.get(error, error),
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
        differ = [n for n in frame.columns if n != "error" and rows[n].nunique(dropna=False) > 1]
        values = {n: ", ".join(frame[n].drop_duplicates().astype(str)) for n in differ[:1]}
        hint = f"choose by {', '.join(differ)}" if differ else "remove one of them"
        known = "".join(f" ({name}: {there})" for name, there in values.items())
        raise PilotError(
            f"{path}: n_ratings {first['n_ratings']}, replicate {first['replicate']} stands "
            f"{len(rows)} times; {hint}{known}"
        )
    counts = frame.groupby("n_ratings")["replicate"].nunique()
    if counts.min() < counts.max():
        raise PilotError(
            f"{path}: n_ratings {counts.idxmin()} has {counts.min()} replicates, others have "
            f"{counts.max()}; allowed: the same replicates at each size"
        )


def _check_numbers(frame: pd.DataFrame, name: str, path: Path) -> None:
    values = pd.to_numeric(frame[name], errors="coerce")
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise PilotError(
            f"{path}: {name} is {frame[name].iloc[row]} in line {frame.index[row] + 2}; allowed: "
            "numbers above 0"
        )


# ---------------------------------------------------------------- both


def _floor(given: str, usual: float | None) -> float | None:
    if given in ("", None):
        return usual
    if given in ("fit", "none"):
        return None if given == "fit" else 0.0
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise PilotError(f"the floor is {given}; allowed: fit, none, or a number from 0")
    return value


def _checked(pilot: Pilot, place: str) -> Pilot:
    replicates, sizes = pilot.error.shape
    if sizes < LEAST_SIZES:
        raise PilotError(
            f"{place}: has {sizes} sizes, {', '.join(map(str, pilot.n))}; allowed: {LEAST_SIZES} "
            "or more, each about twice the one before"
        )
    if replicates < LEAST_REPLICATES:
        raise PilotError(
            f"{place}: has {replicates} replicates; allowed: {LEAST_REPLICATES} or more, such as "
            "splits of the same ratings, to tell noise from shape"
        )
    if not (np.isfinite(pilot.error) & (pilot.error > 0)).all():
        raise PilotError(f"{place}: an error is not a number above 0")
    if pilot.floor is not None and pilot.floor >= pilot.mean.min():
        raise PilotError(
            f"{place}: the floor {pilot.floor:g} is not below the smallest mean error, "
            f"{pilot.mean.min():.4g}; allowed: a smaller one, or fit"
        )
    return pilot
