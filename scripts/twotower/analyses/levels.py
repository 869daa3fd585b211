"""The level of risks: each target's risk over the one that was predicted for it, at every size."""

import math

import numpy as np
import pandas as pd

from twotower.rates import curves
from twotower.rates.intervals import student_quantile
from twotower.study.decisions import Decisions

COLUMNS = [
    "arm", "n_ratings", "replicates", "mean_risk", "predicted_risk", "ratio", "ratio_low",
    "ratio_high", "ratio_sd", "in_window", "upper_half", "confirmatory",
]  # fmt: skip


def levels(risks: list[pd.DataFrame], rates: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    """Risks over their predictions, a row per cell, arm and size, for arms that have predictions.

    `ratio` is exp of the mean log ratio over replicates: each risk over the prediction for the same
    target. Its interval is Student's on the log scale, `ratio_sd` the spread of the log ratio.

    Args:
        risks: tables of risks, one for each experiment; a cell in several is used once. A table
            without the column `predicted_risk` has no predictions.
        rates: their combined rates, for each cell's window and what is confirmatory.
        decisions: the confidence.

    Returns:
        Columns of a cell, then `COLUMNS`. `upper_half` are the last sizes of the window that
        `rates.slopes` fits its upper half to: an odd number of sizes has its middle in it.
    """
    columns = [name for name in curves.cell_columns(risks[0]) if name not in COLUMNS]
    known = rates.set_index(["cell", "arm"])
    predicted = [table for table in risks if "predicted_risk" in table]
    rows, seen = [], set()
    for table in predicted:
        used = table[(table["start"] == "used") & (table["predicted_risk"] > 0)]
        for key, frame in used.groupby(["cell", "arm"], sort=False):
            if key in seen or key not in known.index:
                continue
            seen.add(key)
            rate = known.loc[key]
            settings = curves.settings_of(frame) | {"experiment": rate["experiment"]}
            told = {"arm": key[1], "confirmatory": bool(rate["confirmatory"])}
            sizes = np.sort(frame["n_ratings"].unique())
            inside = sizes[(sizes >= rate["n_min"]) & (sizes <= rate["n_max"])]
            upper = inside[inside.size // 2 :]
            for size in sizes:
                point = _level(frame[frame["n_ratings"] == size], decisions.thresholds.confidence)
                place = {"in_window": bool(size in inside), "upper_half": bool(size in upper)}
                rows.append(settings | told | {"n_ratings": int(size)} | point | place)
    return pd.DataFrame(rows, columns=[*columns, *COLUMNS])


def _level(frame: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Columns of one curve and size; the ratio is NaN where a risk is not finite and positive."""
    risk = frame["risk"].to_numpy(float)
    predicted = frame["predicted_risk"].to_numpy(float)
    point = {"replicates": len(frame), "mean_risk": risk.mean(), "predicted_risk": predicted.mean()}
    if not (np.isfinite(risk) & (risk > 0)).all():
        return point | dict.fromkeys(("ratio", "ratio_low", "ratio_high", "ratio_sd"), math.nan)
    logs = np.log(risk / predicted)
    spread = float(logs.std(ddof=1)) if len(logs) > 1 else math.nan
    half = student_quantile(len(logs), confidence) * spread / math.sqrt(len(logs))
    ratio = math.exp(logs.mean())
    limits = {"ratio_low": ratio * math.exp(-half), "ratio_high": ratio * math.exp(half)}
    return point | {"ratio": ratio} | limits | {"ratio_sd": spread}
