"""What clicks teach: how fast laws of clicks and lists get better, floors, and in-batch candidates.

From tables of risks of clicks (`evaluation.click_risks`), fits from the start used alone.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from twotower.analyses import powers
from twotower.analyses.cold_start import ratio_interval
from twotower.rates.intervals import Interval, mean_interval
from twotower.rates.slopes import (
    bootstrap_generator,
    fit_rate,
)
from twotower.study import arms

MEASURED = ("excess_log_loss", "score_error", "regret", "recall", "ndcg")
SLOPED = ("score_error", "regret")
FLOORS = {arms.SOFTMAX_FULL_RAW: "floor_full", arms.SOFTMAX_BATCH_RAW: "floor_batch"}
CORRECTED = {
    arms.SOFTMAX_FULL_RAW: arms.SOFTMAX_FULL,
    arms.SOFTMAX_BATCH_RAW: arms.SOFTMAX_BATCH,
}
"""By arm without the correction, the column of its floor and the arm with the correction."""
_SEEN = 2.0
"""A floor is tested where it is so many times the risk with the correction."""


def _limits(*names: str) -> list[str]:
    return [f"{name}{end}" for name in names for end in ("", "_low", "_high")]


RATE_COLUMNS = [
    "arm", "n_min", "n_max", "replicates", "risk", "told_by_user", *MEASURED,
    *_limits(*(f"{name}_slope" for name in SLOPED), "power", "floor_ratio", "cost"),
    "floor", "predicted_cost", "reason",
]  # fmt: skip
CURVE_COLUMNS = [
    "arm", "n_ratings", "replicates", *_limits("risk"), "predicted_risk", "floor",
    "told_by_user", *_limits(*MEASURED[:3]), *MEASURED[3:], "in_window",
]  # fmt: skip


class Tables(NamedTuple):
    """Both begin with the columns of a cell: a row for each arm, and for each of its sizes."""

    rates: pd.DataFrame
    curves: pd.DataFrame


class _Run(NamedTuple):
    """One arm in one cell: its rates, and its risks by replicate (rows) and size (columns)."""

    rate: pd.Series
    wide: pd.DataFrame
    kept: np.ndarray


def click_rates(
    risks: list[tuple[dict, pd.DataFrame, pd.DataFrame]], rates: pd.DataFrame, confidence: float
) -> Tables:
    """Measures by size, and what follows from them.

    The power says what a smaller excess log loss is worth: regret ∝ risk^power, from the ratio of
    both slopes, targets drawn together; it is told where the risk surely falls. The floor ratio
    compares the risk of an arm without the correction at the largest size with its floor plus the
    risk of the same arm with the correction there, where the floor is the larger part. The cost is
    the risk over that of the full softmax with towers of the same shape on the same clicks at the
    same size, paired by target.

    Args:
        risks: for each run `cell` and `arm`, its table of risks, and its predictions.
        rates: combined rates; sizes are fitted from their `n_min` to `n_max`.
        confidence: of the intervals.
    """
    settings = list(rates.columns[: rates.columns.get_loc("arm")])
    named = {
        (about["cell"], about["arm"]): _wide(table, predicted) for about, table, predicted in risks
    }
    runs = []
    for _, rate in rates.iterrows():
        wide = named.get((rate["cell"], rate["arm"]))
        if wide is not None:
            sizes = wide["risk"].columns.to_numpy(dtype=int)
            runs.append(_Run(rate, wide, (sizes >= rate["n_min"]) & (sizes <= rate["n_max"])))
    by_data = {(*_towers(run), run.rate["arm"]): run for run in runs}
    by_cell = {(run.rate["cell"], run.rate["arm"]): run for run in runs}
    rows, points = [], []
    for run in runs:
        about = run.rate[settings].to_dict() | {"arm": run.rate["arm"]}
        about["replicates"] = len(run.wide)
        full = by_data.get((*_towers(run), arms.SOFTMAX_FULL))
        corrected = by_cell.get((run.rate["cell"], CORRECTED.get(run.rate["arm"], "")))
        rows.append(
            about
            | {"n_min": run.rate["n_min"], "n_max": run.rate["n_max"]}
            | _last(run)
            | _slopes(run, confidence)
            | _floor(run, corrected, confidence)
            | _cost(run, full, confidence)
        )
        points += [about | point for point in _points(run, confidence)]
    return Tables(
        pd.DataFrame(rows, columns=[*settings, *RATE_COLUMNS]),
        pd.DataFrame(points, columns=[*settings, *CURVE_COLUMNS]),
    )


def _towers(run: _Run) -> tuple:
    """What clicks an arm learns from, and the shape of its towers."""
    names = ("data", "depth", "schedule", "width_constant", "embedding_dim")
    return tuple(run.rate.get(name) for name in names)


def _wide(table: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    used = table[table["start"] == "used"]
    keys = ["n_ratings", "replicate"]
    used = used.merge(predicted[[*keys, "predicted_risk"]], "left", keys)
    values = ["risk", "risk_se", "predicted_risk", "told_by_user", *MEASURED, *FLOORS.values()]
    return used.pivot(index="replicate", columns="n_ratings", values=values)


def _last(run: _Run) -> dict[str, float]:
    """Means over targets at the largest size."""
    names = ("risk", "told_by_user", *MEASURED)
    return {name: float(run.wide[name].iloc[:, -1].mean()) for name in names}


def _slopes(run: _Run, confidence: float) -> dict[str, object]:
    sizes = run.wide["risk"].columns.to_numpy(dtype=float)[run.kept]
    cell, arm = str(run.rate["cell"]), run.rate["arm"]
    if len(sizes) < 2:
        return {"reason": "a rate needs at least two sizes"}
    found: dict[str, object] = {"reason": ""}
    risk, risk_se = (run.wide[name].to_numpy(float)[:, run.kept] for name in ("risk", "risk_se"))
    for name in SLOPED:
        error = run.wide[name].to_numpy(float)[:, run.kept]
        if not (np.isfinite(error) & (error > 0)).all():
            found["reason"] = f"{name} is not finite and positive at all sizes"
            continue
        rng = bootstrap_generator(cell, f"{arm} {name}")
        fit = fit_rate(sizes, error, np.zeros_like(error), rng, confidence)
        found |= Interval(fit.slope, fit.slope_low, fit.slope_high).columns(f"{name}_slope")
        if name == "regret":
            both = (error, np.zeros_like(error)), (risk, risk_se)
            risk_slope, power = powers.power(sizes, fit.slope, *both, rng, confidence)
            if risk_slope.high < 0:  # else nothing surely fell
                found |= power.columns("power")
    return found


def _floor(run: _Run, corrected: _Run | None, confidence: float) -> dict[str, float]:
    name = FLOORS.get(run.rate["arm"])
    if name is None:
        return {}
    floor, risk = (run.wide[each].iloc[:, -1].to_numpy() for each in (name, "risk"))
    found = {"floor": float(floor.mean())}
    if corrected is None:
        return found
    estimated = corrected.wide["risk"].iloc[:, -1].to_numpy()
    if floor.mean() < _SEEN * estimated.mean():  # what is left is no floor
        return found
    due = floor + estimated
    return found | Interval(*ratio_interval(risk, due, confidence)).columns("floor_ratio")


def _cost(run: _Run, full: _Run | None, confidence: float) -> dict[str, float]:
    size = run.wide["risk"].columns[-1]
    if full is None or run.rate["arm"] in FLOORS or size not in full.wide["risk"]:
        return {}
    own, other = (each.wide["risk"][size].to_numpy() for each in (run, full))
    due = [each.wide["predicted_risk"][size].to_numpy().mean() for each in (run, full)]
    cost = Interval(*ratio_interval(own, other, confidence)).columns("cost")
    return cost | {"predicted_cost": float(due[0] / due[1]) if due[1] > 0 else math.nan}


def _points(run: _Run, confidence: float) -> list[dict[str, object]]:
    rows, floor = [], FLOORS.get(run.rate["arm"])
    for size, used in zip(run.wide["risk"].columns, run.kept, strict=True):
        at = {name: run.wide[name][size].to_numpy() for name in run.wide.columns.levels[0]}
        row: dict[str, object] = {"n_ratings": int(size), "in_window": bool(used)}
        for name in ("risk", *MEASURED[:3]):
            row |= Interval(*mean_interval(at[name], confidence)).columns(name)
        for name in ("predicted_risk", "told_by_user", *MEASURED[3:]):
            row[name] = float(at[name].mean())
        row["floor"] = float(at[floor].mean()) if floor else math.nan
        rows.append(row)
    return rows
