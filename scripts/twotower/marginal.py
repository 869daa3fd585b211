"""What another user, another item and another rating are worth.

Where a design has its own numbers of users, items and ratings, and they vary apart,

    log(error − floor) = constant + Σ_j e_j log(count_j)

is fitted over all that was measured, and another unit of count j lowers the error by −e_j
excess/count. Elasticities e_j are means over the sizes measured: a local answer, not one to
extrapolate. Where a count changes only along with the others, its value cannot be told from theirs,
and that is said.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twotower.drift import Forecast
from twotower.rates import half_width
from twotower.seeds import generator
from twotower.sources import Source

COUNTS = {"n_users": "user", "n_items": "item", "n_ratings": "rating"}
MOST_INFLATION = 10.0
"""A count is told apart if its variance inflation factor, over log counts, is at most this."""
_DRAWS = 1000


@dataclass(frozen=True)
class Values:
    """Fall of the error by one more of each, (value, low, high), and what could not be told.

    Attributes:
        each: "user", "item" or "rating" → value and its interval.
        remark: why some are not there; empty if all are.
    """

    each: dict[str, tuple[float, float, float]]
    remark: str


def values(source: Source, present: float, found: Forecast, confidence: float) -> Values:
    """Marginal values at `present` ratings, with the numbers of users and items there."""
    design = source.settings.get("sampling")
    if design in ("fresh", "not_at_random"):
        return Values({}, "each rating has a user and an item of its own: one more is all three")
    points = source.points
    if points.empty:
        return Values({}, "the file does not tell numbers of users and items, so not told apart")
    told, tied = separable(points)
    constant = [f"the number of {COUNTS[n]}s does not vary" for n in COUNTS if n not in told + tied]
    along = " and ".join(f"{COUNTS[n]}s" for n in tied)
    remark = "; ".join(
        constant + ([f"the numbers of {along} change only together"] if tied else [])
    )
    if not told:
        return Values({}, f"{remark}: not told apart")
    middle, half = elasticities(points, told, float(np.median(found.floor)), confidence)
    error = found.error_at(present)
    excess = float(np.median(error - found.floor))
    if source.rooted:  # d√e = de / (2√e)
        excess /= 2 * float(np.sqrt(np.median(error)))
    own = points[points["planned"]]
    nearest = own.loc[np.log(own["n_ratings"] / present).abs().idxmin()]
    each = {}
    for name, elasticity, error in zip(told, middle, half, strict=True):
        count = present if name == "n_ratings" else float(nearest[name])
        each[COUNTS[name]] = tuple(
            float(-excess / count * e) for e in (elasticity, elasticity + error, elasticity - error)
        )
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


def elasticities(
    points: pd.DataFrame, names: list[str], floor: float, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Elasticities of the excess, and half-widths of their intervals over replicates, [names].

    All counts that vary are in the fit, so that those not told apart do not lend theirs to `names`.
    """
    varied = [name for name in COUNTS if points[name].nunique() > 1]
    wide = points.pivot_table(index=list(COUNTS), columns="replicate", values="error").dropna()
    errors = wide.to_numpy(float).T
    logs = np.log(wide.index.to_frame()[varied].to_numpy(float))
    design = np.column_stack([np.ones(len(logs)), logs])
    rng = generator(0, {"names": names, "points": len(logs)}, "elasticities", 0)
    rows = rng.integers(0, len(errors), size=(_DRAWS, len(errors)))
    means = np.concatenate([errors.mean(axis=0)[None], errors[rows].mean(axis=1)])
    excess = np.log(np.maximum(means - floor, 1e-3 * means))
    fitted = np.linalg.lstsq(design, excess.T, rcond=None)[0][1:]
    fitted = fitted[[varied.index(name) for name in names]].T
    half = [half_width(column, len(errors), confidence) for column in fitted[1:].T]
    return fitted[0], np.array(half)
