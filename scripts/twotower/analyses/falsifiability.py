"""Where sizes in reach could contradict the bound: a map over smoothness, dimension and window."""

import math

import numpy as np
import pandas as pd

from twotower.study.decisions import Decisions
from twotower.theory.bound import Theory, finite_n_risk, log_factor_slope

SMOOTHNESS = (0.25, 0.5, 1.0, 2.0, 3.0, math.inf)
DIMENSIONS = (1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30)
WINDOWS = ((512, 2**14), (2**10, 2**17), (2**10, 2**20), (2**14, 2**24))
"""Smallest and largest size; sizes between them double."""
LARGEST_TARGET = 4
"""Dimension beyond which no targets are drawn."""
_RANK, _NOISE_SD = 2, 1.0
COLUMNS = [
    "smoothness", "intrinsic_dim", "n_min", "n_max", "bound_slope", "log_allowance", "margin",
    "falsifiable", "in_reach",
]  # fmt: skip


def falsifiability(decisions: Decisions) -> pd.DataFrame:
    """The map, a row per smoothness, dimension and window.

    A bound −s with (log n)² is falsifiable where s exceeds what the logarithms add to a flat
    curve over the window, and δ: else even a risk that never falls is allowed. `in_reach` says
    whether the finite-n prediction (rank 2, noise as strong as the signal) is below the fit
    window's risk at as many of its sizes as a fit needs; it is False beyond `LARGEST_TARGET`.

    Args:
        decisions: the frozen rules.

    Returns:
        Columns `COLUMNS`; `margin` is s − allowance − δ, positive where falsifiable.
    """
    rules = decisions.thresholds
    rows = []
    for smoothness in SMOOTHNESS:
        for dim in DIMENSIONS:
            theory = Theory(smoothness, dim, dim)
            for n_min, n_max in WINDOWS:
                sizes = n_min * 2 ** np.arange(int(math.log2(n_max / n_min)) + 1)
                allowance = log_factor_slope(sizes, 2)
                margin = -theory.bound_slope - allowance - rules.delta
                # The risk falls with n, so the window's largest sizes decide.
                needed = sizes[-rules.min_window_sizes]
                reached = (
                    dim <= LARGEST_TARGET
                    and finite_n_risk(float(needed), theory, _RANK, _NOISE_SD) < rules.window_risk
                )
                rows.append(
                    (smoothness, dim, n_min, n_max, theory.bound_slope, allowance, margin)
                    + (margin > 0, reached)
                )
    return pd.DataFrame(rows, columns=COLUMNS)
