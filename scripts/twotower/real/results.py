"""Scores of methods on real ratings, from their predictions; fits do not depend on this module."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from twotower.real import scores as real_scores
from twotower.real import splits
from twotower.real.methods import METHODS, most_ratings
from twotower.real.ratings import RealRatings
from twotower.real.tables import Seen


def seen() -> Seen:
    """What each method sees."""
    uses = {name: (one.uses_identities, one.uses_covariates) for name, one in METHODS.items()}
    return Seen(uses)


def scored(
    data: RealRatings, method: str, predictions: dict[str, np.ndarray], seed: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Scores of one method, kind by kind: of each split, and with intervals over them.

    Yields:
        Rows of `scores.scores` with `kind`, `split`, `fraction`, `n_train` and `method`, and
        of `scores.summary`. `n_train` counts what the method learned from, at most
        `methods.most_ratings`; groups are by all training ratings, alike for all methods.
    """
    parts = [(*name.split(" "), name) for name in predictions]
    most = most_ratings(method, data.user_covariates.shape[1] + data.item_covariates.shape[1])
    for kind in dict.fromkeys(part[0] for part in parts):
        found = sorted((int(i), float(f), name) for one, i, f, name in parts if one == kind)
        rows, split = [], None
        for index, fraction, name in found:
            if split is None or split.index != index:
                split = splits.split(data, kind, index, seed)
            train = split.beginning(fraction)
            about = {"kind": kind, "split": index, "fraction": fraction}
            about |= {"n_train": min(len(train), most or len(train)), "method": method}
            scores = real_scores.scores(data, split, train, predictions[name], fraction == 1.0)
            rows += [about | row for row in scores]
        table = pd.DataFrame(rows)
        if len({index for index, *_ in found}) > 1:
            yield table, real_scores.summary(table)
        else:
            drawn = real_scores.user_intervals(data, split, train, predictions[name], seed)
            yield table, pd.DataFrame([about | row for row in drawn]).drop(columns="split")
