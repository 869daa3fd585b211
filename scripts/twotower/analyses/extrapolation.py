"""Extrapolation: fit the smaller sizes, lock, predict the two largest, score error and coverage.

The curve that is fitted has the shape of the absolute prediction and a free scale: its log is the
log of each target's prediction plus one constant. The straight line in log n, which people use,
stands beside it.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from twotower.rates import curves
from twotower.rates.curves import Curve
from twotower.rates.intervals import half_width
from twotower.rates.judged_cells import predicted_curves
from twotower.rates.slopes import (
    BOOTSTRAP_DRAWS,
    bootstrap,
    bootstrap_generator,
    halves,
    smoothed_weights,
)
from twotower.study import arms
from twotower.study.decisions import Decisions
from twotower.theory.bound import least_squares_slope

COLUMNS = [
    "arm", "n_ratings", "n_min", "sizes_fitted", "mean_risk", "predicted_risk", "risk_low",
    "risk_high", "log_ratio", "covered", "line_risk", "line_low", "line_high", "line_log_ratio",
    "line_covered", "confirmatory",
]  # fmt: skip


def extrapolate(
    risks: list[pd.DataFrame], rates: pd.DataFrame, decisions: Decisions
) -> pd.DataFrame:
    """Predictions of the largest sizes, a row per cell, arm and size.

    Args:
        risks: tables of risks, one for each experiment; a cell in several is used once.
        rates: their combined rates, for each cell's window.
        decisions: how many sizes are left out, and how many must be left.

    Returns:
        Columns of a cell, then `COLUMNS`. Curves with too few sizes in their window, without a
        fit, without an interval, or without a prediction but for an exponent, are absent.
    """
    columns = curves.cell_columns(risks[0])
    rules = decisions.thresholds
    held_out = rules.extrapolated_sizes
    rows = []
    for settings, curve, rate in _fitted_curves(risks, rates):
        part = curve.at((curve.n >= rate.n_min) & (curve.n <= rate.n_max))
        if part.n.size - held_out < rules.min_extrapolation_sizes:
            continue
        mean = part.risk[:, -held_out:].mean(axis=0)
        about = {
            "arm": rate.arm,
            "n_min": int(part.n[0]),
            "sizes_fitted": int(part.n.size - held_out),
            "confirmatory": bool(rate.confirmatory),
        }
        found = [
            {"n_ratings": int(size), "mean_risk": float(risk)}
            for size, risk in zip(part.n[-held_out:], mean, strict=True)
        ]
        for names, way in ((_SHAPE_NAMES, shape), (_LINE_NAMES, line)):
            rng = bootstrap_generator(str(settings["cell"]), f"{rate.arm}, {way.__name__}")
            predicted, half = predict(part, held_out, rng, rules.confidence, way)
            if not np.isfinite([predicted, half]).all():  # one target, or no prediction at a size
                found = []
                break
            for row, value, width in zip(found, predicted, half, strict=True):
                low, high = value * math.exp(-width), value * math.exp(width)
                error = math.log(row["mean_risk"] / value)
                covered = bool(low <= row["mean_risk"] <= high)
                row |= dict(zip(names, (value, low, high, error, covered), strict=True))
        rows += [settings | about | row for row in found]
    return pd.DataFrame(rows, columns=[*columns, *COLUMNS])


_SHAPE_NAMES = ("predicted_risk", "risk_low", "risk_high", "log_ratio", "covered")
_LINE_NAMES = ("line_risk", "line_low", "line_high", "line_log_ratio", "line_covered")
Way = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def predict(
    curve: Curve, held_out: int, rng: np.random.Generator, confidence: float, way: Way
) -> tuple[np.ndarray, np.ndarray]:
    """Mean risks at the `held_out` largest sizes from the smaller ones.

    The interval holds the error of the curve that is fitted and that of the new mean. Both come
    from the same targets, so they are bootstrapped together: the half-width is that of the
    difference. (Over 400 planted power laws it held 95% of the risks; the root of both variances
    is three times as wide and held all of them.)

    Args:
        curve: all sizes of the window, with its predictions.
        held_out: sizes to predict.
        rng: stream of the bootstrap.
        confidence: of the intervals.
        way: `shape` or `line`.

    Returns:
        Predicted risks and half-widths of their intervals on the log scale, shape [held_out].
    """
    log_n, replicates = np.log(curve.n.astype(float)), len(curve.risk)
    targets, noise = bootstrap(curve.risk, curve.risk_se, rng, BOOTSTRAP_DRAWS)
    drawn = curve.risk[targets] * np.exp(noise)
    point = way(log_n, curve.risk, curve.predicted, held_out)
    errors = np.log(drawn.mean(axis=-2))[:, -held_out:]
    errors = errors - way(log_n, drawn, curve.predicted[targets], held_out)
    half = [half_width(error, replicates, confidence) for error in errors.T]
    return np.exp(point), np.array(half)


def shape(log_n: np.ndarray, risk: np.ndarray, predicted: np.ndarray, held_out: int) -> np.ndarray:
    """Log mean risk at the last sizes, shape [..., held_out]: the mean of the targets' predictions
    times the factor by which risks exceed it at the upper half of the other sizes.

    Predictions bind best where most is seen; over all other sizes the factor is a few percent too
    high (pilot seed 2). It is a geometric mean, weighted by smoothed variances.

    Args:
        log_n: [sizes].
        risk, predicted: [..., replicates, sizes].
        held_out: sizes that are not looked at.
    """
    known = log_n.size - held_out
    upper = slice(halves(known)[1].start, known)
    weights = smoothed_weights(log_n[upper], (risk / predicted)[..., upper])
    excess = np.log(risk.mean(axis=-2)) - np.log(predicted.mean(axis=-2))
    level = (weights * excess[..., upper]).sum(axis=-1, keepdims=True)
    return level + np.log(predicted[..., -held_out:].mean(axis=-2))


def line(log_n: np.ndarray, risk: np.ndarray, predicted: np.ndarray, held_out: int) -> np.ndarray:
    """As `shape`, of the line fitted to log mean risks over log n; `predicted` is not used."""
    known, new = log_n[:-held_out], log_n[-held_out:]
    weights = smoothed_weights(known, risk[..., :-held_out])
    log_mean = np.log(risk[..., :-held_out].mean(axis=-2))
    slope = least_squares_slope(known, log_mean, weights)[..., np.newaxis]
    level = (weights * (log_mean - slope * known)).sum(axis=-1, keepdims=True)
    return level + slope * new


def _fitted_curves(
    risks: list[pd.DataFrame], rates: pd.DataFrame
) -> Iterator[tuple[dict[str, object], Curve, object]]:
    """Settings and curve, and the row of rates, of every curve with a fit, each once."""
    fits = rates[rates["slope"].notna() & (rates["arm"] != arms.JOINT)]
    fits = fits.set_index(["cell", "arm"], drop=False)
    seen = set()
    for table in risks:
        for cell, frame in table.groupby("cell", sort=False):
            for arm, curve in predicted_curves(frame)[1].items():
                if (cell, arm) in seen or (cell, arm) not in fits.index:
                    continue
                seen.add((cell, arm))
                rate = next(fits.loc[[(cell, arm)]].itertuples())
                yield curves.settings_of(frame) | {"experiment": rate.experiment}, curve, rate
