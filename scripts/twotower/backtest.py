"""Does the planner's interval hold? Curves cut at the middle, their later sizes known.

Decided before any curve was judged: the pilot is the first five sizes of nine (synthetic) or the
first half of the sizes, five at least (measured); it goes the whole way of `data_plan`, its check
included; asked for is an error that the curve reaches between 1.3 and 8 times the largest size of
the pilot; the 80% interval of the number of ratings is to hold the true number in 70 to 90% of the
cases. A straight line through the same pilot, with a bootstrap interval, is judged beside it.

Nothing is tuned on curves judged here: the prior of slopes' drift is from those published in
docs/findings (`drift_prior.calibrated`).

Synthetic curves are exact means with replicates scattered around them as in pilot trials
(`planted.noisy`). Means are the project's finite-n predictions, or planted shapes. Measured curves
are tables of risks of a study; there the curve sought is that of the same replicates, and the true
number of ratings for the mean risk of a later size is that size.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twotower import curves, data_plan, drift, predictions
from twotower.drift import Pilot
from twotower.planted import SETTING, noisy
from twotower.rates import half_width, resample, smoothed_weights
from twotower.seeds import generator
from twotower.theory import least_squares_slope

SIZES = 2 ** np.arange(8, 17)
PILOT_SIZES = 5
ASKED = (1.3, 8.0)
"""True number of ratings over the largest size of the pilot, drawn log-uniformly."""
_TESTED_SD = 0.004  # of an mse, relative: the same test ratings at each size of a replicate
_SINGLE_SD = 0.002  # … and what single sizes add
_SPLIT_SD, _SPLIT_SINGLE_SD = 0.01, 0.005  # of an error over splits of one data set, relative
_TARGETS, _SPLITS = (5, 8, 12), (5, 10, 20)  # numbers of replicates, drawn
_LINES = 1000


@dataclass(frozen=True)
class Case:
    """One question whose answer is known: the ratings for `target`, and after which pilot."""

    kind: str
    curve: str
    pilot: Pilot
    target: float
    true: float


def judge(cases: Iterator[Case]) -> pd.DataFrame:
    """Answers to the cases: kind, curve, true, low, middle, high, refused, line_low, line_high.

    Where it refuses, `refused` says why in a few words, and limits are NaN.
    """
    rows, checked = [], {}
    for case in cases:
        if case.curve not in checked:
            checked[case.curve] = (data_plan.passes(case.pilot), drift.forecast(case.pilot))
        good, forecast = checked[case.curve]
        ratings = forecast.ratings(case.target)
        found = data_plan.needed(ratings)
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


# ---------------------------------------------------------------- synthetic curves


@dataclass(frozen=True)
class _Drawn:
    """A curve: its mean above the floor by n, and how a pilot sees it.

    `floor` None: the error is a risk. Else it is the floor, to be fitted; `share`: where it is that
    share of the error at the largest size of the pilot. `split`: replicates are splits of one data
    set, whose means are the same, not random targets.
    """

    mean: Callable[[np.ndarray], np.ndarray]
    floor: float | None = None
    share: float | None = None
    split: bool = False
    sizes: np.ndarray = field(default_factory=lambda: SIZES[:PILOT_SIZES])


def synthetic(curves_each: int, seed: int = 0) -> Iterator[Case]:
    """Cases of every kind of synthetic curve, as many curves of each."""
    for kind, draw in _KINDS.items():
        for index in range(curves_each):
            rng = generator(seed, {"kind": kind}, "backtest", index)
            drawn = draw(rng)
            yield _case(kind, f"{kind} {index}", drawn, rng)


def _case(kind: str, name: str, drawn: _Drawn, rng: np.random.Generator) -> Case:
    n, largest = drawn.sizes, float(drawn.sizes[-1])
    replicates = int(rng.choice(_SPLITS if drawn.split else _TARGETS))
    mean = drawn.mean(n)
    risk = np.tile(mean, (replicates, 1))
    if not drawn.split:
        whole, _ = noisy(drawn.mean(SIZES), SIZES, replicates, rng)
        risk = whole[:, :PILOT_SIZES]
    true = largest * float(np.exp(rng.uniform(*np.log(ASKED))))
    target = float(drawn.mean(np.array([true]))[0])
    if drawn.floor is None and drawn.share is None:
        return Case(kind, name, Pilot(n, risk), target, true)
    floor = drawn.floor
    if drawn.share is not None:
        floor = float(mean[-1]) * drawn.share / (1.0 - drawn.share)
    tested_sd, single_sd = (
        (_SPLIT_SD, _SPLIT_SINGLE_SD) if drawn.split else (_TESTED_SD, _SINGLE_SD)
    )
    tested = tested_sd * rng.standard_normal((replicates, 1))
    single = single_sd * rng.standard_normal((replicates, n.size))
    error = (floor + risk) * (1 + tested + single)
    return Case(kind, name, Pilot(n, error, floor=None), floor + target, true)


def _cell(rng: np.random.Generator, **settings) -> Callable[[np.ndarray], np.ndarray]:
    """The finite-n prediction of a cell with smoothness and dimensions drawn."""
    row = SETTING | {"smoothness": float(rng.choice([0.5, 0.75, 1.0, 1.5, 2.0, 3.0]))}
    dims = rng.choice([1, 1, 2, 3], size=2)
    row |= {"user_intrinsic_dim": int(dims[0]), "item_intrinsic_dim": int(dims[1])}
    row |= {"ambient_dim": int(dims.max())} | settings
    return lambda n: predictions.predicted_risks(row, n)


def _planted(rng: np.random.Generator, bend: Callable) -> Callable[[np.ndarray], np.ndarray]:
    """A power law times a shape."""
    level, slope = float(rng.uniform(0.1, 0.6)), float(rng.uniform(-0.9, -0.3))
    return lambda n: level * (n / SIZES[0]) ** slope * bend(n / SIZES[0])


def _fresh(rng):
    return _Drawn(_cell(rng, noise_sd=float(rng.choice([0.5, 1.0, 2.0]))))


def _fixed_users(rng):
    catalogue = int(rng.choice([32, 64, 128, 256]))
    return _Drawn(_cell(rng, sampling="fixed_users", catalogue=catalogue))


def _popularity(rng):
    return _Drawn(_cell(rng, sampling="popularity", catalogue=int(rng.choice([64, 256, 1024]))))


def _power_law(rng):
    return _Drawn(_planted(rng, lambda ratio: np.ones_like(ratio)))


def _flattening(rng):
    """Slopes grow by 0.05 in each doubling, as the median published curve of erm does."""
    return _Drawn(_planted(rng, lambda ratio: np.exp(0.025 * np.log(2) * np.log2(ratio) ** 2)))


def _logarithms(rng):
    return _Drawn(_planted(rng, lambda ratio: (np.log(ratio * SIZES[0]) / math.log(SIZES[0])) ** 2))


def _noise_floor(rng):
    """Ratings as noisy as their signal: the mse of an ordinary cell."""
    return _Drawn(_cell(rng), floor=1.0)


def _low_floor(rng):
    """A quarter of that noise, as variances go."""
    return _Drawn(_cell(rng, noise_sd=0.5), floor=0.25)


def _bending(way: int, **settings) -> Callable[[np.random.Generator], _Drawn]:
    """Curves whose slope changes by 5 to 20% of itself in each doubling, steadily.

    Args:
        way: 1 steepens, −1 flattens.
        settings: of `_Drawn`; a `share` is the largest one.
    """

    def draw(rng: np.random.Generator) -> _Drawn:
        steps = settings.get("sizes", SIZES)
        first = -rng.uniform(0.1, 0.5) if way > 0 else -rng.uniform(0.3, 0.9)
        rate = math.log1p(way * rng.uniform(0.05, 0.2))
        level = rng.uniform(0.1, 0.6)

        def mean(n: np.ndarray) -> np.ndarray:
            return level * np.exp(
                math.log(2) * first * np.expm1(rate * np.log2(n / steps[0])) / rate
            )

        kept = dict(settings)
        if "share" in kept:
            kept["share"] = float(rng.uniform(0.0, kept["share"]))
        return _Drawn(mean, **kept)

    return draw


_SPLIT = {"share": 0.6, "split": True}
_CLOSE = _SPLIT | {"sizes": np.round(20_000 * 1.2 ** np.arange(6)).astype(int)}
_KINDS = {
    "fresh pairs": _fresh,
    "fixed users": _fixed_users,
    "popular items": _popularity,
    "power law": _power_law,
    "flattening by 0.05 a doubling": _flattening,
    "power law times (log n)²": _logarithms,
    "steepening": _bending(1),
    "flattening": _bending(-1),
    "mse, floor 1 fitted": _noise_floor,
    "mse, floor 1/4 fitted": _low_floor,
    "steepening, floor fitted": _bending(1, **_SPLIT),
    "flattening, floor fitted": _bending(-1, **_SPLIT),
    "steepening, sizes 1.2 apart, floor fitted": _bending(1, **_CLOSE),
    "flattening, sizes 1.2 apart, floor fitted": _bending(-1, **_CLOSE),
}


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
        if pilot.n[-1] < size <= drift.REACH * pilot.n[-1]:
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
    half = half_width(found, len(excess), data_plan.CONFIDENCE)
    return tuple(math.exp(min(end, 700.0)) for end in (middle - half, middle + half))


def _crossing(log_n: np.ndarray, risk: np.ndarray, target: float) -> np.ndarray:
    """log n at which the line reaches the target, shape [...]."""
    weights = smoothed_weights(log_n, risk)
    log_mean = np.log(risk.mean(axis=-2))
    slope = least_squares_slope(log_n, log_mean, weights)
    level = (weights * (log_mean - slope[..., None] * log_n)).sum(axis=-1)
    return (math.log(target) - level) / slope
