"""Scores of methods on real ratings, from their predictions; fits do not depend on this module."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from twotower.real import scores as real_scores
from twotower.real import splits
from twotower.real.methods import METHODS
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
        of `scores.summary`.
    """
    parts = [(*name.split(" "), name) for name in predictions]
    for kind in dict.fromkeys(part[0] for part in parts):
        found = sorted((int(i), float(f), name) for one, i, f, name in parts if one == kind)
        rows = []
        for index, fraction, name in found:
            split = splits.split(data, kind, index, seed)
            train = split.beginning(fraction)
            about = {"kind": kind, "split": index, "fraction": fraction}
            about |= {"n_train": len(train), "method": method}
            scores = real_scores.scores(data, split, train, predictions[name], fraction == 1.0)
            rows += [about | row for row in scores]
        table = pd.DataFrame(rows)
        if len({index for index, *_ in found}) > 1:
            yield table, real_scores.summary(table)
        else:
            drawn = real_scores.user_intervals(data, split, train, predictions[name], seed)
            yield table, pd.DataFrame([about | row for row in drawn]).drop(columns="split")
