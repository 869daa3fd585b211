"""The error budget: a cell's risk split into approximation, estimation and optimization error."""

import pandas as pd

from twotower.rates import curves
from twotower.study import arms

PARTS = ("approximation", "estimation", "optimization")
COLUMNS = [
    "arm", "n_ratings", "mean_risk", *PARTS, *(f"{part}_share" for part in PARTS),
    "clipped", "confirmatory",
]  # fmt: skip


def error_budget(risks: list[pd.DataFrame], rates: pd.DataFrame) -> pd.DataFrame:
    """Parts of arm erm's risk at the largest size where all starts were run.

    Approximation is the risk of towers of the same shape fitted without noise to four times the
    ratings; optimization what the start with the lowest training loss takes off
    (`curves.starts_at`), at least 0; estimation is the rest, at least 0. All are means over the
    replicates that have every start.

    Args:
        risks: tables of risks, one for each experiment; a cell in several is used once.
        rates: their combined rates, for what is confirmatory.

    Returns:
        Columns of a cell, then `COLUMNS`, a row for each cell with all starts. Shares are of
        `mean_risk`; where a rest below 0 was `clipped` they add up to more than 1.
    """
    columns = curves.cell_columns(risks[0])
    known = rates[rates["arm"] == arms.ERM].set_index("cell")
    every = pd.concat(risks, ignore_index=True)
    rows = []
    for cell, frame in every[every["arm"] == arms.ERM].groupby("cell", sort=False):
        at = frame.loc[frame["start"] == "noise_free", "n_ratings"]
        if at.empty or cell not in known.index:
            continue
        size = int(at.max())
        free = frame[(frame["n_ratings"] == size) & (frame["start"] == "noise_free")]
        free = free.drop_duplicates("replicate").set_index("replicate")["risk"]
        mean = curves.starts_at(frame, size).assign(noise_free=free).dropna().mean()
        used = mean["used"]
        if not used > 0:
            continue
        optimization = max(0.0, used - mean["best"])
        rest = used - mean["noise_free"] - optimization
        parts = dict(zip(PARTS, (mean["noise_free"], max(0.0, rest), optimization), strict=True))
        rows.append(
            curves.settings_of(frame)
            | {"experiment": known.loc[cell, "experiment"], "arm": arms.ERM, "n_ratings": size}
            | {"mean_risk": used, "clipped": bool(rest < 0)}
            | {"confirmatory": bool(known.loc[cell, "confirmatory"])}
            | parts
            | {f"{part}_share": value / used for part, value in parts.items()}
        )
    return pd.DataFrame(rows, columns=[*columns, *COLUMNS])
