"""Every method on real ratings: fitted on each split, tuned on the same budget."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from twotower.base import seeds
from twotower.data.pairs import TablePairs
from twotower.methods import comparators
from twotower.methods.comparators import COMPARATORS, Comparator, Predictor
from twotower.methods.search import Span
from twotower.real import splits
from twotower.real.ratings import RealRatings


def _by_towers(name: str, *fitted_to: Any) -> Predictor:
    # Imported here, for torch takes a second that fits of other methods, scores and figures save.
    from twotower.real import towers

    return towers.FITS[name](*fitted_to)


_WITH_EFFECTS = {"rank": Span(3, 24, whole=True), "width": Span(16, 256, whole=True)}
_TOWERS = {
    "erm": {"width": Span(8, 64, whole=True), "rank": Span(3, 6, whole=True)},
    "adam": {
        "width": Span(8, 128, whole=True),
        "rank": Span(3, 12, whole=True),
        "learning_rate": Span(1.0e-3, 3.0e-2),
    },
    "mixed": _WITH_EFFECTS,
    "hybrid": _WITH_EFFECTS,
}
METHODS = COMPARATORS | {
    name: Comparator(box, name == "hybrid", True, partial(_by_towers, name))
    for name, box in _TOWERS.items()
}
"""By name, in the order of tables."""

MOST_RATINGS = {"kernel_ridge": 16_384}
"""Training ratings, at most, of methods that take minutes for all of them."""
MOST_NUMBERS = 2**27
"""Covariates of the training ratings, at most, of methods by covariates that hold them all: a
gigabyte, of which they make some copies. With 62 covariates, as MovieLens has, these are two
million ratings."""
_HOLD_ALL = ("boosting", "erm", "adam")


def most_ratings(method: str, columns: int) -> int | None:
    """Training ratings that a method learns from at most, None for all of them.

    Args:
        columns: covariates of both sides.
    """
    return MOST_RATINGS.get(method, MOST_NUMBERS // columns if method in _HOLD_ALL else None)


def pairs_of(data: RealRatings, rows: np.ndarray) -> TablePairs:
    """Ids and covariates of some ratings."""
    sides = data.users[rows], data.items[rows]
    return TablePairs(*sides, data.user_covariates, data.item_covariates)


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
    columns = data.user_covariates.shape[1] + data.item_covariates.shape[1]
    most = most_ratings(method, columns)
    for kind in kinds:
        for index in range(splits.count_of(kind, count)):
            split = splits.split(data, kind, index, seed)
            test = pairs_of(data, split.test)
            for fraction in fractions(kind):
                train = split.beginning(fraction)[:most]
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
