"""A cell of a table of risks with all that is fitted in it: curves, window, predictions."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twotower.predictions import ensemble
from twotower.rates import curves
from twotower.rates.curves import Curve
from twotower.rates.departures import Departure, departure
from twotower.rates.slopes import bootstrap_generator
from twotower.rates.windows import Window, fit_window
from twotower.study import arms
from twotower.study.decisions import Decisions

OWN, ORACLE_SIEVE, CLOSED_FORM, EXPONENT = "own", "oracle sieve", "closed form", "exponent"
"""What a row is judged against: its arm's own prediction for these targets, that of the best
sieve for these targets, that for all targets of their law, or a power of n alone."""


@dataclass(frozen=True)
class JudgedCell:
    """Everything fitted in one cell; curves are keyed by arm, in the order of the tables.

    `judges` tells what each curve's predictions are, one of the words above; `departures` hold
    how it departs from them, for those that have a fit and a prediction.
    """

    settings: dict[str, object]
    frame: pd.DataFrame
    window: Window
    curves: dict[str, Curve]
    judges: dict[str, str]
    departures: dict[str, Departure]


def judged_cell(frame: pd.DataFrame, decisions: Decisions) -> JudgedCell:
    """Fit the curves of one cell.

    Args:
        frame: its rows of a table of risks.
        decisions: the frozen rules.

    Raises:
        ValueError: if arms differ in sizes or replicates, or one lacks a replicate.
    """
    settings, thresholds = curves.settings_of(frame), decisions.thresholds
    cell = str(settings["cell"])
    judges, raw = predicted_curves(frame)
    sizes = next(iter(raw.values())).n
    if arms.REFERENCE in raw:
        window = fit_window(sizes, raw[arms.REFERENCE].risk.mean(axis=0), thresholds)
    else:
        due = [curve.predicted for arm, curve in raw.items() if judges[arm] != EXPONENT]
        due = due or [np.atleast_2d(ensemble.predicted_risks(settings, sizes))]
        window = fit_window(sizes, due[0].mean(axis=0), thresholds, "prediction")
    kept = window.contains(sizes)
    fits = {
        arm: curves.fitted(curve, kept, cell, arm, thresholds.confidence)
        for arm, curve in raw.items()
    }
    departures = {
        arm: departure(
            part.n, part.risk, part.risk_se, part.predicted,
            bootstrap_generator(cell, f"{arm}, departure"), thresholds.confidence,
        )
        for arm, curve in fits.items()
        if curve.fit and _is_known((part := curve.at(kept)).predicted)
    }  # fmt: skip
    return JudgedCell(settings, frame, window, fits, judges, departures)


def predicted_curves(frame: pd.DataFrame) -> tuple[dict[str, str], dict[str, Curve]]:
    """By arm, what each curve of a cell is judged against, and the curves with these predictions,
    not fitted yet.
    """
    settings, present = curves.settings_of(frame), set(frame["arm"])
    # Arms this module has not heard of come before the reference.
    order = [*arms.ORDER[:-1], *sorted(present - set(arms.ORDER)), arms.REFERENCE]
    raw = {arm: curves.used_curve(frame, arm) for arm in order if arm in present}
    raw = curves.aligned(raw, str(settings["cell"]))
    reference = raw.get(arms.REFERENCE)
    judges, filled = {}, {}
    for arm, curve in raw.items():
        if arm == arms.JOINT:
            judges[arm], due = EXPONENT, curve.n ** ensemble.joint_slope(settings)
        # Where ratings are fewer than weights nothing is predicted: larger samples tell.
        elif _is_known(curve.predicted[:, -1:]):
            judges[arm], due = OWN, curve.predicted
        elif reference is not None and _is_known(reference.predicted[:, -1:]):
            judges[arm], due = ORACLE_SIEVE, reference.predicted
        else:
            judges[arm] = CLOSED_FORM
            due = np.asarray(ensemble.predicted_risks(settings, curve.n), dtype=float)
        filled[arm] = replace(curve, predicted=np.broadcast_to(due, curve.risk.shape))
    return judges, filled


def _is_known(predicted: np.ndarray) -> bool:
    return bool((np.isfinite(predicted) & (predicted > 0)).all())
