"""Levels: measured over predicted risk at every size, with no free constant between them."""

import pandas as pd

from twotower.rates.summary import CURVE_COLUMNS
from twotower.study import arms

COLUMNS = [
    "arm", "n_ratings", "replicates", "mean_risk", "predicted_risk", "ratio", "ratio_low",
    "ratio_high", "ratio_sd", "in_window", "upper_half", "confirmatory",
]  # fmt: skip


def levels(curves: list[pd.DataFrame], rates: pd.DataFrame) -> pd.DataFrame:
    """Every cell, arm and size that has a prediction, and those of confirmatory cells that lack it.

    Args:
        curves: tables of curves, one for each experiment; a cell in several counts once.
        rates: their combined rates, for what is confirmatory.

    Returns:
        Columns of a cell, then `COLUMNS`: `ratio` is the geometric mean over targets of measured
        over predicted risk with its interval, `ratio_sd` the spread of its logarithm over targets.
    """
    keys = ["cell", "arm", "n_ratings"]
    every = pd.concat(curves, ignore_index=True).drop_duplicates(keys)
    every = every[every["arm"] != arms.JOINT]
    known = rates.set_index(["cell", "arm"])[["experiment", "confirmatory"]]
    every = every.drop(columns="experiment").join(known, on=["cell", "arm"])
    every = every[every["ratio"].notna() | every["confirmatory"].eq(True)]
    settings = [name for name in curves[0] if name not in CURVE_COLUMNS]
    return every[[*settings, *COLUMNS]].reset_index(drop=True)
