"""Scores of methods on real ratings, from their predictions; fits do not depend on this module."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache

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
    data: RealRatings, predictions: Mapping[str, Callable[[], dict[str, np.ndarray]]], seed: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Scores of methods, kind by kind: of each split, and with intervals over them.

    Splits, and what a bootstrap draws, are made once for all methods.

    Args:
        predictions: by method, what reads its predictions, named as `methods.fit_kinds` names them,
            of the same splits for all methods. Those of one method are read at a time.

    Yields:
        For each method and kind, rows of `scores.scores` with `kind`, `split`, `fraction`,
        `n_train` and `method`, and of `scores.summary`. `n_train` counts what the method learned
        from, at most `methods.most_ratings`; groups are by all training ratings, alike for all
        methods.
    """
    split_of = cache(lambda kind, index: splits.split(data, kind, index, seed))
    columns = data.user_covariates.shape[1] + data.item_covariates.shape[1]
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    alone: dict[str, dict[str, np.ndarray]] = defaultdict(dict)  # of kinds with one split
    for method, read in predictions.items():
        made, most = read(), most_ratings(method, columns)
        parts = [(*name.split(" "), name) for name in made]
        for kind in dict.fromkeys(part[0] for part in parts):
            found = sorted((int(i), float(f), name) for one, i, f, name in parts if one == kind)
            rows = []
            for index, fraction, name in found:
                split = split_of(kind, index)
                train = split.beginning(fraction)
                about = {"kind": kind, "split": index, "fraction": fraction}
                about |= {"n_train": min(len(train), most or len(train)), "method": method}
                scores = real_scores.scores(data, split, train, made[name], fraction == 1.0)
                rows += [about | row for row in scores]
            tables[method, kind] = pd.DataFrame(rows)
            if found[0][0] == found[-1][0]:
                alone[kind][method] = made[name]
    drawn = {
        kind: real_scores.user_intervals(data, split_of(kind, 0), own, seed)
        for kind, own in alone.items()
    }
    for (method, kind), table in tables.items():
        if kind in drawn:
            about = table.iloc[-1][["kind", "fraction", "n_train", "method"]].to_dict()
            yield table, pd.DataFrame([about | row for row in drawn[kind][method]])
        else:
            yield table, real_scores.summary(table)
