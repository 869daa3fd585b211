"""What is predicted of a study before any of it runs, as tables: from its settings alone.

Nothing random, nothing measured: the closed forms of `predictions`, and the frozen rules of the
ledger applied to curves that follow them exactly.
"""

import csv
import io
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twotower.analyses import meta_regression, tournament
from twotower.base import files
from twotower.claims import ledger
from twotower.predictions import ensemble
from twotower.rates import approximation, summary, verdicts
from twotower.rates.experiments import in_experiments
from twotower.rates.intervals import Interval
from twotower.rates.slopes import halves
from twotower.rates.windows import fit_window
from twotower.study import arms, grid
from twotower.study.decisions import Answer, Decisions, Thresholds
from twotower.study.grid import Cell
from twotower.study.schema import Study
from twotower.theory.bound import least_squares_slope, log_factor_slope

POINT_COLUMNS = ["arm", "confirmatory", "axis", "size", "predicted_risk", "in_window",
                 "predicted_slope", "bound_slope", "asymptotic_slope"]  # fmt: skip
"""Of `table`, after those of a cell (`grid.Cell.columns`)."""
_JUDGED = (
    "slope", "slope_low", "slope_high", "verdict", "replicates", "log_allowance", "tail_difference",
    "upper_difference",
)  # fmt: skip
_EXPECTED = {"verdict": "expected_verdict", "result": "expected_result", "measured": "expected"}
_OF_WIDTH = ("cell", "width_constant")  # what differs between the cells of a curve over widths


def tables(study: Study, decisions: Decisions) -> dict[str, pd.DataFrame]:
    """All that is predicted of a study.

    Returns:
        `predictions`: one row for each experiment, cell, arm and size; columns of a cell, then
        `POINT_COLUMNS`. `axis` is n_ratings, or units (hidden units of one tower) in an experiment
        about width. `predicted_risk`, in units of the signal's variance, is that of two towers;
        `in_window` tells the sizes where it is small enough for a fit, `predicted_slope` is its
        log-log slope over them. The slopes of an arm are those that the rules hold its measured
        one against. Empty: there is no closed form. Methods that are no two towers have none at
        all, and no rows.

        `claims`: one row for each claim; columns claim, statement, prediction, judged, cells,
        tested_on, and expected_verdict, expected_result, expected: what its rule says if every
        curve follows its prediction exactly. The last three are empty where a claim has no closed
        form, or the study does not test it.
    """
    curves = list(_curves(study, decisions))
    settings = [name for name in grid.cells(study)[0].columns() if name not in POINT_COLUMNS]
    points = pd.DataFrame(_points(curves), columns=[*settings, *POINT_COLUMNS])
    judged = pd.DataFrame(curves) if curves else points.reindex(columns=[*points, *_JUDGED])
    return {"predictions": points, "claims": _claims(judged, decisions)}


def written(study: Study, decisions: Decisions) -> dict[str, bytes]:
    """The tables as CSV, by the names of their files."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="tower-rates-") as room:
        for name, table in tables(study, decisions).items():
            files.write_csv(table, place := Path(room, f"{name}.csv"))
            found[place.name] = place.read_bytes()
    return found


def _points(curves: list[dict]) -> Iterator[dict]:
    for curve in curves:
        for size, risk, kept in zip(curve["sizes"], curve["risks"], curve["kept"], strict=True):
            own = {"size": int(size), "predicted_risk": float(risk), "in_window": bool(kept)}
            yield curve | own


def _claims(curves: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    found: dict[str, pd.DataFrame] = {"approximation": curves[curves["axis"] == "units"]}
    rates = curves[curves["axis"] == "n_ratings"]
    found["rates"] = rates = (
        meta_regression.combine([rates]) if len(rates) else rates.assign(p_holm=math.nan)
    )
    if rates["confirmatory"].any():
        found |= {
            "falsifiability": rates,
            "meta_regression": meta_regression.regression(rates, decisions),
        }
    if in_experiments(rates, ["max_not_sum"]).any():
        found["tournament"] = tournament.tournament(rates, decisions.thresholds.confidence)
    rows = ledger.ledger(found, decisions)
    rows.loc[rows["verdict"] == Answer.UNTESTED, list(_EXPECTED)[:2]] = ""
    columns = ["claim", "statement", "prediction", "judged", "cells", "tested_on", *_EXPECTED]
    return rows[columns].rename(columns=_EXPECTED)


def _curves(study: Study, decisions: Decisions) -> Iterator[dict[str, Any]]:
    """A row of the ledger's tables for each experiment, cell and arm, its points beside it."""
    cells = grid.cells(study)
    for name, experiment in study.experiments.items():
        asked = experiment.arms or tuple(study.arms)
        own = [cell for cell in cells if name in cell.experiments]
        curves = _over_ratings if experiment.axis == "ratings" else _over_units
        for row in curves(own, asked, decisions.thresholds):
            confirmatory = decisions.confirmatory.holds(row, row["arm"])
            about = {"experiment": name, "replicates": study.replicates}
            yield row | about | {"confirmatory": confirmatory and row["axis"] == "n_ratings"}


def _over_ratings(cells: Sequence[Cell], asked: Sequence[str], rules: Thresholds) -> Iterator[dict]:
    for cell in cells:
        settings, sizes = _settings(cell), np.array(cell.sample_sizes)
        risks = ensemble.predicted_risks(settings, sizes)
        window = fit_window(sizes, risks, rules, "prediction")
        kept = window.contains(sizes)
        further = [arms.REFERENCE] if cell.has_reference else []
        for arm in [arm for arm in (*asked, *further) if arm not in arms.COMPARATORS]:
            joint = arm == arms.JOINT
            slope = ensemble.joint_slope(settings) if joint else _slope(sizes[kept], risks[kept])
            bound = summary.bound_slope(settings, arm)
            curve = {
                "arm": arm, "axis": "n_ratings", "sizes": sizes, "kept": kept,
                "risks": np.full(sizes.size, np.nan) if joint else risks,
                "risk_at_n_max": risks[-1], "bound_slope": bound,
                "log_allowance": log_factor_slope(sizes[kept], 2), "p_slower": math.nan,
                "asymptotic_slope": bound if joint else ensemble.asymptotic_slope(settings),
            }  # fmt: skip
            curve |= _exact(slope) | {
                "upper_predicted_slope": _upper_slope(sizes[kept], curve["risks"][kept])
            }
            exactly = Interval(*[0.0 if math.isfinite(slope) else math.nan] * 3)
            for name in ("difference", "upper_difference", "flattening", "tail_difference"):
                curve |= exactly.columns(name)
            curve |= Interval(1.0, 1.0, 1.0).columns("level")
            certificates = (verdicts.Certificate(window.valid, "window"),)
            evidence = verdicts.MeasuredSlope(
                slope, slope, 0.0, bound, curve["log_allowance"], exactly, exactly, exactly, 1,
                certificates,
            )  # fmt: skip
            yield settings | curve | {"verdict": str(verdicts.judge(evidence, rules)[0])}


def _over_units(cells: Sequence[Cell], asked: Sequence[str], rules: Thresholds) -> Iterator[dict]:
    alike: dict[tuple, list[dict]] = {}
    for cell in cells:
        settings = _settings(cell)
        key = tuple(str(value) for name, value in settings.items() if name not in _OF_WIDTH)
        alike.setdefault(key, []).append(settings)
    for widths in alike.values():
        units = sorted(int(each["width_constant"]) * int(each["depth"]) for each in widths)
        risks = np.array([ensemble.interpolation(float(size), widths[0]) for size in units])
        faults = [] if len(units) >= rules.min_widths else ["too few widths"]
        for arm in asked:
            bound = approximation.bound_slope(widths[0])
            curve = {
                "arm": arm, "axis": "units", "sizes": np.array(units), "risks": risks,
                "kept": np.full(len(units), True), "bound_slope": bound, "asymptotic_slope": bound,
                "steepening_high": 0.0, "projection_slope": _slope(units, risks),
            } | _exact(_slope(units, risks))  # fmt: skip
            verdict, _ = approximation.judge(curve, faults, rules)
            yield widths[-1] | curve | {"verdict": str(verdict)}


def _exact(slope: float) -> dict[str, float]:
    """The columns of a slope that is measured exactly as predicted."""
    return dict.fromkeys(("slope", "slope_low", "slope_high", "predicted_slope"), slope)


def _settings(cell: Cell) -> dict[str, Any]:
    """A cell's columns, as tables hold them."""
    return {name: math.nan if value is None else value for name, value in cell.columns().items()}


def _upper_slope(sizes: np.ndarray, risks: np.ndarray) -> float:
    upper = halves(sizes.size)[1]
    return _slope(sizes[upper], risks[upper])


def _slope(sizes: Sequence[int] | np.ndarray, risks: np.ndarray) -> float:
    known = len(sizes) > 1 and (risks > 0).all()
    return float(least_squares_slope(np.log(sizes), np.log(risks))) if known else math.nan


def agree(one: bytes, other: bytes) -> bool:
    """Whether two of the tables, as CSV, agree in the columns that both have.

    Numbers agree up to rounding, since processors differ in the last bits.

    Raises:
        ValueError, csv.Error: if one is no table.
    """
    first, second = map(_rows, (one, other))
    if len(first) != len(second) or not first:
        return False
    shared = (first[0].keys() & second[0].keys()) - {None}
    pairs = zip(first, second, strict=True)
    return bool(shared) and all(_alike(a[name], b[name]) for a, b in pairs for name in shared)


def _rows(table: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8")), restval=""))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-6)
    except ValueError:  # in a text: a rounded zero may have either sign
        return one.replace("-0.00", "0.00") == other.replace("-0.00", "0.00")
