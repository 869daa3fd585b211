"""How fast rankings get better: slopes of regret and of what other metrics lack, beside the risk's.

An error is what falls to 0: the regret itself, and 1 − NDCG, 1 − Recall, 1 − MRR. Its slope is
fitted as that of a risk, over the same sizes, targets drawn together. The power says what a smaller
risk is worth: error ∝ risk^power, from the ratio of both slopes. By Cauchy and Schwarz the regret's
is at least ½ in the end (see `ranking`), so half the risk's slope stands beside each.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from twotower.analyses import powers
from twotower.analyses.cold_start import ratio_interval
from twotower.evaluation import ranking_metrics
from twotower.rates import curves
from twotower.rates.intervals import mean_interval
from twotower.rates.slopes import (
    RateFit,
    bootstrap_generator,
    fit_rate,
)
from twotower.study import arms
from twotower.study.decisions import Decisions

# fmt: off
RATE_COLUMNS = [
    "arm", "metric", "k", "users", "items", "n_min", "n_max", "replicates",
    "slope", "slope_low", "slope_high", "risk_slope", "half_risk_slope",
    "power", "power_low", "power_high", "reason",
]
CURVE_COLUMNS = [
    "arm", "metric", "k", "users", "items", "n_ratings", "replicates",
    "value", "error", "error_low", "error_high", "random_error", "fitted_error", "in_window",
    "erm_ratio", "erm_ratio_low", "erm_ratio_high",
]
# fmt: on


class Tables(NamedTuple):
    """Both begin with the columns of a cell: a row for each arm and metric, and for each size."""

    rates: pd.DataFrame
    curves: pd.DataFrame


class _Errors(NamedTuple):
    """One metric of one cell and arm; `error` and `error_se` are [replicates, sizes]."""

    n: np.ndarray
    error: np.ndarray
    error_se: np.ndarray
    random: float


def ranking_rates(
    rankings: dict[tuple[str, str], pd.DataFrame],
    risks: list[pd.DataFrame],
    rates: pd.DataFrame,
    shape: dict[str, int],
    decisions: Decisions,
) -> Tables:
    """Errors of every metric by size, and their slopes with intervals.

    Args:
        rankings: from cell and arm to a table as of `rankings.rankings`.
        risks: tables of risks, one for each experiment.
        rates: their combined rates; sizes are fitted from their `n_min` to `n_max`.
        shape: `users`, `items` and `k`.
        decisions: the confidence.

    Returns:
        Cells and arms in the order of `rates`. `erm_ratio` is an arm's mean error over that of erm
        in the same cell, paired by target. A slope that cannot be had is NaN, for a `reason`.
    """
    every = pd.concat(risks, ignore_index=True)
    every = every[every["start"] == "used"].drop_duplicates(
        ["cell", "arm", "n_ratings", "replicate"]
    )
    settings = list(rates.columns[: rates.columns.get_loc("arm")])
    confidence = decisions.thresholds.confidence
    rows, points = [], []
    for _, rate in rates.iterrows():
        cell, arm = rate["cell"], rate["arm"]
        if (cell, arm) not in rankings:
            continue
        curve = curves.used_curve(every[every["cell"] == cell], arm)
        kept = (curve.n >= rate["n_min"]) & (curve.n <= rate["n_max"])
        about = rate[settings].to_dict() | {"arm": arm} | shape
        for metric in ranking_metrics.METRICS:
            found = _errors(rankings[cell, arm], metric, curve)
            row, fit = _fitted(found, curve, kept, cell, arm, metric, confidence)
            common = about | {"metric": metric, "replicates": len(found.error)}
            rows.append(common | {"n_min": rate["n_min"], "n_max": rate["n_max"]} | row)
            beside = rankings.get((cell, arms.ERM)) if arm != arms.ERM else None
            erm = None if beside is None else _errors(beside, metric, curve).error
            sizes = _points(found, erm, kept, fit, confidence, metric)
            points += [common | point for point in sizes]
    return Tables(
        pd.DataFrame(rows, columns=[*settings, *RATE_COLUMNS]),
        pd.DataFrame(points, columns=[*settings, *CURVE_COLUMNS]),
    )


def _errors(table: pd.DataFrame, metric: str, curve: curves.Curve) -> _Errors:
    """At the sizes of a curve of risks: the reference may have been fitted at more."""
    columns = [metric, f"{metric}_se", f"{metric}_random"]
    wide = table.pivot(index="replicate", columns="n_ratings", values=columns)
    value, error, random = (wide[name][curve.n].to_numpy(float) for name in columns)
    if metric != "regret":
        value, random = 1.0 - value, 1.0 - random
    return _Errors(curve.n, value, error, float(random[:, 0].mean()))


def _fitted(
    found: _Errors,
    curve: curves.Curve,
    kept: np.ndarray,
    cell: str,
    arm: str,
    metric: str,
    confidence: float,
) -> tuple[dict[str, object], RateFit | None]:
    """The columns of a rate, and its fit; the bootstrap is keyed by cell, arm and metric."""
    n, error, error_se = found.n[kept], found.error[:, kept], found.error_se[:, kept]
    risk, risk_se = curve.risk[:, kept], curve.risk_se[:, kept]
    if n.size < 2:
        return {"reason": "a rate needs at least two sizes"}, None
    for name, values in ((f"error of {metric}", error), ("risk", risk)):
        bad = ~(np.isfinite(values) & (values > 0)).all(axis=0)
        if bad.any():
            return {"reason": f"{name} is not finite and positive at n_ratings = {n[bad][0]}"}, None
    rng = bootstrap_generator(cell, f"{arm} {metric}")
    fit = fit_rate(n, error, error_se, rng, confidence)

    both = (error, error_se), (risk, risk_se)
    risk_slope, power = powers.power(n, fit.slope, *both, rng, confidence)
    return {
        "slope": fit.slope,
        "slope_low": fit.slope_low,
        "slope_high": fit.slope_high,
        "risk_slope": risk_slope.estimate,
        "half_risk_slope": risk_slope.estimate / 2,
        **power.columns("power"),
        "reason": "",
    }, fit


def _points(
    found: _Errors,
    erm: np.ndarray | None,
    kept: np.ndarray,
    fit: RateFit | None,
    confidence: float,
    metric: str,
) -> list[dict[str, object]]:
    rows = []
    for index, (n, used) in enumerate(zip(found.n, kept, strict=True)):
        error = found.error[:, index]
        mean, low, high = mean_interval(error, confidence)
        ratio = (math.nan,) * 3
        if erm is not None:
            ratio = ratio_interval(error, erm[:, index], confidence)
        rows.append(
            {
                "n_ratings": int(n),
                "value": mean if metric == "regret" else 1.0 - mean,
                "error": mean,
                "error_low": low,
                "error_high": high,
                "random_error": found.random,
                "fitted_error": float(fit.risk(n)) if used and fit else math.nan,
                "in_window": bool(used),
            }
            | dict(zip(("erm_ratio", "erm_ratio_low", "erm_ratio_high"), ratio, strict=True))
        )
    return rows
