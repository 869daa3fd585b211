"""Learning curves of a finished study, from its tables of risks."""

import io
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from twotower.data import sampling
from twotower.forecast.drifting_curve import Pilot
from twotower.forecast.pilot_files import curve_choice
from twotower.forecast.pilot_files import table as pilot_table
from twotower.forecast.pilot_files.source import (
    LEAST_REPLICATES,
    PilotError,
    Source,
    checked,
    floor_of,
)
from twotower.rates import curves
from twotower.study import arms
from twotower.study.labels import cell_titles

_DESIGN = ("cell", "data", "catalogue", "ratings_each", "lost_energy", "experiment")
"""Columns in which cells of a study may differ and still tell users and items apart."""
_COUNTED = {"fixed_users": "user", "popularity": "item"}  # whose number is the catalogue's
_MORE = f"set replicates: {LEAST_REPLICATES} or more in the study"
_NEWER = {
    "training_loss",
    "approximation",
    "predicted_risk",
}  # studies of earlier versions lack them
_STUDY = {*curves.MEASURED, "cell", "sampling", "schedule", "depth"} - _NEWER


def tables(paths: Iterable[Path]) -> list[pd.DataFrame]:
    """Tables of risks, each a study's; a curve that two of them hold is the same in both.

    Raises:
        PilotError: if a file is no such table, or two hold one curve with other risks.
    """
    found = []
    for path in map(Path, paths):
        frame = table(pilot_table.text_of(path), path)
        if frame is None:
            allowed = "results/rates/<experiment>/risks.csv"
            raise pilot_table.fault(path, "is no table of risks of a study", allowed)
        found.append(frame)
    place = ["cell", "arm", "start", "n_ratings", "replicate"]
    rows = pd.concat([frame[[*place, "risk"]] for frame in found]) if found else pd.DataFrame()
    rows = rows.drop_duplicates()
    if found and (twice := rows.duplicated(place)).any():
        cell, arm = rows.loc[twice, ["cell", "arm"]].iloc[0]
        text = f"cell {cell}, arm {arm} has other risks in one file than in another"
        raise PilotError(f"{text}; allowed: tables of one study")
    return found


def table(text: str, path: Path) -> pd.DataFrame | None:
    """A study's table of risks in the text of a CSV; None for any other table.

    Raises:
        PilotError: if it is no CSV.
    """
    if not set(pilot_table.header(text, path)) >= _STUDY:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an extra field is a fault, no index
            frame = pd.read_csv(io.StringIO(text), index_col=False)
    except (ValueError, pd.errors.ParserWarning) as error:  # of which ParserError is one
        reason = " ".join(str(error).split())
        raise PilotError(f"{path}: is no CSV with one header ({reason})") from None
    if frame.empty:
        raise PilotError(f"{path}: has no rows; allowed: a row for each size and replicate")
    return frame.set_index(frame.index + 2)  # lines, as of a pilot


def sources(
    frame: pd.DataFrame, path: Path, chosen: dict[str, str], floor: str = "", error: str = ""
) -> tuple[list[Source], list[PilotError]]:
    """Curves of a table of risks, and the faults of those that cannot be planned from.

    Args:
        frame: the table.
        path: for messages.
        chosen, floor, error: as in `pilots.read`.
    """
    if error not in ("", "risk"):
        raise PilotError(f"ERROR={error}: {path} is a study's table; allowed: risk, its error")
    usual = {"arm": arms.ERM} if (frame["arm"] == arms.ERM).any() else {}
    named = {name: value for name, value in (usual | chosen).items() if name != "cell"}
    cells = {name: value for name, value in chosen.items() if name == "cell"}
    # other cells tell users and items apart
    whole, frame = frame, curve_choice.chosen(frame, named, path)
    wanted = curve_choice.chosen(frame, cells, path)["cell"].unique()
    others = curve_choice.others(whole, frame, ["arm"])
    found, wrong = _study(frame, wanted, path, floor)
    return [replace(one, others=others) for one in found], wrong


def _study(
    frame: pd.DataFrame, cells: Iterable[str], path: Path, floor: str
) -> tuple[list[Source], list[PilotError]]:
    """Curves of the cells, and the faults of those that cannot be planned from."""
    titles = cell_titles(frame)
    found, faults = [], []
    wanted = frame[frame["cell"].isin(cells)]
    for (cell, arm), rows in wanted.groupby(["cell", "arm"], sort=False):
        try:
            found.append(_of_study(rows, frame, f"{arm}, {titles[cell]}", path, floor))
        except PilotError as fault:
            faults.append(fault)
    return found, faults


def _of_study(
    rows: pd.DataFrame, frame: pd.DataFrame, title: str, path: Path, floor: str
) -> Source:
    """The curve of one cell and arm; `frame` has those of the whole experiment."""
    settings = curves.settings_of(rows)
    cell, arm = settings["cell"], str(rows["arm"].iloc[0])
    place = f"{path}: cell {cell}, arm {arm}"
    if rows[rows["start"] == "used"].duplicated(["n_ratings", "replicate"]).any():
        text = "a size and replicate stands twice; allowed: the table of one study"
        raise PilotError(f"{place}: {text}")
    try:
        curve = curves.used_curve(rows, arm)
    except ValueError as error:
        raise PilotError(f"{path}: {error}; allowed: the whole table of a study") from None
    pilot = Pilot(curve.n, curve.risk, carried_on=True, floor=floor_of(floor, 0.0))
    used = rows[rows["start"] == "used"]
    widths = used.groupby("n_ratings")["width"].first().to_numpy(float)
    return Source(
        key=f"{cell}-{arm}",
        title=title.replace("$", "").replace("_", ""),
        pilot=checked(pilot, place, remedy=_MORE),
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
        among = sampling.known(like["ratings_each"].to_numpy(float), n)
        counts = dict.fromkeys(counts, among)
    kept = like[["n_ratings", "replicate"]].assign(
        error=like["risk"], planned=like["cell"] == settings["cell"], **counts
    )
    return kept.reset_index(drop=True)
