"""Max, not sum: which dimension predicts the slopes of cells that were left out."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from twotower.rates.experiments import in_experiments
from twotower.study import arms

EXPERIMENTS = ("max_not_sum", "dimension", "high_dimension")
PREDICTORS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "max": lambda cells: cells[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1),
    "sum": lambda cells: cells["user_intrinsic_dim"] + cells["item_intrinsic_dim"],
    "mean": lambda cells: (cells["user_intrinsic_dim"] + cells["item_intrinsic_dim"]) / 2,
    "ambient": lambda cells: cells["ambient_dim"],
}
COLUMNS = ["arm", "predictor", "cells", "unequal_cells", "held_out_rmse", "winner"]


def tournament(rates: pd.DataFrame) -> pd.DataFrame:
    """Held-out error of each dimension as the one in −2β/(2β + dimension).

    Each cell's slope is predicted by an affine function of that exponent, fitted to the other
    cells: a constant bias of an estimator is no dimension's fault.

    Args:
        rates: one row per cell and arm; cells of `EXPERIMENTS` with a slope are used.

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
        errors = {name: _held_out_error(cells, dim(cells)) for name, dim in PREDICTORS.items()}
        first, second = sorted(errors.values())[:2]
        for name, error in errors.items():
            # Predictors that order the cells alike tie up to rounding.
            wins = error == first and first < second * (1 - 1e-6)
            rows.append((arm, name, len(cells), unequal, error, wins))
    return pd.DataFrame(rows, columns=COLUMNS)


def _held_out_error(cells: pd.DataFrame, dim: pd.Series) -> float:
    """Root mean squared error of slopes predicted from the other cells; NaN for under four."""
    if len(cells) < 4:
        return math.nan
    smoothness = cells["smoothness"].to_numpy(float)
    # The same as −2β/(2β+dim), and right at β = ∞.
    exponent = -1 / (1 + dim.to_numpy(float) / (2 * smoothness))
    slope = cells["slope"].to_numpy(float)
    residuals = []
    for left_out in range(len(cells)):
        kept = np.arange(len(cells)) != left_out
        design = np.column_stack([np.ones(kept.sum()), exponent[kept]])
        # Least norm: where the exponent is the same in all cells, it predicts their mean.
        intercept, factor = np.linalg.lstsq(design, slope[kept], rcond=None)[0]
        residuals.append(slope[left_out] - intercept - factor * exponent[left_out])
    return float(np.sqrt(np.mean(np.square(residuals))))
