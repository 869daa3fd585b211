"""What a retrieval benchmark says: the front of each index, and where approximate search pays.

All take a frame with a row for each setting that was measured: `case` (title of the data), `items`
in the catalogue, `kind` of index, `effort`, `candidates`, `recall`, seconds of a single query
(`median`, `late`: the 95th percentile), `ratio` of exact search's median to it in the same round,
and `plain_ratio`, the same against brute force by numpy; `batch` (users a second), `build`
(seconds), `bytes`, and with intervals `regret` of the model's exact top k and what retrieval
`added` to it.
"""

import math

import numpy as np
import pandas as pd

from twotower.retrieval.indexes import EXACT

ENOUGH = 0.95
"""The recall from which approximate search is compared with exact search."""


def front(rows: pd.DataFrame) -> pd.DataFrame:
    """The settings of which no other is both faster and of no less recall, faster ones first."""
    ordered = rows.sort_values(["median", "recall"], ascending=[True, False], kind="stable")
    best = ordered["recall"].cummax().shift(fill_value=-1.0)
    return ordered[ordered["recall"] > best]


def fastest(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each case, catalogue and kind the fastest setting whose recall is `ENOUGH`.

    A kind that has none at some size is left out there.
    """
    enough = frame[frame["recall"] >= ENOUGH].sort_values("median", kind="stable")
    first = enough.drop_duplicates(["case", "items", "kind"])
    return first.sort_values(["case", "items", "kind"], kind="stable", ignore_index=True)


def best_approximate(rows: pd.DataFrame) -> pd.DataFrame:
    """Of one case: for each catalogue the fastest approximate setting of enough recall."""
    kept = fastest(rows[rows["kind"] != EXACT]).sort_values("median", kind="stable")
    return kept.drop_duplicates("items").sort_values("items", ignore_index=True)


def pays_from(rows: pd.DataFrame, times: float = 1.0) -> float:
    """Items in the catalogue from which approximate search is so many times faster, in one case.

    Faster than the better one of both exact searches. The gain is interpolated on logarithmic axes
    between the last size where it is too small and the next. 0 if it always is large enough,
    infinity if it is too small at the largest size.
    """
    best = best_approximate(rows)
    gain = best[["ratio", "plain_ratio"]].min(axis=1).to_numpy(float)
    sizes, gains = np.log(best["items"].to_numpy(float)), np.log(gain / times)
    losing = np.flatnonzero(gains <= 0)
    if not len(losing):
        return 0.0
    last = losing[-1]
    if last == len(gains) - 1:
        return math.inf
    share = -gains[last] / (gains[last + 1] - gains[last])
    return math.exp(sizes[last] + share * (sizes[last + 1] - sizes[last]))


def pays_text(items: float, sizes: pd.Series) -> str:
    """`pays_from` as a reader wants it: one digit, within the sizes that were measured."""
    if items == 0.0:
        return f"at {sizes.min():,} items already"
    if math.isinf(items):
        return f"not up to {sizes.max():,} items"
    return f"from {round(items, -math.floor(math.log10(items))):,.0f} items"
