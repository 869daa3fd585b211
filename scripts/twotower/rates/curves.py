"""Curves of one cell: from rows of a table of risks to arrays, fits and points."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twotower.data.groups import GROUPS
from twotower.rates.intervals import mean_interval
from twotower.rates.slopes import RateFit, bootstrap_generator, fit_rate
from twotower.rates.verdicts import optimization_error
from twotower.study.arms import REFERENCE

MEASURED = (
    "arm", "start", "n_ratings", "width", "replicate", "risk", "risk_se", "seen_risk",
)  # fmt: skip
"""Columns of a table of risks that are not settings of a cell."""
_RIVALS = ("doubled", "oracle")  # starts that the one used is measured against


@dataclass(frozen=True)
class Curve:
    """Risks of one cell and arm from the start used, and the rate fitted to them.

    `n` (numbers of ratings, or of units) has shape [sizes], `risk` and `risk_se` [replicates,
    sizes]. `fit` is None where no rate can be fitted, `fault` then says why.
    """

    n: np.ndarray
    risk: np.ndarray
    risk_se: np.ndarray
    fit: RateFit | None = None
    fault: str = ""


def cell_columns(risks: pd.DataFrame) -> list[str]:
    """Names of the columns that say what a cell is, in their order."""
    return [name for name in risks.columns if name not in (*MEASURED, *GROUPS)]


def settings_of(frame: pd.DataFrame) -> dict[str, object]:
    """The settings of a cell, from its rows."""
    return frame.iloc[0][cell_columns(frame)].to_dict()


def used_curve(frame: pd.DataFrame, arm: str) -> Curve:
    """The curve over n of an arm in the rows of one cell, not fitted yet.

    Raises:
        ValueError: if a replicate was not measured at some size, or none at all.
    """
    used = frame[(frame["arm"] == arm) & (frame["start"] == "used")]
    if used.empty:
        raise ValueError(f"cell {frame['cell'].iloc[0]} has no risks of arm {arm}")
    wide = used.pivot(index="replicate", columns="n_ratings", values=["risk", "risk_se"])
    counts = used.groupby("n_ratings")["replicate"].nunique()
    if (counts < len(wide)).any():
        raise ValueError(
            f"cell {frame['cell'].iloc[0]}, arm {arm}: {len(wide)} replicates were run, but "
            f"n_ratings = {int(counts.idxmin())} has only {int(counts.min())}"
        )
    sizes = wide["risk"].columns.to_numpy(dtype=int)
    return Curve(sizes, wide["risk"].to_numpy(float), wide["risk_se"].to_numpy(float))


def aligned(curves: dict[str, Curve], cell: str) -> dict[str, Curve]:
    """The curves of a cell at the same sizes.

    A reference may have been run at more sizes, for another cell on the same data: they are left
    out. Nothing else may differ.

    Raises:
        ValueError: naming the arm that differs in sizes or replicates from the first one, and how.
    """
    first, leader = next(iter(curves.items()))
    result = {}
    for arm, curve in curves.items():
        kept = np.isin(curve.n, leader.n) if arm == REFERENCE else np.full(curve.n.size, True)
        if curve.n[kept].tolist() != leader.n.tolist():
            raise ValueError(
                f"cell {cell}: arm {first} was run at n_ratings = {leader.n.tolist()}, arm {arm} "
                f"at {curve.n.tolist()}"
            )
        if len(curve.risk) != len(leader.risk):
            raise ValueError(
                f"cell {cell}: arm {first} has {len(leader.risk)} replicates, arm {arm} has "
                f"{len(curve.risk)}"
            )
        result[arm] = Curve(curve.n[kept], curve.risk[:, kept], curve.risk_se[:, kept])
    return result


def fitted(
    curve: Curve, kept: np.ndarray, cell: str, arm: str, confidence: float, axis: str = "n_ratings"
) -> Curve:
    """The curve with its rate over the sizes kept (a mask, shape [sizes]), or with its fault.

    The bootstrap's stream is keyed by cell and arm.
    """
    n, risk, risk_se = curve.n[kept], curve.risk[:, kept], curve.risk_se[:, kept]
    usable = np.isfinite(risk) & (risk > 0) & np.isfinite(risk_se)
    if n.size < 2:
        return replace(curve, fault="a rate needs at least two sizes")
    if not usable.all():
        faulty = n[~usable.all(axis=0)][0]
        fault = f"risk of arm {arm} is not finite and positive at {axis} = {faulty}"
        return replace(curve, fault=fault)
    return replace(
        curve, fit=fit_rate(n, risk, risk_se, bootstrap_generator(cell, arm), confidence)
    )


def monte_carlo_error(frame: pd.DataFrame, arm: str, kept: np.ndarray | pd.Series) -> float:
    """Largest risk_se/risk of an arm at the rows kept (a mask) and at the starts compared."""
    counted = ((frame["start"] == "used") & kept) | frame["start"].isin(_RIVALS)
    rows = frame[(frame["arm"] == arm) & counted]
    return float((rows["risk_se"] / rows["risk"]).max(skipna=False)) if len(rows) else math.nan


def measured_optimization_error(frame: pd.DataFrame, arm: str) -> float:
    """`optimization_error` where other starts were run, over the replicates that all three have.

    Args:
        frame: rows of one cell.
        arm: the arm.

    Returns:
        The error; NaN if other starts were run at no size, or at several.
    """
    frame = frame[(frame["arm"] == arm) & frame["start"].isin(("used", *_RIVALS))]
    sizes = frame.loc[frame["start"] != "used", "n_ratings"].unique()
    if len(sizes) != 1:
        return math.nan
    wide = frame[frame["n_ratings"] == sizes[0]].pivot(
        index="replicate", columns="start", values="risk"
    )
    mean = wide.reindex(columns=["used", *_RIVALS]).dropna().mean()
    return optimization_error(mean["used"], mean["doubled"], mean["oracle"])


def points(curve: Curve, kept: np.ndarray, confidence: float, axis: str) -> list[dict[str, object]]:
    """One dict for each size: the columns of a table of curves that are read off the risks.

    `risk_low` and `risk_high` are the Student interval of the mean over replicates on the log
    scale; `fitted_risk` is the fitted line, NaN at sizes that were not fitted.
    """
    rows = []
    for index, (size, used) in enumerate(zip(curve.n, kept, strict=True)):
        risk = curve.risk[:, index]
        mean, low, high = mean_interval(risk, confidence)
        rows.append(
            {
                axis: int(size),
                "replicates": len(risk),
                "mean_risk": mean,
                "risk_low": low,
                "risk_high": high,
                "median_risk": float(np.median(risk)),
                "fitted_risk": float(curve.fit.risk(size)) if used and curve.fit else math.nan,
                "in_window": bool(used),
            }
        )
    return rows
