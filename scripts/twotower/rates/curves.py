"""Curves of one cell: from rows of a table of risks to arrays, fits and points."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twotower.data.groups import GROUPS
from twotower.rates.intervals import Interval, mean_interval, student_quantile
from twotower.rates.slopes import RateFit, bootstrap_generator, fit_rate, halves
from twotower.rates.verdicts import optimization_error
from twotower.study.arms import REFERENCE

MEASURED = (
    "arm", "start", "n_ratings", "width", "replicate", "risk", "risk_se", "seen_risk",
    "training_loss", "approximation", "predicted_risk",
)  # fmt: skip
"""Columns of a table of risks that are not settings of a cell."""
_RIVALS = ("doubled", "oracle")  # starts that the one used is measured against


@dataclass(frozen=True)
class Curve:
    """Risks of one cell and arm from the start used, and the rate fitted to them.

    `n` (numbers of ratings, or of units) has shape [sizes], `risk` and `risk_se` [replicates,
    sizes], and `predicted`, the risks predicted of the same targets, too; it is NaN where there
    are none. `fit` is None where no rate can be fitted, `fault` then says why.
    """

    n: np.ndarray
    risk: np.ndarray
    risk_se: np.ndarray
    predicted: np.ndarray
    fit: RateFit | None = None
    fault: str = ""

    def at(self, kept: np.ndarray | slice) -> "Curve":
        """The curve at some of its sizes (a mask or a slice), not fitted yet."""
        columns = (self.risk[:, kept], self.risk_se[:, kept], self.predicted[:, kept])
        return Curve(self.n[kept], *columns)


def cell_columns(risks: pd.DataFrame) -> list[str]:
    """Names of the columns that say what a cell is, in their order."""
    return [name for name in risks.columns if name not in (*MEASURED, *GROUPS)]


def settings_of(frame: pd.DataFrame) -> dict[str, object]:
    """The settings of a cell, from its rows."""
    return frame.iloc[0][cell_columns(frame)].to_dict()


def used_curve(frame: pd.DataFrame, arm: str, prediction: str = "predicted_risk") -> Curve:
    """The curve over n of an arm in the rows of one cell, not fitted yet.

    Args:
        frame: rows of a table of risks.
        arm: the arm.
        prediction: the column that holds what is predicted; where it is absent, nothing is.

    Raises:
        ValueError: if a replicate was not measured at some size, or none at all.
    """
    used = frame[(frame["arm"] == arm) & (frame["start"] == "used")]
    if used.empty:
        raise ValueError(f"cell {frame['cell'].iloc[0]} has no risks of arm {arm}")
    values = ["risk", "risk_se", prediction]
    used = used.reindex(columns=[*used, *(name for name in values if name not in used)])
    wide = used.pivot(index="replicate", columns="n_ratings", values=values)
    counts = used.groupby("n_ratings")["replicate"].nunique()
    if (counts < len(wide)).any():
        raise ValueError(
            f"cell {frame['cell'].iloc[0]}, arm {arm}: {len(wide)} replicates were run, but "
            f"n_ratings = {int(counts.idxmin())} has only {int(counts.min())}"
        )
    sizes = wide["risk"].columns.to_numpy(dtype=int)
    return Curve(sizes, *(wide[name].to_numpy(float) for name in values))


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
        result[arm] = curve.at(kept)
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
    rows = frame[(frame["arm"] == arm) & frame["start"].isin(("used", *_RIVALS)) & kept]
    return float((rows["risk_se"] / rows["risk"]).max(skipna=False)) if len(rows) else math.nan


def starts_at(frame: pd.DataFrame, size: int) -> pd.DataFrame:
    """Risks of an arm at one size in the rows of one cell, over the replicates that have all that a
    comparison needs; no row if there are none.

    Returns:
        Columns `used` and `best`: the risk from the start used, and that of the fit with the
        lowest training loss of all starts, which comes nearest to the minimizer. A fit that ends
        higher, but nearer to the truth, shows no error of optimization.
    """
    compared = frame[(frame["n_ratings"] == size) & frame["start"].isin(("used", *_RIVALS))]
    compared = compared.drop_duplicates(["start", "replicate"])
    wide = compared.pivot(index="replicate", columns="start", values=["risk", "training_loss"])
    starts = ["used", *_RIVALS]  # the first of equal losses is the one used
    names = pd.MultiIndex.from_product([("risk", "training_loss"), starts])
    wide = wide.reindex(columns=names).dropna()
    lowest = wide["training_loss"].to_numpy().argmin(axis=1) if len(wide) else []
    best = wide["risk"].to_numpy()[np.arange(len(wide)), lowest] if len(wide) else []
    return pd.DataFrame({"used": wide[("risk", "used")], "best": best}, index=wide.index)


def measured_optimization_error(
    frame: pd.DataFrame, arm: str, kept: pd.Series | None = None
) -> float:
    """The largest `optimization_error` over the sizes at which other starts were run.

    Args:
        frame: rows of one cell, with `training_loss`.
        arm: the arm.
        kept: a mask of the rows that count, as those in the fit window; by default all.

    Returns:
        The error, over the replicates that have all starts (see `starts_at`); NaN if it was
        measured at no size.
    """
    frame = frame[(frame["arm"] == arm) & (True if kept is None else kept)]
    sizes = frame.loc[frame["start"].isin(_RIVALS), "n_ratings"].unique()
    means = [starts_at(frame, size).mean() for size in sizes]
    errors = [optimization_error(mean["used"], mean["best"]) for mean in means]
    return max((error for error in errors if error >= 0), default=math.nan)


def points(curve: Curve, kept: np.ndarray, confidence: float, axis: str) -> list[dict[str, object]]:
    """One dict for each size: the columns of a table of curves that are read off the risks.

    `risk_low` and `risk_high` are the Student interval of the mean over replicates on the log
    scale; `predicted_risk` is the mean over replicates, `ratio` the geometric mean of measured
    over predicted risks with its interval, `ratio_sd` the spread of its logarithm over targets;
    `fitted_risk` is the fitted line, NaN at sizes that were not fitted; `upper_half` marks the
    upper half of those.
    """
    rows = []
    upper = np.zeros(curve.n.size, bool)
    upper[np.flatnonzero(kept)[halves(int(kept.sum()))[1]]] = True
    for index, (size, used) in enumerate(zip(curve.n, kept, strict=True)):
        risk, predicted = curve.risk[:, index], curve.predicted[:, index]
        mean, low, high = mean_interval(risk, confidence)
        ratio, spread = _ratio(risk, predicted, confidence)
        rows.append(
            {
                axis: int(size),
                "replicates": len(risk),
                "mean_risk": mean,
                "risk_low": low,
                "risk_high": high,
                "median_risk": float(np.median(risk)),
                "predicted_risk": float(predicted.mean()),
                **ratio.columns("ratio"),
                "ratio_sd": spread,
                "fitted_risk": float(curve.fit.risk(size)) if used and curve.fit else math.nan,
                "in_window": bool(used),
                "upper_half": bool(upper[index]),
            }
        )
    return rows


def _ratio(risk: np.ndarray, predicted: np.ndarray, confidence: float) -> tuple[Interval, float]:
    """Geometric mean of risk/predicted over replicates with its interval, and the spread of the
    logarithm; NaN where there is no prediction.
    """
    known = np.isfinite(risk) & (risk > 0) & np.isfinite(predicted) & (predicted > 0)
    if not known.all():
        return Interval(), math.nan
    log_ratio = np.log(risk / predicted)
    spread = float(log_ratio.std(ddof=1)) if len(risk) > 1 else math.nan
    half = student_quantile(len(risk), confidence) * spread / math.sqrt(len(risk))
    ratio = math.exp(float(log_ratio.mean()))
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half)), spread
