"""What retrieval and ranking lose of the regret, over targets, and where a second stage pays."""

from typing import Any

import pandas as pd

from twotower.evaluation.regret_split import EXACT, SHARES, TOWERS_ALONE
from twotower.rates.intervals import student_interval

COLUMNS = [
    "arm", "n_ratings", "users", "k", "index", "items", "candidates", "ranker", "replicates",
    *(f"{name}{end}" for name in SHARES for end in ("", "_low", "_high")),
    "retrieved", "gain", "gain_low", "gain_high",
]  # fmt: skip
_SETTING = ["n_ratings", "index", "items", "candidates", "ranker"]


def two_stages(
    splits: list[pd.DataFrame],
    runs: list[dict[str, Any]],
    users: int,
    k: int,
    confidence: float,
) -> pd.DataFrame:
    """Means over targets of the regret and its shares, with Student intervals.

    Args:
        splits: as of `retrieval.two_stages.measured`, a table for each run.
        runs: `arm` and the columns of a cell of each run.
        users, k: users of each target, and places of a list.
        confidence: of the intervals.

    Returns:
        The columns of a cell, then `COLUMNS`. `gain` is the regret of the towers alone (exact
        search of the same catalogue, no second stage) less this one, paired by target: a second
        stage pays where it is surely above 0.
    """
    rows, settings = [], [name for name in runs[0] if name != "arm"]
    for about, split in zip(runs, splits, strict=True):
        alone = split[(split["ranker"] == TOWERS_ALONE) & (split["index"] == EXACT)]
        # the number of candidates does not change the list that towers make of their own
        alone = alone[alone["candidates"] == alone["candidates"].min()]
        alone = alone.set_index(["n_ratings", "items", "replicate"])["regret"].sort_index()
        for key, frame in split.groupby(_SETTING, sort=False):
            row = about | dict(zip(_SETTING, key, strict=True))
            row |= {"users": users, "k": k, "replicates": len(frame)}
            for name in SHARES:
                row |= student_interval(frame[name].to_numpy(float), confidence).columns(name)
            beside = alone.loc[row["n_ratings"], row["items"]].loc[frame["replicate"]]
            gain = beside.to_numpy(float) - frame["regret"].to_numpy(float)
            row |= student_interval(gain, confidence).columns("gain")
            rows.append(row | {"retrieved": frame["retrieved"].mean()})
    return pd.DataFrame(rows, columns=[*settings, *COLUMNS])
