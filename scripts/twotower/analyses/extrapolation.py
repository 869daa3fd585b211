"""Extrapolation: fit the smaller sizes, lock, predict the two largest, score error and coverage."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from twotower.rates import curves
from twotower.rates.curves import Curve
from twotower.rates.intervals import half_width
from twotower.rates.slopes import BOOTSTRAP_DRAWS, bootstrap_generator, resample, smoothed_weights
from twotower.study.decisions import Decisions
from twotower.theory.bound import least_squares_slope

COLUMNS = [
    "arm", "n_ratings", "n_min", "sizes_fitted", "mean_risk", "predicted_risk", "risk_low",
    "risk_high", "log_ratio", "covered", "confirmatory",
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
        Columns of a cell, then `COLUMNS`. Curves with too few sizes in their window, or without
        a fit, are absent.
    """
    columns = curves.cell_columns(risks[0])
    rules = decisions.thresholds
    held_out = rules.extrapolated_sizes
    rows = []
    for settings, frame, rate in _fitted_cells(risks, rates):
        curve = curves.used_curve(frame, rate.arm)
        kept = (curve.n >= rate.n_min) & (curve.n <= rate.n_max)
        if kept.sum() - held_out < rules.min_extrapolation_sizes:
            continue
        part = Curve(curve.n[kept], curve.risk[:, kept], curve.risk_se[:, kept])
        rng = bootstrap_generator(str(settings["cell"]), f"{rate.arm}, extrapolated")
        predicted, half = predict(part, held_out, rng, rules.confidence)
        for index in range(held_out):
            column = index - held_out
            mean = float(part.risk[:, column].mean())
            low, high = predicted[index] * np.exp(np.array([-1, 1]) * half[index])
            rows.append(
                settings
                | {
                    "arm": rate.arm,
                    "n_ratings": int(part.n[column]),
                    "n_min": int(part.n[0]),
                    "sizes_fitted": int(part.n.size - held_out),
                    "mean_risk": mean,
                    "predicted_risk": predicted[index],
                    "risk_low": low,
                    "risk_high": high,
                    "log_ratio": math.log(mean / predicted[index]),
                    "covered": bool(low <= mean <= high),
                    "confirmatory": bool(rate.confirmatory),
                }
            )
    return pd.DataFrame(rows, columns=[*columns, *COLUMNS])


def predict(
    curve: Curve, held_out: int, rng: np.random.Generator, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean risks at the `held_out` largest sizes from the line through the smaller ones.

    The interval holds the error of the line and that of the new mean. Both come from the same
    targets, so they are bootstrapped together: the half-width is that of the difference. (Over
    400 planted power laws it held 95% of the risks; the root of both variances is three times as
    wide and held all of them.)

    Returns:
        Predicted risks and half-widths of their intervals on the log scale, shape [held_out].
    """
    log_n = np.log(curve.n.astype(float))
    drawn = resample(curve.risk, curve.risk_se, rng, BOOTSTRAP_DRAWS)
    point = _line(log_n, curve.risk, held_out)
    errors = np.log(drawn.mean(axis=-2))[:, -held_out:] - _line(log_n, drawn, held_out)
    half = [half_width(error, len(curve.risk), confidence) for error in errors.T]
    return np.exp(point), np.array(half)


def _line(log_n: np.ndarray, risk: np.ndarray, held_out: int) -> np.ndarray:
    """Log risk at the last sizes of the line fitted to the others, shape [..., held_out]."""
    known, new = log_n[:-held_out], log_n[-held_out:]
    weights = smoothed_weights(known, risk[..., :-held_out])
    log_mean = np.log(risk[..., :-held_out].mean(axis=-2))
    slope = least_squares_slope(known, log_mean, weights)[..., np.newaxis]
    level = (weights * (log_mean - slope * known)).sum(axis=-1, keepdims=True)
    return level + slope * new


def _fitted_cells(
    risks: list[pd.DataFrame], rates: pd.DataFrame
) -> Iterator[tuple[dict[str, object], pd.DataFrame, object]]:
    """Settings and rows of risks, and the row of rates, of every curve with a fit, each once."""
    fits = rates[rates["slope"].notna()].set_index(["cell", "arm"], drop=False)
    seen = set()
    for table in risks:
        for key, frame in table.groupby(["cell", "arm"], sort=False):
            if key in seen or key not in fits.index:
                continue
            seen.add(key)
            rate = next(fits.loc[[key]].itertuples())
            yield curves.settings_of(frame) | {"experiment": rate.experiment}, frame, rate
