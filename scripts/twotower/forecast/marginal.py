"""What another user, another item and another rating are worth.

Where a design has its own numbers of users, items and ratings, and they vary apart,

    log(error − floor) = constant + Σ_j e_j log(count_j)

is fitted over all that was measured, and another unit of count j lowers the error by −e_j
excess/count, all of them of one fit. A floor that is not known is fitted along: it is the one at
which the errors are met best, anew in each draw of the bootstrap, since a floor set too low makes
every elasticity too small. Elasticities e_j are means over the sizes measured: a local answer, not
one to extrapolate. Where a count changes only along with the others, its value cannot be told from
theirs, and that is said.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.forecast.pilot_files.source import Source
from twotower.rates.intervals import half_width

COUNTS = {"n_users": "user", "n_items": "item", "n_ratings": "rating"}
MOST_INFLATION = 10.0
"""The value of a count is given if its variance inflation factor, over log counts, is at most
this: else it cannot be separated from the others."""
_DRAWS = 1000
_FLOORS = np.r_[0.0, 1.0 - np.geomspace(1.0, 1.0e-3, 100)[1:]]
"""Floors that are tried, in shares of the smallest error."""


@dataclass(frozen=True)
class Values:
    """Fall of the error by one more of each, (value, low, high), and what could not be told.

    Attributes:
        each: "user", "item" or "rating" → value and its interval.
        remark: why some are not there; empty if all are.
    """

    each: dict[str, tuple[float, float, float]]
    remark: str


def values(source: Source, present: float, confidence: float) -> Values:
    """Marginal values at `present` ratings, with the numbers of users and items there."""
    design = source.settings.get("sampling")
    if design in ("fresh", "not_at_random"):
        return Values({}, "each rating has a user and an item of its own: one more is all three")
    points = source.points
    if points.empty:
        missing = "the file has no columns n_users and n_items"
        return Values({}, f"{missing}, which separate the value of a user from that of an item")
    told, tied = separable(points)
    constant = [f"the number of {COUNTS[n]}s does not vary" for n in COUNTS if n not in told + tied]
    along = " and ".join(f"{COUNTS[n]}s" for n in tied)
    remark = "; ".join(
        constant + ([f"the numbers of {along} change only together"] if tied else [])
    )
    if not told:
        return Values({}, f"{remark}: their values cannot be separated")
    own = points[points["planned"]]
    nearest = own.loc[np.log(own["n_ratings"] / present).abs().idxmin()]
    here = {name: float(nearest[name]) for name in COUNTS} | {"n_ratings": present}
    drawn, replicates = falls(points, source.pilot.floor, here, source.rooted)
    each = {}
    for name in told:
        fall = drawn[name]
        half = half_width(fall[1:], replicates, confidence)
        each[COUNTS[name]] = (float(fall[0]), float(fall[0] - half), float(fall[0] + half))
    return Values(each, remark)


def separable(points: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Counts that vary apart from the others, and those that vary with them alone."""
    varied = [name for name in COUNTS if points[name].nunique() > 1]
    logs = np.log(points[varied].drop_duplicates().to_numpy(float))
    told, tied = [], []
    for column, name in enumerate(varied):
        others = np.column_stack([np.ones(len(logs)), np.delete(logs, column, axis=1)])
        own = logs[:, column]
        rest = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
        apart = len(logs) > len(varied) + 1 and own.var() <= MOST_INFLATION * rest.var()
        (told if apart else tied).append(name)
    return told, tied


def falls(
    points: pd.DataFrame, floor: float | None, here: dict[str, float], rooted: bool
) -> tuple[dict[str, np.ndarray], int]:
    """Fall of the error by one more of each count that varies: of the data, then of draws.

    All counts that vary are in the fit, so that those not told apart do not lend theirs to others.

    Args:
        points: what was measured, a row for each design and replicate.
        floor: if it is known.
        here: the numbers of users, items and ratings that one more is added to.
        rooted: whether the error is shown as its root.

    Returns:
        By count its falls, [1 + draws] of a bootstrap over replicates, and how many of these.
    """
    varied = [name for name in COUNTS if points[name].nunique() > 1]
    wide = points.pivot_table(index=list(COUNTS), columns="replicate", values="error").dropna()
    errors = wide.to_numpy(float).T
    logs = np.log(wide.index.to_frame()[varied].to_numpy(float))
    design = np.column_stack([np.ones(len(logs)), logs])
    rng = generator(0, {"names": varied, "points": len(logs)}, "elasticities", 0)
    rows = rng.integers(0, len(errors), size=(_DRAWS, len(errors)))
    means = np.concatenate([errors.mean(axis=0)[None], errors[rows].mean(axis=1)])
    floors, fitted = _fitted(means, design, floor)
    there = np.array([1.0, *(np.log(here[name]) for name in varied)])
    excess = np.exp(fitted @ there)
    scale = 2.0 * np.sqrt(floors + excess) if rooted else 1.0  # d√e = de / (2√e)
    found = {
        name: -fitted[:, column] * excess / here[name] / scale
        for column, name in enumerate(varied, start=1)
    }
    return found, len(errors)


def _fitted(
    means: np.ndarray, design: np.ndarray, floor: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Floors [draws] and coefficients [draws, columns] at which mean errors are met best."""
    least = means.min(axis=1, keepdims=True)
    best = np.full(len(means), np.inf)
    floors = np.zeros(len(means))
    coefficients = np.zeros((len(means), design.shape[1]))
    solve = np.linalg.pinv(design)
    tried = _FLOORS[:, None] * least[:, 0] if floor is None else np.full((1, len(means)), floor)
    for one in tried:
        excess = np.maximum(means - one[:, None], 1e-3 * means)
        own = np.log(excess) @ solve.T
        missed = np.square((one[:, None] + np.exp(own @ design.T)) / means - 1.0).sum(axis=1)
        better = missed < best
        best[better], floors[better] = missed[better], one[better]
        coefficients[better] = own[better]
    return floors, coefficients
