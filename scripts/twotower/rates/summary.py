"""Tables of a study: one row per rate and its verdict, and one per point of a risk curve."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from twotower.predictions import ensemble
from twotower.rates import curves
from twotower.rates.curves import Curve
from twotower.rates.departures import Departure
from twotower.rates.intervals import Interval, p_above
from twotower.rates.judged_cells import JudgedCell, judged_cell
from twotower.rates.slopes import RateFit, halves
from twotower.rates.verdicts import (
    Certificate,
    MeasuredSlope,
    Verdict,
    judge,
    optimization_certificate,
    precision_certificate,
    reference_certificate,
    replicates_to_decide,
)
from twotower.study import arms
from twotower.study.decisions import Decisions
from twotower.theory.bound import Theory, least_squares_slope, log_factor_slope

CERTIFIED = "certified"
"""Stands for a verdict in the row of a reference whose certificates pass."""
# fmt: off
RATE_COLUMNS = [
    "arm", "n_min", "upper_min", "n_max", "replicates", "slope", "slope_low", "slope_high",
    "bound_slope", "predicted_slope", "asymptotic_slope", "reference_slope", "judged_against",
    "difference", "difference_low", "difference_high", "upper_predicted_slope",
    "upper_difference", "upper_difference_low", "upper_difference_high", "replicates_to_decide",
    "flattening", "flattening_low", "flattening_high",
    "tail_difference", "tail_difference_low", "tail_difference_high",
    "verdict", "reason", "log_allowance", "slope_log1", "slope_log2", "optimization_error",
    "risk_ratio", "risk_at_n_max", "level", "level_low", "level_high",
    "steepening", "steepening_low", "steepening_high", "p_slower", "confirmatory", "decisions",
]
CURVE_COLUMNS = [
    "arm", "n_ratings", "replicates", "mean_risk", "risk_low", "risk_high",
    "median_risk", "predicted_risk", "ratio", "ratio_low", "ratio_high", "ratio_sd",
    "fitted_risk", "in_window", "upper_half",
]
# fmt: on


class Summary(NamedTuple):
    """The two tables of an experiment; both begin with the columns of a cell."""

    rates: pd.DataFrame
    curves: pd.DataFrame


def summarize(risks: pd.DataFrame, decisions: Decisions) -> Summary:
    """Rates with verdicts, one row per cell and arm, and the curves that they were fitted to.

    Each curve is judged against its prediction (`judged_against`): the arm's own for these very
    targets; where its arm has none, that of the reference; where there is none either, that for
    all targets of their law. The joint arm, which pays another rate, has an exponent alone. Where
    there is no reference the prediction decides what is in the window. Other methods are judged as
    towers are, but for the optimization certificate: they are tuned, not certified.

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
    cells = [judged_cell(frame, decisions) for _, frame in risks.groupby("cell", sort=False)]
    rates = [_rate_row(cell, arm, decisions) for cell in cells for arm in cell.curves]
    rows = [row for cell in cells for row in _curve_rows(cell, decisions)]
    return Summary(
        pd.DataFrame(rates, columns=[*columns, *RATE_COLUMNS]),
        pd.DataFrame(rows, columns=[*columns, *CURVE_COLUMNS]),
    )


def bound_slope(settings: dict[str, object], arm: str) -> float:
    """Exponent of the bound for a cell's columns; of the joint regression's rate for its arm."""
    if arm == arms.JOINT:
        return ensemble.joint_slope(settings)
    return float(Theory.of(settings).bound_slope)


def _rate_row(cell: JudgedCell, arm: str, decisions: Decisions) -> dict[str, object]:
    curve, reference = cell.curves[arm], cell.curves.get(arms.REFERENCE)
    trained = arm in arms.TOWER_ARMS
    within = cell.window.contains(cell.frame["n_ratings"])
    error = curves.measured_optimization_error(cell.frame, arm, within) if trained else math.nan
    risk = float(curve.risk[:, -1].mean())
    reference_risk = float(reference.risk[:, -1].mean()) if reference else math.nan
    bound = bound_slope(cell.settings, arm)
    fitted = curve.n[cell.window.contains(curve.n)]
    row = dict.fromkeys(RATE_COLUMNS, math.nan) | cell.settings
    row |= {
        "arm": arm,
        "n_min": cell.window.n_min,
        "upper_min": int(fitted[halves(fitted.size)[1]][0]),
        "n_max": cell.window.n_max,
        "replicates": len(curve.risk),
        "bound_slope": bound,
        "asymptotic_slope": bound
        if arm == arms.JOINT
        else ensemble.asymptotic_slope(cell.settings),
        "reference_slope": reference.fit.slope if reference and reference.fit else math.nan,
        "judged_against": cell.judges[arm],
        "optimization_error": error,
        "risk_ratio": risk / reference_risk if reference_risk > 0 else math.nan,
        "risk_at_n_max": risk,
        "confirmatory": decisions.confirmatory.holds(cell.settings, arm),
        "decisions": decisions.label,
    }
    thresholds, fit, departs = decisions.thresholds, curve.fit, cell.departures.get(arm)
    if fit is None:
        certificates = (Certificate(False, curve.fault),)
        verdict, reason = judge(_evidence(row, departs, certificates), thresholds)
        return row | {"verdict": str(verdict), "reason": reason}
    allowance = log_factor_slope(fit.n, 2, fit.weights)
    limit = bound + allowance + thresholds.delta
    interval = (fit.slope, fit.slope_low, fit.slope_high)
    row |= {
        **Interval(*interval).columns("slope"),
        **Interval(fit.steepening, fit.steepening_low, fit.steepening_high).columns("steepening"),
        "predicted_slope": _predicted_slope(curve, fit),
        "log_allowance": allowance,
        "slope_log1": fit.log_corrected_slope(1),
        "slope_log2": fit.log_corrected_slope(2),
        "p_slower": p_above(*interval, limit, len(curve.risk), thresholds.confidence),
    }
    if departs is not None:
        row |= {
            **departs.whole.columns("difference"),
            **departs.upper.columns("upper_difference"),
            **departs.flattening.columns("flattening"),
            **departs.tail.columns("tail_difference"),
            "upper_predicted_slope": departs.upper_predicted,
            "replicates_to_decide": replicates_to_decide(
                departs.upper, len(curve.risk), thresholds.upper_tolerance
            ),
        }
        if arm != arms.JOINT:
            last = curves.points(curve, cell.window.contains(curve.n), thresholds.confidence, "n")
            row |= {f"level{end}": last[-1][f"ratio{end}"] for end in ("", "_low", "_high")}
    certificates = _certificates(cell, arm, error, decisions)
    verdict, reason = judge(_evidence(row, departs, certificates), thresholds)
    if arm == arms.REFERENCE and all(certificate.passed for certificate in certificates):
        # The other rows rest on it: what its own verdict would be, they say.
        verdict, reason = CERTIFIED, "; ".join(c.reason for c in certificates if c.reason)
    if verdict == Verdict.SLOWER and row["asymptotic_slope"] > bound:
        reason += "; so it must be here, where the theorem's assumptions do not hold"
    return row | {"verdict": str(verdict), "reason": reason}


def _evidence(
    row: dict[str, object], departs: Departure | None, certificates: tuple[Certificate, ...]
) -> MeasuredSlope:
    names = ("slope_low", "slope_high", "steepening_high", "bound_slope", "log_allowance")
    names = (*names, "replicates")
    parts = ("whole", "upper", "flattening")
    differences = {part: getattr(departs, part) if departs else Interval() for part in parts}
    values = {name: row[name] for name in names}
    return MeasuredSlope(**values, **differences, certificates=certificates)


def _certificates(
    cell: JudgedCell, arm: str, error: float, decisions: Decisions
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
        departs = cell.departures.get(arms.REFERENCE)
        whole = departs.whole if departs else Interval()
        precision = _monte_carlo_error(cell, arms.REFERENCE)
        certificates.append(reference_certificate(whole, precision, thresholds))
    if arm in arms.COMPARATORS:
        precise = precision_certificate(arm, _monte_carlo_error(cell, arm), thresholds)
        certificates.append(precise)
    elif arm != arms.REFERENCE:
        precision = _monte_carlo_error(cell, arm)
        certificates.append(optimization_certificate(error, precision, thresholds))
    return tuple(certificates)


def _predicted_slope(curve: Curve, fit: RateFit) -> float:
    """Slope of the mean predicted risk over the sizes fitted; NaN where one is not known."""
    due = curve.at(np.isin(curve.n, fit.n)).predicted.mean(axis=0)
    if not (due > 0).all():
        return math.nan
    return float(least_squares_slope(np.log(fit.n), np.log(due), fit.weights))


def _monte_carlo_error(cell: JudgedCell, arm: str) -> float:
    kept = cell.window.contains(cell.frame["n_ratings"])
    return curves.monte_carlo_error(cell.frame, arm, kept)


def _curve_rows(cell: JudgedCell, decisions: Decisions) -> list[dict[str, object]]:
    rows = []
    for arm, curve in cell.curves.items():
        if arm == arms.JOINT:  # its exponent is no risk
            curve = replace(curve, predicted=np.full(curve.risk.shape, np.nan))
        kept = cell.window.contains(curve.n)
        measured = curves.points(curve, kept, decisions.thresholds.confidence, "n_ratings")
        rows += [cell.settings | {"arm": arm} | point for point in measured]
    return rows
