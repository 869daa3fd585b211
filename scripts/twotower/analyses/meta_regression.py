"""All experiments together: one row per cell and arm, Holm's correction, the primary endpoint."""

import math

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.multitest import multipletests

from twotower.rates.intervals import slope_error
from twotower.rates.verdicts import Verdict
from twotower.study.decisions import Decisions

COLUMNS = ["subset", "term", "estimate", "low", "high", "cells", "data_sets", "decisions"]
# An interval of no width would weigh infinitely; slopes are never known better than this.
_SMALLEST_ERROR = 1e-4


def combine(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Rates of all experiments, one row per cell and arm, with Holm's p-values of "slower".

    Args:
        frames: tables of `summary.summarize`. A cell in several experiments has the same row in
            each; here its experiments are joined by ";".

    Returns:
        Their columns, then `p_holm`: `p_slower` corrected over all confirmatory rows that have
        one; NaN elsewhere.
    """
    rates = pd.concat(frames, ignore_index=True)
    if len(rates.columns) > len(frames[0].columns):  # settings that some cells alone have
        last = frames[0].columns.get_loc("arm")
        further = [name for name in rates.columns if name not in frames[0].columns]
        order = list(frames[0].columns)
        rates = rates[[*order[:last], *further, *order[last:]]]
    keys = ["cell", "arm"]
    names = rates.groupby(keys, sort=False)["experiment"].agg(
        lambda names: ";".join(dict.fromkeys(";".join(names).split(";")))
    )
    rates = rates.drop_duplicates(keys).reset_index(drop=True)
    rates["experiment"] = [names[key] for key in zip(rates["cell"], rates["arm"], strict=True)]
    tested = rates["confirmatory"].astype(bool) & rates["p_slower"].notna()
    rates["p_holm"] = math.nan
    if tested.any():
        corrected = multipletests(rates.loc[tested, "p_slower"], method="holm")[1]
        rates.loc[tested, "p_holm"] = corrected
    return rates


def regression(rates: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    """The first primary endpoint: measured slopes of confirmatory cells on their predictions.

    Slopes are those over the upper half of the window, where predictions bind; a measured one is
    the predicted one plus its difference, which is paired by target.

    Random-effects meta-regression: weights 1/(SE² + τ²), the variance τ² between cells by
    moments (DerSimonian and Laird), Student intervals with the scale estimated (Knapp and
    Hartung). Where cells share a data set, errors are clustered by data set instead.

    Args:
        rates: `combine`d rates.
        decisions: the frozen rules.

    Returns:
        Columns `COLUMNS`; terms slope, intercept and mean_difference (measured minus predicted),
        over all confirmatory cells and over those whose certificates passed. NaN for fewer than
        three cells.
    """
    usable = rates["upper_difference_low"].notna()
    every = rates[rates["confirmatory"].astype(bool) & usable]
    certified = every[every["verdict"] != Verdict.INCONCLUSIVE]
    rows = []
    for subset, frame in (("all", every), ("certified", certified)):
        for term, found in _terms(frame, decisions.thresholds.confidence).items():
            counts = (len(frame), frame["data"].nunique())
            rows.append((subset, term, *found, *counts, decisions.label))
    return pd.DataFrame(rows, columns=COLUMNS)


def _terms(frame: pd.DataFrame, confidence: float) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of each term."""
    predicted = frame["upper_predicted_slope"].to_numpy()
    if len(frame) < 3 or np.ptp(predicted) == 0:
        return dict.fromkeys(("slope", "intercept", "mean_difference"), (math.nan,) * 3)
    measured = predicted + frame["upper_difference"].to_numpy()
    columns = ("upper_difference_low", "upper_difference_high", "replicates")
    errors = np.array(
        [slope_error(*row, confidence) for row in zip(*(frame[c] for c in columns), strict=True)]
    )
    variance = np.maximum(errors, _SMALLEST_ERROR) ** 2
    ones = np.ones((len(frame), 1))
    line = _fit(measured, np.column_stack([ones, predicted]), variance, frame["data"], confidence)
    mean = _fit(measured - predicted, ones, variance, frame["data"], confidence)
    return {"slope": line[1], "intercept": line[0], "mean_difference": mean[0]}


def _fit(
    y: np.ndarray, design: np.ndarray, variance: np.ndarray, groups: pd.Series, confidence: float
) -> list[tuple[float, float, float]]:
    """Estimates and intervals of the coefficients; y [cells], design [cells, terms]."""
    fit = WLS(y, design, weights=1 / (variance + _between(y, design, variance))).fit()
    if groups.nunique() < design.shape[1] + 2:  # too few for a variance over data sets
        return [(float(estimate), math.nan, math.nan) for estimate in fit.params]
    if groups.nunique() < len(groups):
        codes = pd.factorize(groups)[0]
        fit = fit.get_robustcov_results("cluster", groups=codes, use_t=True)
    intervals = fit.conf_int(alpha=1 - confidence)
    return [
        (float(estimate), float(low), float(high))
        for estimate, (low, high) in zip(fit.params, intervals, strict=True)
    ]


def _between(y: np.ndarray, design: np.ndarray, variance: np.ndarray) -> float:
    """Variance between cells beyond their errors, by moments, at least 0."""
    weights = 1 / variance
    residuals = WLS(y, design, weights=weights).fit().resid
    excess = (weights * residuals**2).sum() - (len(y) - design.shape[1])
    weighted = weights[:, np.newaxis] * design
    projection = weighted @ np.linalg.solve(design.T @ weighted, weighted.T)
    return max(0.0, float(excess / (weights.sum() - np.trace(projection))))
