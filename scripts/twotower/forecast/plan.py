"""How many ratings a wanted error needs, and what the next ones are worth.

The answer is read off the draws of `drifting_curve.forecast`. All errors shown are in the unit of
the file. It is refused, with one message, where

1. the values of a pilot rise with the ratings, as those of a score do;
2. the fit fails its check, and the wanted error is not reached within the sizes measured, where it
   is interpolated between them; the mean error at the largest size lies outside the 95% interval
   forecast from the others (as those of 6% of the synthetic curves without a floor do in the
   back-test);
3. the curve does not surely fall at its end: less than 90% of the draws do;
4. the error wanted is reached at the smallest size already: nothing is to be extrapolated;
5. half of the draws or more have a floor that is not below it;
6. half of the draws or more need over ten times the largest number of ratings that was measured.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from twotower.base.errors import ExpectedError
from twotower.forecast import drifting_curve, marginal
from twotower.forecast.drifting_curve import REACH, Forecast, Pilot
from twotower.forecast.intervals import CONFIDENCE, Interval, interval, needed, shown
from twotower.forecast.pilot_files.source import Source
from twotower.theory import width
from twotower.theory.bound import Theory

CHECKED = 0.95
"""Of the interval that the largest size must lie in."""
FURTHER = 1000
"""Further ratings whose marginal value is given."""
_FALLING = 0.9  # of the draws, at the end of the pilot
_RISING, _STEPS_UP = 0.9, 0.75  # of the replicates, and of the steps of their mean
_FAR = 1e4  # times the pilot, to say how large the next one must be; never shown as an answer


class PlanRefused(ExpectedError):  # noqa: N818 - shown to people: the plan was refused
    """No honest answer can be given; the message says why, and what to measure next.

    `short` says it in a few words, for a table of many curves.
    """

    def __init__(self, source: Source, short: str, text: str) -> None:
        super().__init__(f"{source.title}: {text}")
        self.short = short


@dataclass(frozen=True)
class DataBudget:
    """The answer.

    Attributes:
        source, target: what was asked; the target in the pilot's unit, squared for a root.
        forecast: draws of the curve.
        ratings: number of ratings for the target.
        limit: no number of ratings beyond it is told.
        due: interval at the largest size from the others, in the unit of the file.
        checked: whether the fit passed its check; if not, the answer is interpolated between the
            sizes measured, and `slope` to `floor` and `growth` are None.
        present: the number of ratings that the marginal values are for.
        slope: of log excess (squared, for a root) on log n at the end of the pilot.
        first_slope: the same at its beginning.
        steepens: share of the draws in which the curve is steeper at the end.
        floor: in the unit of the file; None where it is not fitted.
        without_floor: ratings for the target if the error could fall to 0; None where no floor is
            fitted.
        value: fall of the error by `FURTHER` ratings at `present`; None beyond what is told.
        shares: values of a user, an item and a rating, or why they cannot be told apart.
        units, depth: of the towers at `ratings.middle`, None where it is not known.
        growth: factor by which the theorem's schedule widens the towers from the largest size.
    """

    source: Source
    target: float
    forecast: Forecast
    ratings: Interval
    limit: float
    due: tuple[float, float]
    checked: bool
    present: float
    slope: Interval | None
    first_slope: Interval | None
    steepens: float | None
    floor: Interval | None
    without_floor: Interval | None
    value: Interval | None
    shares: marginal.Values
    units: int | None
    depth: int | None
    growth: Interval | None


def plan(source: Source, target: float, at: float | None = None) -> DataBudget:
    """The plan for a target; `at` is the present number of ratings, by default the largest one.

    Raises:
        PlanRefused: for the reasons in the module's docstring.
    """
    pilot = source.pilot
    largest = float(pilot.n[-1])
    present = largest if at is None else float(at)
    if not pilot.n[0] <= present <= REACH * largest:
        raise PlanRefused(
            source,
            "present size out of reach",
            f"{present:,.0f} ratings at present; allowed: {pilot.n[0]:,}, the smallest size, to "
            f"{REACH * largest:,.0f}, ten times the largest one",
        )
    if not source.settings and _rises(pilot):
        raise PlanRefused(source, "does not fall", _rising(source))
    if target >= pilot.mean[0]:
        raise PlanRefused(
            source,
            "reached at the smallest size",
            f"the wanted error {source.shown(target):.4g} is reached with {pilot.n[0]:,} ratings, "
            f"the smallest size; allowed: below {source.shown(pilot.mean[0]):.4g}",
        )
    low, high = drifting_curve.held_out_interval(pilot, CHECKED)
    due = float(source.shown(low)), float(source.shown(high))
    if not low <= pilot.mean[-1] <= high:
        return _interpolated(source, target, present, due)
    found = drifting_curve.forecast(pilot)
    end = found.slope_at(largest)
    slope = interval(end)
    if (end < 0).mean() < _FALLING:
        raise PlanRefused(
            source,
            "does not surely fall",
            f"the error does not surely fall at {largest:,.0f} ratings: its slope there is "
            f"{shown(slope)}; measure more replicates, and {2 * largest:,.0f} ratings",
        )
    _check_target(source, target, found)
    ratings = found.ratings(target)
    if np.median(ratings) == math.inf:
        text = _out_of_reach(source, target, found, slope)
        raise PlanRefused(source, "beyond ten times the data", text)
    answer = needed(ratings)
    units, depth = _towers(source, round(answer.middle))
    begin = found.slope_at(float(pilot.n[0]))
    bare = partial(drifting_curve.forecast, replace(pilot, floor=0.0))
    return DataBudget(
        source=source,
        target=target,
        forecast=found,
        ratings=answer,
        limit=REACH * largest,
        due=due,
        checked=True,
        present=present,
        slope=slope,
        first_slope=interval(begin),
        steepens=float((end < begin).mean()),
        floor=interval(source.shown(found.floor)) if pilot.floor is None else None,
        without_floor=None if pilot.floor is not None else needed(bare().ratings(target)),
        value=_value(source, found, present) if present + FURTHER <= REACH * largest else None,
        shares=marginal.values(source, present, CONFIDENCE),
        units=units,
        depth=depth,
        growth=interval((answer.middle / largest) ** (1.0 + np.clip(end, -1.0, 0.0))),
    )


def _interpolated(source: Source, target: float, present: float, due: tuple) -> DataBudget:
    """The plan between sizes that were measured, where the fit is not to be trusted."""
    pilot = source.pilot
    found = drifting_curve.between(pilot)
    ratings = found.ratings(target)
    if target < pilot.mean.min() or np.median(ratings) == math.inf:
        raise PlanRefused(source, "fails its check", _failed(source, due))
    answer = needed(ratings)
    units, depth = _towers(source, round(answer.middle))
    told = present + FURTHER <= pilot.n[-1]
    return DataBudget(
        source=source,
        target=target,
        forecast=found,
        ratings=answer,
        limit=float(pilot.n[-1]),
        due=due,
        checked=False,
        present=present,
        slope=None,
        first_slope=None,
        steepens=None,
        floor=None,
        without_floor=None,
        value=_value(source, found, present) if told else None,
        shares=marginal.Values({}, ""),
        units=units,
        depth=depth,
        growth=None,
    )


def _value(source: Source, found: Forecast, present: float) -> Interval:
    before, after = (found.error_at(n) for n in (present, present + FURTHER))
    return interval(source.shown(before) - source.shown(after))


def passes(pilot: Pilot) -> bool:
    """Whether the largest size lies where the others say."""
    low, high = drifting_curve.held_out_interval(pilot, CHECKED)
    return bool(low <= pilot.mean[-1] <= high)


# ---------------------------------------------------------------- refusals


def _rises(pilot: Pilot) -> bool:
    """Whether nearly all replicates end above their beginning, and most steps of the mean go up."""
    ends = pilot.error[:, -1] > pilot.error[:, 0]
    return bool(ends.mean() >= _RISING and (np.diff(pilot.mean) > 0).mean() >= _STEPS_UP)


def _rising(source: Source) -> str:
    pilot = source.pilot
    first, last = (f"{source.shown(pilot.mean[at]):.4g}" for at in (0, -1))
    return (
        f"the values rise with the ratings, from {first} at {pilot.n[0]:,} to {last} at "
        f"{pilot.n[-1]:,}; allowed: errors on test ratings, which fall; if it is a score of "
        "which more is better (accuracy, R², NDCG), write 1 minus the score in its place, and want "
        "1 minus that score; if it is the error on the training ratings, take that on test ratings"
    )


def _failed(source: Source, due: tuple[float, float]) -> str:
    pilot, least = source.pilot, source.shown(source.pilot.mean.min())
    remedies = [f"measure {2 * pilot.n[-1]:,} too, and a size between the two last ones"]
    remedies += ["give the floor (FLOOR=none, or its value)"] if pilot.floor is None else []
    remedies += [f"plan for another ({', '.join(source.others[:4])})"] if source.others else []
    return (
        f"the fit fails its check; nothing is extrapolated: from the sizes to {pilot.n[-2]:,} "
        f"an error of {due[0]:.3g} to {due[1]:.3g} was due at {pilot.n[-1]:,} ratings, and "
        f"{source.shown(pilot.mean[-1]):.3g} was measured; the curve bends there. You can: "
        f"{'; '.join(remedies)}; or ask for an error above {least:.4g}, which is interpolated"
    )


def _check_target(source: Source, target: float, found: Forecast) -> None:
    pilot, wanted = source.pilot, float(source.shown(target))
    above = float((found.floor >= target).mean())
    if above < 0.5:
        return
    if pilot.floor is not None:
        floor = float(source.shown(pilot.floor))
        text = f"the wanted error {wanted:.4g} is not above the floor {floor:g}, which no number"
        raise PlanRefused(source, "below the floor", f"{text} of ratings passes")
    floor = interval(source.shown(found.floor))
    raise PlanRefused(
        source,
        "below the floor",
        f"the wanted error {wanted:.4g} is below the floor, the error that no number of ratings "
        f"removes: {shown(floor)} (80% interval). In {above:.0%} of the curves that fit the pilot "
        f"the floor is {wanted:.4g} or more. Ask for more than {floor.high:.4g}, or give the floor "
        f"if you know it (FLOOR=). A pilot of {4 * pilot.n[-1]:,} ratings would tell it better",
    )


def _out_of_reach(source: Source, target: float, found: Forecast, slope: Interval) -> str:
    pilot = source.pilot
    largest = int(pilot.n[-1])
    beyond = float(np.isinf(found.ratings(target)).mean())
    reached = source.shown(np.median(found.error[:, -1]))
    far = float(np.median(drifting_curve.forecast(pilot, reach=_FAR).ratings(target)))
    sized = _round_up(4 * largest if math.isinf(far) else max(far / REACH, 2.0 * largest))
    wanted = float(source.shown(target))
    return (
        f"the wanted error {wanted:.4g} needs more than {REACH * largest:,.0f} ratings in "
        f"{beyond:.0%} of the draws: that is ten times the largest size, {largest:,}, and beyond "
        f"it nothing is extrapolated. There an error of about {reached:.3g} is due; the slope is "
        f"{shown(slope)}. Needed next: a pilot to about {sized:,} ratings"
        + (", which may tell whether the error is reached at all" if math.isinf(far) else "")
    )


def _round_up(n: float) -> int:
    """To two digits."""
    unit = 10 ** max(math.floor(math.log10(n)) - 1, 0)
    return math.ceil(n / unit) * unit


# ---------------------------------------------------------------- towers


def _towers(source: Source, n: int) -> tuple[int | None, int | None]:
    """Units of a hidden layer at n ratings, and hidden layers, by the study's own schedule."""
    settings = source.settings
    if source.widths is None or not settings:
        return None, None
    depth = int(settings["depth"])
    if settings["schedule"] == "fixed":
        return int(source.widths[-1]), depth
    rule = {"schedule": settings["schedule"], "constant": float(settings["width_constant"])}
    return width.units(rule, Theory.of(settings), n), depth
