"""Max, not sum: which dimension predicts the slopes of cells that were left out."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.rates.experiments import in_experiments
from twotower.rates.intervals import slope_error
from twotower.study import arms

EXPERIMENTS = ("max_not_sum", "dimension", "high_dimension")
PREDICTORS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "max": lambda cells: cells[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1),
    "sum": lambda cells: cells["user_intrinsic_dim"] + cells["item_intrinsic_dim"],
    "mean": lambda cells: (cells["user_intrinsic_dim"] + cells["item_intrinsic_dim"]) / 2,
    "ambient": lambda cells: cells["ambient_dim"],
}
COLUMNS = [
    "arm", "predictor", "cells", "unequal_cells", "held_out_rmse", "rmse_low", "rmse_high",
    "winner",
]  # fmt: skip
_DRAWS = 1000


def dimension_shifts(row: pd.Series) -> dict[str, float]:
    """By predictor that could replace the maximum, how much the slope due in a cell would change.

    The change of the exponent −2β/(2β + dimension); predictors that equal the maximum there are
    left out, and so is the ambient dimension.
    """
    dims = row["user_intrinsic_dim"], row["item_intrinsic_dim"]

    def exponent(dim: float) -> float:
        return -1 / (1 + dim / (2 * float(row["smoothness"])))

    largest = max(dims)
    rivals = {"sum": sum(dims), "mean": sum(dims) / 2}
    return {
        name: exponent(dim) - exponent(largest) for name, dim in rivals.items() if dim != largest
    }


def tournament(rates: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Held-out error of each dimension as the one in −2β/(2β + dimension).

    Each cell's slope is predicted by an affine function of that exponent, fitted to the other
    cells: a constant bias of an estimator is no dimension's fault.

    Args:
        rates: one row per cell and arm; cells of `EXPERIMENTS` with a slope are used.
        confidence: of the interval of each error, from slopes drawn anew around the measured ones
            with their standard errors.

    Returns:
        Columns `COLUMNS`, a row per arm (erm, and joint where it ran) and predictor. The winner
        has the lowest error by itself; there is none in a tie, or with fewer than four cells.
    """
    chosen = rates[in_experiments(rates, EXPERIMENTS) & rates["slope"].notna()]
    rows = []
    for arm in (arms.ERM, arms.JOINT):
        cells = chosen[chosen["arm"] == arm]
        if cells.empty:
            continue
        unequal = int((cells["user_intrinsic_dim"] != cells["item_intrinsic_dim"]).sum())
        slopes = cells["slope"].to_numpy(float)
        drawn = _drawn(cells, confidence)
        errors, limits = {}, {}
        for name, dim in PREDICTORS.items():
            errors[name] = float(_held_out_errors(cells, dim(cells), slopes[:, None])[0])
            tails = [(1 - confidence) / 2, (1 + confidence) / 2]
            limits[name] = np.quantile(_held_out_errors(cells, dim(cells), drawn), tails)
        first, second = sorted(errors.values())[:2]
        for name, error in errors.items():
            # Predictors that order the cells alike tie up to rounding.
            wins = error == first and first < second * (1 - 1e-6)
            rows.append((arm, name, len(cells), unequal, error, *limits[name], wins))
    return pd.DataFrame(rows, columns=COLUMNS)


def _drawn(cells: pd.DataFrame, confidence: float) -> np.ndarray:
    """Slopes around the measured ones, [cells, draws]; the same where an error is not known."""
    names = ("slope_low", "slope_high", "replicates")
    errors = [slope_error(*row, confidence) for row in zip(*(cells[n] for n in names), strict=True)]
    normal = generator(0, {"cells": list(cells["cell"])}, "tournament", 0)
    shocks = normal.standard_normal((len(cells), _DRAWS))
    return cells["slope"].to_numpy(float)[:, None] + np.nan_to_num(errors)[:, None] * shocks


def _held_out_errors(cells: pd.DataFrame, dim: pd.Series, slopes: np.ndarray) -> np.ndarray:
    """Root mean squared errors of slopes [cells, draws] predicted from the other cells: [draws];
    NaN for under four cells.
    """
    if len(cells) < 4:
        return np.full(slopes.shape[1], np.nan)
    smoothness = cells["smoothness"].to_numpy(float)
    # The same as −2β/(2β+dim), and right at β = ∞.
    exponent = -1 / (1 + dim.to_numpy(float) / (2 * smoothness))
    residuals = np.empty_like(slopes)
    for left_out in range(len(cells)):
        kept = np.arange(len(cells)) != left_out
        design = np.column_stack([np.ones(kept.sum()), exponent[kept]])
        # Least norm: where the exponent is the same in all cells, it predicts their mean.
        intercept, factor = np.linalg.lstsq(design, slopes[kept], rcond=None)[0]
        residuals[left_out] = slopes[left_out] - intercept - factor * exponent[left_out]
    return np.sqrt(np.mean(np.square(residuals), axis=0))
