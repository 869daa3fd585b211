"""Theorem 1: how the risk falls with the towers' hidden units, where ratings are no limit.

Ratings are noise-free and so many that twice as many hardly change the risk: what is left is what
towers of that size cannot express. Beside the fitted towers stands the exact projection of each
target on hidden units drawn as theirs are (`twotower.predictions`), for which neither ratings nor
training are to blame. Both are held against the best linear approximation over the same widths,
since a few widths do not show the limit -2β/d yet. Fitted towers bound the best ones from above: a
slope that is too flat contradicts the theorem only where that of the projection is too flat too.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twotower.predictions import ensemble
from twotower.rates import curves
from twotower.rates.curves import Curve
from twotower.rates.departures import departure
from twotower.rates.intervals import p_above
from twotower.rates.slopes import RateFit, bootstrap_generator
from twotower.rates.summary import Summary
from twotower.rates.verdicts import ROUNDING, Verdict, precision_certificate
from twotower.study import arms
from twotower.study.decisions import Decisions, Thresholds
from twotower.theory.bound import Theory, least_squares_slope

RATE_COLUMNS = [
    "arm", "units_min", "units_max", "widths", "n_ratings", "replicates",
    "slope", "slope_low", "slope_high", "bound_slope", "predicted_slope", "projection_slope",
    "difference", "difference_low", "difference_high", "verdict", "reason",
    "doubling_change", "steepening", "steepening_low", "steepening_high", "p_slower", "decisions",
]  # fmt: skip
CURVE_COLUMNS = [
    "arm", "units", "n_ratings", "replicates", "mean_risk", "risk_low", "risk_high",
    "median_risk", "predicted_risk", "ratio", "ratio_low", "ratio_high", "ratio_sd", "linear_risk",
    "fitted_risk", "in_window", "doubling_change",
]  # fmt: skip
# What may differ between the cells of one curve: their width, and the names that follow from it.
_OF_WIDTH = ("cell", "width_constant")


def summarize(risks: pd.DataFrame, decisions: Decisions) -> Summary:
    """Slopes of risk against hidden units with verdicts, and the curves they were fitted to.

    Args:
        risks: as for `summary.summarize`; each width is a cell, run at two sizes or more, of
            which the two largest count. Cells alike but for their width make one curve, named by
            its widest cell. All widths of a curve have the same replicates.
        decisions: the frozen rules.

    Returns:
        Columns of a cell, then `RATE_COLUMNS` (one row per curve and arm, but for the reference)
        and `CURVE_COLUMNS`. `predicted_slope` and `linear_risk` are of the best linear
        approximation, `projection_slope` and `predicted_risk` of the projection, `difference` is
        the fitted towers' slope minus the projection's, paired by target. `doubling_change` is
        1 − risk(2n)/risk(n), in rates the largest of the widths fitted; `units` are hidden units
        of one tower, width times depth.

    Raises:
        ValueError: if an arm lacks a width or a replicate.
    """
    columns = curves.cell_columns(risks)
    alike = [name for name in columns if name not in _OF_WIDTH]
    rates, points = [], []
    for _, group in risks.groupby(alike, sort=False, dropna=False):
        for arm in arms.ORDER:
            if arm == arms.REFERENCE or not (group["arm"] == arm).any():
                continue
            widths = _read(group, arm, decisions.thresholds)
            linear = np.array(
                [ensemble.interpolation(float(n), widths.settings) for n in widths.curve.n]
            )
            rates.append(_rate_row(widths, linear, decisions))
            points += _curve_rows(widths, linear, decisions.thresholds.confidence)
    return Summary(
        pd.DataFrame(rates, columns=[*columns, *RATE_COLUMNS]),
        pd.DataFrame(points, columns=[*columns, *CURVE_COLUMNS]),
    )


def bound_slope(settings: dict[str, object]) -> float:
    """Exponent −2β/max(d_u, d_i) of Theorem 1; −∞ for β = ∞, where there is none."""
    return Theory.of(settings).approximation_slope


def judge(row: dict[str, object], faults: list[str], thresholds: Thresholds) -> tuple[Verdict, str]:
    """The verdict on one slope and a sentence saying why, from the columns of its row."""
    if faults:
        return Verdict.INCONCLUSIVE, "; ".join(faults)
    low, high, due = row["slope_low"], row["slope_high"], row["predicted_slope"]
    interval = f"interval [{low:.3f}, {high:.3f}]"
    share = thresholds.approximation_tolerance
    flattest, steepest = (1 - share) * due, (1 + share) * due
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(due)):
        return Verdict.INCONCLUSIVE, "interval: the slope, or the one due, has no finite value"
    above = low > flattest
    # Unknown (fewer than three widths) is no assurance that the curve does not steepen.
    if above and not row["steepening_high"] >= -ROUNDING:
        return Verdict.UNRESOLVED, f"{interval} is above {flattest:.3f}, but the curve steepens"
    if above:
        reason = f"{interval} is above {flattest:.3f}, {1 - share:.0%} of the slope {due:.3f} due"
        # Unknown, it does not clear the fits.
        if not row["projection_slope"] > flattest:
            reason += f", but that of the projection, {row['projection_slope']:.3f}, is not"
            return Verdict.INCONCLUSIVE, f"fits: {reason}"
        return Verdict.SLOWER, f"{reason}, and the curve does not steepen"
    if high < steepest:
        return Verdict.FASTER, f"{interval} is below {steepest:.3f}"
    if low >= steepest and high <= flattest:
        return Verdict.CONSISTENT, f"{interval} is within {share:.0%} of {due:.3f}"
    return Verdict.UNRESOLVED, f"{interval} is neither within {share:.0%} of {due:.3f} nor above"


@dataclass(frozen=True)
class _Widths:
    """All widths of one curve under one arm, the narrowest first.

    `frames` are their rows of risks; `change` is each one's `doubling_change` and `kept` whether
    it is fitted, both of shape [widths].
    """

    settings: dict[str, object]
    arm: str
    n_ratings: int
    frames: list[pd.DataFrame]
    curve: Curve
    change: np.ndarray
    kept: np.ndarray


def _read(group: pd.DataFrame, arm: str, thresholds: Thresholds) -> _Widths:
    frames = sorted((frame for _, frame in group.groupby("cell", sort=False)), key=_units)
    units = np.array([_units(frame) for frame in frames])
    settings = curves.settings_of(frames[-1]) | {"width_constant": math.nan}
    raw = [curves.used_curve(frame, arm, "approximation") for frame in frames]
    replicates = [len(curve.risk) for curve in raw]
    if len(set(replicates)) > 1 or (np.diff(units) <= 0).any():
        raise ValueError(
            f"approximation, arm {arm}: widths {units.tolist()} must differ and have the same "
            f"replicates, got {replicates}"
        )
    columns = [(each.risk[:, -1], each.risk_se[:, -1], each.predicted[:, -1]) for each in raw]
    curve = Curve(units, *map(np.column_stack, zip(*columns, strict=True)))
    change = np.array([_doubling_change(curve) for curve in raw])
    kept = np.abs(change) <= thresholds.max_doubling_change
    cell, size = str(settings["cell"]), int(max(curve.n[-1] for curve in raw))
    curve = curves.fitted(curve, kept, cell, arm, thresholds.confidence, axis="units")
    return _Widths(settings, arm, size, frames, curve, change, kept)


def _rate_row(widths: _Widths, linear: np.ndarray, decisions: Decisions) -> dict[str, object]:
    thresholds, curve, kept = decisions.thresholds, widths.curve, widths.kept
    used = [frame for frame, fits in zip(widths.frames, kept, strict=True) if fits]
    row = dict.fromkeys(RATE_COLUMNS, math.nan) | widths.settings
    row |= {
        "arm": widths.arm,
        "widths": len(used),
        "n_ratings": widths.n_ratings,
        "replicates": len(curve.risk),
        "bound_slope": bound_slope(widths.settings),
        "decisions": decisions.label,
    }
    if used:
        row |= {
            "units_min": int(curve.n[kept][0]),
            "units_max": int(curve.n[kept][-1]),
            "doubling_change": float(np.abs(widths.change[kept]).max()),
        }
    faults = _faults(row, widths, used, thresholds)
    fit = curve.fit
    if fit is None:
        faults.append(curve.fault)
    else:
        part = curve.at(kept)
        interval = (fit.slope, fit.slope_low, fit.slope_high)
        row |= {
            **dict(zip(("slope", "slope_low", "slope_high"), interval, strict=True)),
            "predicted_slope": _slope(fit, linear[kept]),
            "projection_slope": _slope(fit, part.predicted.mean(axis=0)),
            "steepening": fit.steepening,
            "steepening_low": fit.steepening_low,
            "steepening_high": fit.steepening_high,
        }
        if (part.predicted > 0).all():
            rng = bootstrap_generator(str(widths.settings["cell"]), f"{widths.arm}, projection")
            columns = (part.n, part.risk, part.risk_se, part.predicted)
            departs = departure(*columns, rng, thresholds.confidence)
            row |= departs.whole.columns("difference")
        limit = (1 - thresholds.approximation_tolerance) * row["predicted_slope"]
        row["p_slower"] = p_above(*interval, limit, len(curve.risk), thresholds.confidence)
    verdict, reason = judge(row, faults, thresholds)
    return row | {"verdict": str(verdict), "reason": reason}


def _slope(fit: RateFit, risks: np.ndarray) -> float:
    """Slope of positive risks over the units fitted; NaN where one is not positive."""
    due = np.log(np.where(risks > 0, risks, np.nan))
    return float(least_squares_slope(np.log(fit.n), due, fit.weights))


def _curve_rows(widths: _Widths, linear: np.ndarray, confidence: float) -> list[dict[str, object]]:
    points = curves.points(widths.curve, widths.kept, confidence, "units")
    return [
        widths.settings
        | {"arm": widths.arm, "n_ratings": widths.n_ratings}
        | {"linear_risk": float(value), "doubling_change": float(change)}
        | point
        for point, value, change in zip(points, linear, widths.change, strict=True)
    ]


def _units(frame: pd.DataFrame) -> int:
    """Hidden units of one tower at the largest number of ratings."""
    largest = frame[frame["n_ratings"] == frame["n_ratings"].max()]
    return int(largest["width"].max()) * int(largest["depth"].iloc[0])


def _doubling_change(curve: Curve) -> float:
    """1 − risk(2n)/risk(n) of the mean risks at the two largest sizes; NaN if no size doubles."""
    if curve.n.size < 2 or curve.n[-1] < 2 * curve.n[-2]:
        return math.nan
    before, after = curve.risk[:, -2:].mean(axis=0)
    return float(1 - after / before) if before > 0 else math.nan


def _faults(
    row: dict[str, object], widths: _Widths, used: list[pd.DataFrame], thresholds: Thresholds
) -> list[str]:
    """Why a slope could not be trusted, as clauses; empty if it can."""
    faults = []
    if len(used) < thresholds.min_widths:
        faults.append(
            f"doubling: twice the ratings change the risk by at most "
            f"{thresholds.max_doubling_change:.0%} at only {len(used)} of {len(widths.frames)} "
            f"widths, {thresholds.min_widths} are needed"
        )
    errors = [
        curves.monte_carlo_error(frame, widths.arm, frame["n_ratings"] == widths.n_ratings)
        for frame in used
    ]
    precise = precision_certificate("risks", float(np.max(errors, initial=0.0)), thresholds)
    return faults if precise.passed else [*faults, precise.reason]
