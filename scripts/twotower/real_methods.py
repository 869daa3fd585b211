"""Every method on real ratings: fitted on each split, tuned on the same budget."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from twotower import comparators, real_scores, real_towers, seeds, splits
from twotower.comparators import COMPARATORS
from twotower.pairs import Pairs
from twotower.real_ratings import RealRatings
from twotower.real_tables import Seen

METHODS = {**COMPARATORS, **real_towers.TOWERS}
"""By name, in the order of tables."""


def seen() -> Seen:
    """What each method sees."""
    uses = {name: (one.uses_identities, one.uses_covariates) for name, one in METHODS.items()}
    return Seen(uses)


def pairs_of(data: RealRatings, rows: np.ndarray) -> Pairs:
    """Ids and covariates of some ratings."""
    users, items = data.users[rows], data.items[rows]
    return Pairs(users, items, data.user_covariates[users], data.item_covariates[items])


def fractions(kind: str) -> tuple[float, ...]:
    """Of the training ratings that are learned from, in splits of a kind."""
    return splits.FRACTIONS if kind == "random" else (1.0,)


def fit_kinds(
    data: RealRatings, kinds: Sequence[str], method: str, count: int, budget: int, seed: int
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Predictions of one method on the test ratings of all splits of some kinds.

    The settings are chosen anew for each split and fraction, on a fifth of its own training
    ratings; no test rating is seen. Predictions are clipped to the scale of the ratings.

    Returns:
        Predictions float64 [n_test], named "kind split fraction", and the settings chosen: columns
        `kind`, `split`, `fraction`, `n_train`, `settings`, `held_out_error`.
    """
    predictions, chosen = {}, []
    for kind in kinds:
        for index in range(splits.count_of(kind, count)):
            split = splits.split(data, kind, index, seed)
            test = pairs_of(data, split.test)
            for fraction in fractions(kind):
                train = split.beginning(fraction)
                role = f"{kind} {fraction:g}"
                rng = seeds.generator(seed, {"method": method}, role, index)
                fit = comparators.tuned(
                    method, pairs_of(data, train), data.ratings[train], budget, rng, METHODS
                )
                name = f"{kind} {index} {fraction:g}"
                predictions[name] = fit.predict(test).clip(*data.scale)
                about = {"kind": kind, "split": index, "fraction": fraction}
                settings = {"settings": str(fit.settings), "held_out_error": fit.held_out_error}
                chosen.append(about | {"n_train": len(train)} | settings)
    return predictions, pd.DataFrame(chosen)


def scored(
    data: RealRatings, method: str, predictions: dict[str, np.ndarray], seed: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Scores of one method, kind by kind: of each split, and with intervals over them.

    Yields:
        Rows of `real_scores.scores` with `kind`, `split`, `fraction`, `n_train` and `method`, and
        of `real_scores.summary`.
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
