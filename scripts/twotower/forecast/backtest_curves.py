"""Synthetic learning curves for the planner's back-test, with pilots cut off them.

Means are the project's finite-n predictions, or planted shapes. Replicates are random targets,
scattered around the means as in pilot trials (`planted.noisy`), or splits of one data set. Curves
that steepen and that flatten steadily stand in equal parts, without a floor and with one to be
fitted, with sizes that double and with sizes closer together.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from twotower.base.seeds import generator
from twotower.forecast.drifting_curve import Pilot
from twotower.predictions import ensemble
from twotower.rates.planted_curves import SETTING, noisy

SIZES = 2 ** np.arange(8, 17)
PILOT_SIZES = 5
ASKED = (1.3, 8.0)
"""True number of ratings over the largest size of the pilot, drawn log-uniformly."""
_TESTED_SD = 0.004  # of an mse, relative: the same test ratings at each size of a replicate
_SINGLE_SD = 0.002  # … and what single sizes add
_SPLIT_SD, _SPLIT_SINGLE_SD = 0.01, 0.005  # of an error over splits of one data set, relative
_TARGETS, _SPLITS = (5, 8, 12), (5, 10, 20)  # numbers of replicates, drawn


@dataclass(frozen=True)
class Case:
    """One question whose answer is known: the ratings for `target`, and after which pilot."""

    kind: str
    curve: str
    pilot: Pilot
    target: float
    true: float


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


def synthetic(curves_each: int, seed: int = 0, kinds: Iterable[str] = ()) -> Iterator[Case]:
    """Cases of the kinds of synthetic curve that are named, or of all; as many curves of each."""
    for kind in kinds or _KINDS:
        for index in range(curves_each):
            rng = generator(seed, {"kind": kind}, "backtest", index)
            drawn = _KINDS[kind](rng)
            yield _case(kind, f"{kind} {index}", drawn, rng)


def _case(kind: str, name: str, drawn: _Drawn, rng: np.random.Generator) -> Case:
    n, largest = drawn.sizes, float(drawn.sizes[-1])
    replicates = int(rng.choice(_SPLITS if drawn.split else _TARGETS))
    mean = drawn.mean(n)
    risk = np.tile(mean, (replicates, 1))
    if not drawn.split:
        whole, *_ = noisy(drawn.mean(SIZES), SIZES, replicates, rng)
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
    return lambda n: ensemble.predicted_risks(row, n)


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
