"""How many components embeddings need: lists by their number, and the least that reach a recall."""

import math
from typing import Any, NamedTuple

import pandas as pd

from twotower.data.groups import TOWERS
from twotower.evaluation.component_metrics import METRICS, every_set
from twotower.rates.intervals import student_interval

TARGET_COLUMNS = [
    "data", "smoothness", "user_intrinsic_dim", "item_intrinsic_dim", "ambient_dim", "rank",
    "noise_sd",
]  # fmt: skip
"""What tells targets apart in a table; the plain columns of a cell have the same names."""
COLUMNS = [
    *TARGET_COLUMNS, "cell", "source", "n_ratings", "users", "items", "k", "embedding_dim",
    "replicates", *(f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")),
]  # fmt: skip
NEEDED_COLUMNS = [
    *TARGET_COLUMNS, "source", "n_ratings", "users", "items", "k", "recall", "embedding_dim",
    "most_recall", "most_recall_dim", "least_regret", "least_regret_dim", "every_set",
]  # fmt: skip
_SETTING = ["data", "source", "n_ratings", "users", "items", "k"]


class Tables(NamedTuple):
    """Means over targets by number of components, and the least number for each recall."""

    lists: pd.DataFrame
    needed: pd.DataFrame


def components(
    best: pd.DataFrame, fits: list[pd.DataFrame], spec: dict[str, Any], confidence: float
) -> Tables:
    """Tables of all lists.

    Args:
        best: as of `best_components.lists`.
        fits: as of `component_lists.of_towers`, a table for each run.
        spec: `targets`, from a data set's id to its settings; `fits`, `arm` and the columns of a
            cell of each run; `users` and `items` of the runs' lists; and the wanted `recalls`.
        confidence: of the intervals, which are Student's over targets.

    Returns:
        `COLUMNS`: `source` is "best", "free", or the arm that fitted the towers; `n_ratings` and
        `cell` are missing but for towers. `NEEDED_COLUMNS`: `embedding_dim` is the least one tried
        whose mean recall reaches `recall`, NaN if none does.
    """
    shape = {"users": spec["users"], "items": spec["items"]}
    parts = [best.assign(n_ratings=math.nan, cell="")]
    for about, table in zip(spec["fits"], fits, strict=True):
        known = {"source": about["arm"], "cell": about["cell"], "data": about["data"]}
        parts.append(table.assign(**known | shape))
    every = pd.concat(parts, ignore_index=True)
    rows = []
    for key, frame in every.groupby([*_SETTING, "cell", "embedding_dim"], sort=False, dropna=False):
        row = dict(zip([*_SETTING, "cell", "embedding_dim"], key, strict=True))
        row |= _target(spec["targets"][row["data"]]) | {"replicates": len(frame)}
        for metric in METRICS:
            row |= student_interval(frame[metric].to_numpy(float), confidence).columns(metric)
        rows.append(row)
    lists = pd.DataFrame(rows, columns=COLUMNS)
    return Tables(lists, _needed(lists, spec["recalls"]))


def _needed(lists: pd.DataFrame, recalls: list[float]) -> pd.DataFrame:
    rows = []
    for _, frame in lists.groupby(_SETTING, sort=False, dropna=False):
        first, most = frame.iloc[0], frame.loc[frame["recall"].idxmax()]
        least = frame.loc[frame["regret"].idxmin()]
        for wanted in recalls:
            enough = frame.loc[frame["recall"] >= wanted, "embedding_dim"]
            rows.append(
                {name: first[name] for name in (*TARGET_COLUMNS, *_SETTING)}
                | {"recall": wanted, "embedding_dim": enough.min()}
                | {"most_recall": most["recall"], "most_recall_dim": most["embedding_dim"]}
                | {"least_regret": least["regret"], "least_regret_dim": least["embedding_dim"]}
                | {"every_set": every_set(int(first["k"]))}
            )
    return pd.DataFrame(rows, columns=NEEDED_COLUMNS)


def _target(data: dict[str, Any]) -> dict[str, Any]:
    """The columns of a target, from the settings of its data."""
    plain = {name: data[name] for name in TARGET_COLUMNS if name in data}
    ambient = max(data[f"{tower}_ambient_dim"] for tower in TOWERS)
    return plain | {"smoothness": float(data["smoothness"]), "ambient_dim": ambient}
