"""Does the planner's interval hold? Curves cut at the middle, their later sizes known.

Decided before any curve was judged: the pilot is the first five sizes of nine (synthetic) or the
first half of the sizes, five at least (measured); it goes the whole way of `data_plan`, its check
included; asked for is an error that the curve reaches between 1.3 and 8 times the largest size of
the pilot; the 80% interval of the number of ratings is to hold the true number in 70 to 90% of the
cases. A straight line through the same pilot, with a bootstrap interval, is judged beside it.

Nothing is tuned on curves judged here: the prior of slopes' drift is from those that an
earlier standard study published (`prior_calibration.calibrated`).

Synthetic curves are those of `backtest_curves`. Measured curves are tables of risks of a study;
there the curve sought is that of the same replicates, and the true number of ratings for the mean
risk of a later size is that size.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.forecast import drifting_curve, plan
from twotower.forecast.backtest_curves import PILOT_SIZES, Case
from twotower.forecast.drifting_curve import Pilot
from twotower.forecast.intervals import CONFIDENCE, needed
from twotower.rates import curves
from twotower.rates.intervals import half_width
from twotower.rates.slopes import resample, smoothed_weights
from twotower.theory.bound import least_squares_slope

_LINES = 1000


def judge(cases: Iterator[Case]) -> pd.DataFrame:
    """Answers to the cases: kind, curve, true, low, middle, high, refused, line_low, line_high.

    Where it refuses, `refused` says why in a few words, and limits are NaN.
    """
    rows, checked = [], {}
    for case in cases:
        if case.curve not in checked:
            checked[case.curve] = (plan.passes(case.pilot), drifting_curve.forecast(case.pilot))
        good, forecast = checked[case.curve]
        ratings = forecast.ratings(case.target)
        found = needed(ratings)
        refused = "" if good else "fails its check"
        if good and math.isinf(found.middle):
            refused = "out of reach"
        row = {"kind": case.kind, "curve": case.curve, "true": case.true, "refused": refused}
        answer = (found.low, found.middle, found.high) if not refused else (math.nan,) * 3
        row |= dict(zip(("low", "middle", "high"), answer, strict=True))
        rows.append(row | dict(zip(("line_low", "line_high"), _line(case), strict=True)))
    return pd.DataFrame(rows)


def summary(judged: pd.DataFrame) -> pd.DataFrame:
    """A row for each kind, and for all kinds without and with a fitted floor: counts and coverage.

    `covered` has a binomial 95% interval over curves, since questions to one curve go together;
    `factor` is the median of high over low, `open` the share of intervals without an upper end.
    """
    rows = []
    fitted = judged["kind"].str.contains("mse|fitted")
    totals = [("all without a floor", judged[~fitted]), ("all with a fitted floor", judged[fitted])]
    kinds = [*judged.groupby("kind", sort=False), *totals]
    for kind, part in [(kind, part) for kind, part in kinds if len(part)]:
        told = part[part["refused"] == ""]
        inside = (told["low"] <= told["true"]) & (told["true"] <= told["high"])
        drawn = part.dropna(subset="line_low")
        lines = (drawn["line_low"] <= drawn["true"]) & (drawn["true"] <= drawn["line_high"])
        share, count = inside.mean(), max(told["curve"].nunique(), 1)
        error = 1.96 * math.sqrt(share * (1 - share) / count) if len(told) else math.nan
        rows.append(
            {
                "kind": kind,
                "curves": part["curve"].nunique(),
                "questions": len(part),
                "fails its check": (part["refused"] == "fails its check").mean(),
                "out of reach": (part["refused"] == "out of reach").mean(),
                "covered": share,
                "covered_low": share - error,
                "covered_high": min(share + error, 1.0),
                "more needed": (told["true"] > told["high"]).mean(),
                "fewer needed": (told["true"] < told["low"]).mean(),
                "middle over true": (told["middle"] / told["true"]).median(),
                "factor": (told["high"] / told["low"]).median(),
                "open": np.isinf(told["high"]).mean(),
                "line covered": lines.mean(),
            }
        )
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- measured curves


def measured(risks: list[pd.DataFrame]) -> Iterator[Case]:
    """Cases of every curve in a study's tables of risks that has seven sizes or more, each once.

    Each curve is judged twice: as the risk that it is, and as the mean squared error that is seen
    where noise cannot be taken off, with the floor to be fitted.
    """
    seen = set()
    for table in risks:
        for (cell, arm), rows in table.groupby(["cell", "arm"], sort=False):
            if (cell, arm) in seen or rows.loc[rows["start"] == "used", "n_ratings"].nunique() < 7:
                continue
            seen.add((cell, arm))
            curve = curves.used_curve(rows, arm)
            noise = float(rows["noise_sd"].iloc[0]) ** 2
            yield from _cut(f"{arm}, risk", f"{cell} {arm}", curve.n, curve.risk, 0.0)
            if noise > 0:
                yield from _cut(
                    f"{arm}, mse", f"{cell} {arm} mse", curve.n, curve.risk + noise, None
                )


def _cut(
    kind: str, name: str, n: np.ndarray, error: np.ndarray, floor: float | None
) -> Iterator[Case]:
    """The later sizes of a curve as questions to its first half."""
    whole = Pilot(n, error, carried_on=True, floor=floor)
    pilot = whole.cut(max(math.ceil(n.size / 2), PILOT_SIZES))
    for size, mean in zip(whole.n, whole.mean, strict=True):
        if pilot.n[-1] < size <= drifting_curve.REACH * pilot.n[-1]:
            yield Case(kind, name, pilot, float(mean), float(size))


# ---------------------------------------------------------------- the straight line


def _line(case: Case) -> tuple[float, float]:
    """80% interval of the ratings by the weighted line that the project fits to slopes.

    NaN where a floor would have to be fitted, which a line has not.
    """
    pilot = case.pilot
    if pilot.floor is None:
        return math.nan, math.nan
    excess = pilot.error - pilot.floor
    rng = generator(0, {"curve": case.curve}, "line", 0)
    log_n = np.log(pilot.n.astype(float))
    drawn = resample(excess, 0 * excess, rng, _LINES)
    found = _crossing(log_n, drawn, case.target)
    middle = float(_crossing(log_n, excess, case.target))
    half = half_width(found, len(excess), CONFIDENCE)
    return tuple(math.exp(min(end, 700.0)) for end in (middle - half, middle + half))


def _crossing(log_n: np.ndarray, risk: np.ndarray, target: float) -> np.ndarray:
    """log n at which the line reaches the target, shape [...]."""
    weights = smoothed_weights(log_n, risk)
    log_mean = np.log(risk.mean(axis=-2))
    slope = least_squares_slope(log_n, log_mean, weights)
    level = (weights * (log_mean - slope[..., None] * log_n)).sum(axis=-1)
    return (math.log(target) - level) / slope
