"""Learning curves to plan from: a study's table of risks, or a CSV of one's own pilot.

A table of risks is `results/rates/<experiment>/risks.csv`; `own_pilots` says what the other may
hold.
"""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from twotower import arms, curves, own_pilots
from twotower.drift import Pilot
from twotower.labels import cell_titles
from twotower.sources import PilotError, Source, checked, floor_of

_DESIGN = ("cell", "data", "catalogue", "ratings_each", "lost_energy", "experiment")
"""Columns in which cells of a study may differ and still tell users and items apart."""
_COUNTED = {"fixed_users": "user", "popularity": "item"}  # whose number is the catalogue's


def read(paths: Iterable[Path], chosen: dict[str, str], floor: str = "") -> list[Source]:
    """All curves that the files hold.

    Args:
        paths: tables of risks, or one pilot.
        chosen: column → value; rows with another value are left out. A study's rows are those of
            arm erm unless an arm is named.
        floor: "fit", "none" or a number; empty for none where the error is a risk, else "fit".

    Raises:
        PilotError: if no file holds a curve that can be planned from; the first one's fault.
    """
    sources, faults = {}, []
    for path in map(Path, paths):
        try:
            for source in _sources(path, chosen, floor):
                sources.setdefault(source.key, source)  # a cell of two experiments
        except PilotError as fault:
            faults.append(fault)
    if not sources:
        raise faults[0]
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


def _sources(path: Path, chosen: dict[str, str], floor: str) -> list[Source]:
    frame = _table(path)
    if {"cell", "arm", "start", "risk"} <= set(frame.columns):
        usual = {"arm": arms.ERM} if (frame["arm"] == arms.ERM).any() else {}
        named = {name: value for name, value in (usual | chosen).items() if name != "cell"}
        cells = {name: value for name, value in chosen.items() if name == "cell"}
        whole, frame = frame, _chosen(frame, named, path)  # other cells tell users and items apart
        wanted = _chosen(frame, cells, path)["cell"].unique()
        others = _others(whole, frame, "arm")
        return [replace(one, others=others) for one in _study(frame, wanted, path, floor)]
    usual = {name: value for name, value in own_pilots.USUAL.items() if name in frame}
    kept = _chosen(frame, usual | chosen, path)
    return [replace(own_pilots.source(kept, path, floor), others=_others(frame, kept, "method"))]


def _others(frame: pd.DataFrame, kept: pd.DataFrame, name: str) -> tuple[str, ...]:
    """Values of a column that were not taken, as they are typed: METHOD=svd."""
    if name not in frame:
        return ()
    values = frame[name].drop_duplicates()
    return tuple(f"{name.upper()}={v}" for v in values[~values.isin(kept[name])])


def _table(path: Path) -> pd.DataFrame:
    if path.is_dir():
        known = ("scores.csv", "risks.csv", "*/scores.csv", "*/risks.csv", "*.csv")  # best first
        inside = list(dict.fromkeys(file for pattern in known for file in path.glob(pattern)))
        best = [file for file in inside if file.name in ("scores.csv", "risks.csv")] or inside
        hint = (
            " or ".join(f"RISKS={shlex.quote(str(file))}" for file in best[:3]) or "it holds no CSV"
        )
        raise PilotError(f"{path}: is a folder; allowed: a file, a CSV ({hint})")
    try:
        frame = pd.read_csv(path, index_col=False)  # an extra field is a fault, no index
    except FileNotFoundError:
        raise PilotError(
            f"{path}: there is no such file; allowed: results/rates/<experiment>/risks.csv of a "
            "finished study, or a CSV of your own with n_ratings, replicate and mse"
        ) from None
    except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
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
        known = frame[name].astype(str)
        kept = known == str(value)
        if name == "cell" and "arm" in frame:  # as tables of curves name them
            kept |= known + "-" + frame["arm"].astype(str) == str(value)
        if not kept.any():
            there = ", ".join(frame[name].drop_duplicates().astype(str))
            raise PilotError(f"{path}: no row has {name} {value}; it has {there}")
        frame = frame[kept]
    return frame


# ---------------------------------------------------------------- a study's risks


def _study(frame: pd.DataFrame, cells: Iterable[str], path: Path, floor: str) -> list[Source]:
    titles = cell_titles(frame)
    found, faults = [], []
    wanted = frame[frame["cell"].isin(cells)]
    for (cell, arm), rows in wanted.groupby(["cell", "arm"], sort=False):
        try:
            found.append(_of_study(rows, frame, f"{arm}, {titles[cell]}", path, floor))
        except PilotError as fault:
            faults.append(fault)
    if not found:
        raise faults[0]
    return found


def _of_study(
    rows: pd.DataFrame, frame: pd.DataFrame, title: str, path: Path, floor: str
) -> Source:
    """The curve of one cell and arm; `frame` has those of the whole experiment."""
    settings = curves.settings_of(rows)
    cell, arm = settings["cell"], str(rows["arm"].iloc[0])
    curve = curves.used_curve(rows, arm)
    pilot = Pilot(curve.n, curve.risk, carried_on=True, floor=floor_of(floor, 0.0))
    used = rows[rows["start"] == "used"]
    widths = used.groupby("n_ratings")["width"].first().to_numpy(float)
    return Source(
        key=f"{cell}-{arm}",
        title=title.replace("$", "").replace("_", ""),
        pilot=checked(pilot, f"{path}: cell {cell}, arm {arm}"),
        unit="risk, in units of the signal's variance",
        settings=settings,
        widths=widths if widths.min() > 0 else None,
        points=_study_points(frame[frame["arm"] == arm], settings),
    )


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
