"""Cold start: the risk on users and items never seen, beside that on those in the ratings.

Where a user and an item are rated once each, the ratio tells how far the towers fit the very points
of their ratings better than others (a generalization gap). Where they are rated again and again,
it tells what service a newcomer gets beside one who is known.
"""

import math

import numpy as np
import pandas as pd

from twotower.data.groups import PAIR_KINDS
from twotower.rates import curves
from twotower.rates.intervals import student_quantile
from twotower.study import arms
from twotower.study.decisions import Decisions

COLUMNS = [
    "arm", "comparison", "n_ratings", "replicates", "risk", "seen_risk", "ratio", "ratio_low",
    "ratio_high", "confirmatory",
]  # fmt: skip
COLD_START, GENERALIZATION = "cold start", "generalization gap"
_NEW = PAIR_KINDS[-1]


def cold_start(
    risks: list[pd.DataFrame], rates: pd.DataFrame, decisions: Decisions
) -> pd.DataFrame:
    """Ratio of the mean risk on new to that on seen users and items, at the largest size.

    Both risks come from the same towers, so the interval is that of the ratio: Student, on the
    log scale, to first order in the replicates' deviations.

    Args:
        risks: tables of risks with `seen_risk`, one for each experiment.
        rates: their combined rates, for what is confirmatory.
        decisions: the confidence.

    Returns:
        Columns of a cell, then `COLUMNS`, a row for each cell and arm of towers that has both
        risks. `comparison` is `COLD_START` or `GENERALIZATION`.
    """
    columns = curves.cell_columns(risks[0])
    known = rates.set_index(["cell", "arm"])
    every = pd.concat(risks, ignore_index=True)
    every = every[(every["start"] == "used") & every["arm"].isin(arms.TOWER_ARMS)]
    if _NEW in every:  # there, `risk` is that on known pairs
        known_pairs = every[_NEW].notna()
        every.loc[known_pairs, "seen_risk"] = every["risk"]
        every.loc[known_pairs, "risk"] = every[_NEW]
    every = every[every["seen_risk"].notna()]
    rows = []
    for (cell, arm), frame in every.groupby(["cell", "arm"], sort=False):
        largest = frame[frame["n_ratings"] == frame["n_ratings"].max()]
        largest = largest.drop_duplicates("replicate")
        if (cell, arm) not in known.index:
            continue
        rate = known.loc[(cell, arm)]
        new, seen = largest["risk"].to_numpy(), largest["seen_risk"].to_numpy()
        repeated = frame["sampling"].iloc[0] == "repeated"
        ratio, low, high = ratio_interval(new, seen, decisions.thresholds.confidence)
        rows.append(
            curves.settings_of(frame)
            | {
                "experiment": rate["experiment"],
                "arm": arm,
                "comparison": COLD_START if repeated else GENERALIZATION,
                "n_ratings": largest["n_ratings"].max(),
            }
            | {"replicates": len(new), "risk": new.mean(), "seen_risk": seen.mean()}
            | {"ratio": ratio, "ratio_low": low, "ratio_high": high}
            | {"confirmatory": bool(rate["confirmatory"])}
        )
    return pd.DataFrame(rows, columns=[*columns, *COLUMNS])


def ratio_interval(
    numerator: np.ndarray, denominator: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    """Ratio of two means over the same replicates, [replicates] each, and its interval."""
    top, bottom, count = numerator.mean(), denominator.mean(), len(numerator)
    if not (top > 0 and bottom > 0):
        return math.nan, math.nan, math.nan
    ratio = float(top / bottom)
    if count < 2:
        return ratio, math.nan, math.nan
    deviations = numerator / top - denominator / bottom
    error = float(deviations.std(ddof=1)) / math.sqrt(count)
    half = student_quantile(count, confidence) * error
    return ratio, ratio * math.exp(-half), ratio * math.exp(half)
