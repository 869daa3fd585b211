"""Tables of a study: one row per rate and its verdict, and one per point of a risk curve."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from twotower.rates import curves, predictions
from twotower.rates.curves import Curve
from twotower.rates.intervals import p_above
from twotower.rates.slopes import RateFit
from twotower.rates.verdicts import (
    Certificate,
    MeasuredSlope,
    Verdict,
    judge,
    optimization_certificate,
    precision_certificate,
    reference_certificate,
)
from twotower.rates.windows import Window, fit_window
from twotower.study import arms
from twotower.study.decisions import Decisions
from twotower.theory.bound import Theory, log_factor_slope

CERTIFIED = "certified"
"""Stands for a verdict in the row of a reference whose certificates pass."""
REFERENCE, PREDICTION = "reference", "prediction"
"""What a row may be judged against."""
# fmt: off
RATE_COLUMNS = [
    "arm", "n_min", "n_max", "replicates", "slope", "slope_low", "slope_high",
    "bound_slope", "predicted_slope", "asymptotic_slope", "reference_slope",
    "judged_slope", "judged_against", "verdict", "reason", "log_allowance",
    "slope_log1", "slope_log2", "optimization_error", "risk_ratio", "risk_at_n_max",
    "steepening", "steepening_low", "steepening_high", "p_slower", "confirmatory", "decisions",
]
CURVE_COLUMNS = [
    "arm", "n_ratings", "replicates", "mean_risk", "risk_low", "risk_high",
    "median_risk", "predicted_risk", "fitted_risk", "in_window",
]
# fmt: on


class Summary(NamedTuple):
    """The two tables of an experiment; both begin with the columns of a cell."""

    rates: pd.DataFrame
    curves: pd.DataFrame


@dataclass(frozen=True)
class _Cell:
    """Everything fitted in one cell; curves are keyed by arm, in the order of the tables.

    `predicted` is the finite-n risk at each size, shape [sizes].
    """

    settings: dict[str, object]
    frame: pd.DataFrame
    predicted: np.ndarray
    window: Window
    curves: dict[str, Curve]


def summarize(risks: pd.DataFrame, decisions: Decisions) -> Summary:
    """Rates with verdicts, one row per cell and arm, and the curves that they were fitted to.

    Where there is no reference (and for the joint arm, which pays another rate) the prediction
    decides what the reference decides elsewhere; `judged_against` says so. Other methods are
    judged as towers are, but for the optimization certificate: they are tuned, not certified.

    Args:
        risks: one row per cell, arm, start, size and replicate, risks in units of the signal's
            variance; columns that are not in `curves.MEASURED` say what a cell is. Cells come out
            in the order of first appearance, arms as in `arms.ORDER`.
        decisions: the frozen rules.

    Returns:
        Columns of a cell, then `RATE_COLUMNS` and `CURVE_COLUMNS`. What cannot be had (the slope
        of a curve with a risk that is not finite, the optimization error of the reference) is
        NaN; the row is kept, with its reason.

    Raises:
        ValueError: if arms of a cell differ in sizes or replicates, or one lacks a replicate.
    """
    columns = curves.cell_columns(risks)
    cells = [_cell(frame, decisions) for _, frame in risks.groupby("cell", sort=False)]
    rates = [_rate_row(cell, arm, decisions) for cell in cells for arm in cell.curves]
    rows = [row for cell in cells for row in _curve_rows(cell, decisions)]
    return Summary(
        pd.DataFrame(rates, columns=[*columns, *RATE_COLUMNS]),
        pd.DataFrame(rows, columns=[*columns, *CURVE_COLUMNS]),
    )


def bound_slope(settings: dict[str, object], arm: str) -> float:
    """Exponent of the bound for a cell's columns; of the joint regression's rate for its arm."""
    if arm == arms.JOINT:
        return predictions.joint_slope(settings)
    return float(Theory.of(settings).bound_slope)


def _cell(frame: pd.DataFrame, decisions: Decisions) -> _Cell:
    settings = curves.settings_of(frame)
    present = set(frame["arm"])
    # Arms this module has not heard of come before the reference.
    order = [*arms.ORDER[:-1], *sorted(present - set(arms.ORDER)), arms.REFERENCE]
    cell, thresholds = str(settings["cell"]), decisions.thresholds
    raw = {arm: curves.used_curve(frame, arm) for arm in order if arm in present}
    raw = curves.aligned(raw, cell)
    sizes = next(iter(raw.values())).n
    predicted = np.asarray(predictions.predicted_risks(settings, sizes), dtype=float)
    if arms.REFERENCE in raw:
        window = fit_window(sizes, raw[arms.REFERENCE].risk.mean(axis=0), thresholds)
    else:
        window = fit_window(sizes, predicted, thresholds, PREDICTION)
    kept = window.contains(sizes)
    fits = {
        arm: curves.fitted(curve, kept, cell, arm, thresholds.confidence)
        for arm, curve in raw.items()
    }
    return _Cell(settings, frame, predicted, window, fits)


def _rate_row(cell: _Cell, arm: str, decisions: Decisions) -> dict[str, object]:
    curve, reference = cell.curves[arm], cell.curves.get(arms.REFERENCE)
    trained = arm in arms.TOWER_ARMS
    by_reference = reference is not None and arm != arms.JOINT
    within = cell.window.contains(cell.frame["n_ratings"])
    error = curves.measured_optimization_error(cell.frame, arm, within) if trained else math.nan
    risk = float(curve.risk[:, -1].mean())
    reference_risk = float(reference.risk[:, -1].mean()) if reference else math.nan
    reference_slope = reference.fit.slope if reference and reference.fit else math.nan
    bound = bound_slope(cell.settings, arm)
    row = dict.fromkeys(RATE_COLUMNS, math.nan) | cell.settings
    row |= {
        "arm": arm,
        "n_min": cell.window.n_min,
        "n_max": cell.window.n_max,
        "replicates": len(curve.risk),
        "bound_slope": bound,
        "asymptotic_slope": bound
        if arm == arms.JOINT
        else predictions.asymptotic_slope(cell.settings),
        "reference_slope": reference_slope,
        "judged_slope": reference_slope,
        "judged_against": REFERENCE if by_reference else PREDICTION,
        "optimization_error": error,
        "risk_ratio": risk / reference_risk if reference_risk > 0 else math.nan,
        "risk_at_n_max": risk,
        "confirmatory": decisions.confirmatory.holds(cell.settings, arm),
        "decisions": decisions.label,
    }
    thresholds, fit = decisions.thresholds, curve.fit
    if fit is None:
        verdict, reason = judge(_evidence(row, (Certificate(False, curve.fault),)), thresholds)
        return row | {"verdict": str(verdict), "reason": reason}
    predicted = _predicted_slope(cell, arm, fit)
    allowance = log_factor_slope(fit.n, 2, fit.weights)
    limit = bound + allowance + thresholds.delta
    row |= {
        "slope": fit.slope,
        "slope_low": fit.slope_low,
        "slope_high": fit.slope_high,
        "predicted_slope": predicted,
        "judged_slope": reference_slope if by_reference else predicted,
        "log_allowance": allowance,
        "slope_log1": fit.log_corrected_slope(1),
        "slope_log2": fit.log_corrected_slope(2),
        "steepening": fit.steepening,
        "steepening_low": fit.steepening_low,
        "steepening_high": fit.steepening_high,
        "p_slower": p_above(
            fit.slope,
            fit.slope_low,
            fit.slope_high,
            limit,
            len(curve.risk),
            thresholds.confidence,
        ),
    }
    certificates = _certificates(cell, arm, error, decisions)
    verdict, reason = judge(_evidence(row, certificates), thresholds)
    if arm == arms.REFERENCE and all(certificate.passed for certificate in certificates):
        # Judged against its own slope it would always be consistent.
        verdict, reason = CERTIFIED, "; ".join(c.reason for c in certificates if c.reason)
    if verdict == Verdict.SLOWER and row["asymptotic_slope"] > bound:
        reason += "; so it must be here, where the theorem's assumptions do not hold"
    return row | {"verdict": str(verdict), "reason": reason}


def _evidence(row: dict[str, object], certificates: tuple[Certificate, ...]) -> MeasuredSlope:
    names = ("slope_low", "slope_high", "steepening_high", "bound_slope", "log_allowance")
    values = {name: row[name] for name in (*names, "judged_slope")}
    return MeasuredSlope(**values, certificates=certificates, judge=str(row["judged_against"]))


def _certificates(
    cell: _Cell, arm: str, error: float, decisions: Decisions
) -> tuple[Certificate, ...]:
    thresholds = decisions.thresholds
    certificates = [Certificate(cell.window.valid, cell.window.reason)]
    if arm == arms.JOINT:
        precise = precision_certificate(arm, _monte_carlo_error(cell, arm), thresholds)
        return *certificates, precise
    reference = cell.curves.get(arms.REFERENCE)
    if reference is not None and reference.fit is None:
        return *certificates, Certificate(False, f"reference: {reference.fault}")
    if reference is not None:
        certificates.append(
            reference_certificate(
                reference.fit.slope_low,
                reference.fit.slope_high,
                _predicted_slope(cell, arms.REFERENCE, reference.fit),
                _monte_carlo_error(cell, arms.REFERENCE),
                thresholds,
            )
        )
    if arm in arms.COMPARATORS:
        precise = precision_certificate(arm, _monte_carlo_error(cell, arm), thresholds)
        certificates.append(precise)
    elif arm != arms.REFERENCE:
        precision = _monte_carlo_error(cell, arm)
        certificates.append(optimization_certificate(error, precision, thresholds))
    return tuple(certificates)


def _predicted_slope(cell: _Cell, arm: str, fit: RateFit) -> float:
    if arm == arms.JOINT:
        return predictions.joint_slope(cell.settings)
    return predictions.predicted_slope(cell.settings, fit.n, weights=fit.weights)


def _monte_carlo_error(cell: _Cell, arm: str) -> float:
    kept = cell.window.contains(cell.frame["n_ratings"])
    return curves.monte_carlo_error(cell.frame, arm, kept)


def _curve_rows(cell: _Cell, decisions: Decisions) -> list[dict[str, object]]:
    rows = []
    for arm, curve in cell.curves.items():
        # The finite-n prediction is one for two towers.
        predicted = np.full(curve.n.size, np.nan) if arm == arms.JOINT else cell.predicted
        kept = cell.window.contains(curve.n)
        measured = curves.points(curve, kept, decisions.thresholds.confidence, "n_ratings")
        rows += [
            cell.settings | {"arm": arm, "predicted_risk": float(value)} | point
            for point, value in zip(measured, predicted, strict=True)
        ]
    return rows
