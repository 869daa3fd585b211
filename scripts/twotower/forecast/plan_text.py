"""A plan as text and as a record, and many of them as a table."""

import json
import math

import numpy as np
from scipy.special import ndtri

from twotower.forecast.intervals import CONFIDENCE, Interval, shown
from twotower.forecast.pilot_files.source import Source
from twotower.forecast.plan import CHECKED, FURTHER, DataBudget, PlanRefused, plan

_SQUARED = " (of the squared error above its floor)"
_UNSURE = 0.1  # share of draws that bend the other way
_SPREAD = float(ndtri(0.5 + CONFIDENCE / 2))


def text(made: DataBudget) -> str:
    """The answer as lines for a terminal."""
    pilot = made.source.pilot
    replicates, largest = len(pilot.error), int(pilot.n[-1])
    rows = [
        ("wanted", _wanted(made)),
        ("ratings", f"{_ratings(made.ratings, made.limit)}, {made.ratings.middle / largest:.2g} "
         f"times the largest size of the pilot"),
        *([("towers", _towers(made))] if made.units or made.growth else []),
        (f"{FURTHER:,} more", _further(made)),
        *[(f"1 more {name}", f"lowers it by {_small(Interval(*value))}")
          for name, value in made.shares.each.items()],
        *([("users, items", made.shares.remark)] if made.shares.remark else []),
        *([("slope", f"{shown(made.slope)} at {largest:,} ratings{_SQUARED * made.source.rooted}")]
          if made.slope else []),
        *([("bend", _bend(made))] if made.slope else []),
        *([("floor", f"{shown(made.floor)}, fitted"), ("if no floor", _bare(made))]
          if made.floor else []),
        *([("one target", _single(made))] if pilot.carried_on and made.slope else []),
        ("check", _check(made)),
    ]  # fmt: skip
    head = f"{made.source.title}: {pilot.n[0]:,} to {largest:,} ratings, {replicates} replicates"
    return "\n".join([head, *(f"  {name:<13} {said}" for name, said in rows)])


def _further(made: DataBudget) -> str:
    if made.value is None:
        last = made.limit - FURTHER
        return f"not given beyond the sizes measured; allowed: AT={last:.0f} or less"
    return f"at {made.present:,.0f} ratings lower the error by {_small(made.value)}"


def _bare(made: DataBudget) -> str:
    """The answer if the error could fall to 0: how much it hangs on the floor."""
    if math.isinf(made.without_floor.middle):
        return f"more than {made.limit:,.0f}, had the error no floor and could fall to 0"
    return f"{_ratings(made.without_floor, made.limit)}, had the error no floor and could fall to 0"


def _bend(made: DataBudget) -> str:
    """Whether the curve surely steepens or flattens over the sizes measured."""
    first = f"the slope was {shown(made.first_slope)} at the smallest size"
    if _UNSURE < made.steepens < 1.0 - _UNSURE:
        return f"the data do not show which way: {first}; the interval covers both ways"
    way = "steepens" if made.steepens > 0.5 else "flattens"
    return f"the curve {way}: {first}; the interval covers that this goes on, or ends"


def _check(made: DataBudget) -> str:
    pilot = made.source.pilot
    said = (
        f"{made.due[0]:.3g} to {made.due[1]:.3g} due at {pilot.n[-1]:,} ratings from the smaller "
        f"sizes ({CHECKED:.0%} interval), {made.source.shown(pilot.mean[-1]):.3g} measured"
    )
    if made.checked:
        return f"passed: {said}"
    between = "the answer is interpolated between measured sizes, and nothing is extrapolated"
    return f"failed: {said}; {between}"


def record(made: DataBudget) -> str:
    """The answer as JSON; an end of an interval that is out of reach is null."""
    pilot = made.source.pilot
    content = {
        "title": made.source.title,
        "error": made.source.unit,
        "target": float(f"{made.source.shown(made.target):.6g}"),
        "confidence": CONFIDENCE,
        "n_ratings": _entry(made.ratings),
        "largest_measured": int(pilot.n[-1]),
        "largest_answered": int(made.limit),
        "check_passed": made.checked,
        "width": made.units,
        "depth": made.depth,
        "width_factor": _entry(made.growth) if made.growth else None,
        "present": made.present,
        "further_ratings": FURTHER,
        "value_of_further_ratings": _entry(made.value) if made.value else None,
        "value_of_one": {k: _entry(Interval(*v)) for k, v in made.shares.each.items()},
        "not_told_apart": made.shares.remark,
        "slope": _entry(made.slope) if made.slope else None,
        "first_slope": _entry(made.first_slope) if made.first_slope else None,
        "share_of_draws_that_steepen": made.steepens,
        "floor": _entry(made.floor) if made.floor else _given_floor(made),
        "floor_fitted": made.floor is not None,
        "n_ratings_without_floor": _entry(made.without_floor) if made.without_floor else None,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def table(sources: list[Source], target: float) -> tuple[str, int]:
    """One line for each curve and how to choose one, and the number of curves with an answer."""
    lines, answered = [], 0
    for source in sources:
        try:
            made = plan(source, source.squared(target))
            said, answered = _ratings(made.ratings, made.limit), answered + 1
            said += "" if made.checked else ", interpolated"
        except PlanRefused as refused:
            said = f"refused: {refused.short}"
        lines.append((source.key, source.title, f"{source.pilot.n[-1]:,}", said))
    head = ("curve", "what it is", "measured to", f"ratings for {target:g}")
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    padded = [
        "  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    ]
    studies = any(source.settings for source in sources)
    hint = "--cell ID (make: CELL=ID)" if studies else "name its file alone"
    choice = f"\nChoose one for its width, values and figure: {hint}."
    return "\n".join([*padded, choice]), answered


def _ratings(found: Interval, limit: float) -> str:
    high = f"beyond {limit:,.0f}" if math.isinf(found.high) else f"{_digits(found.high):,}"
    return f"{_digits(found.middle):,} ({CONFIDENCE:.0%} interval {_digits(found.low):,} to {high})"


def _wanted(made: DataBudget) -> str:
    return f"{made.source.unit}: {made.source.shown(made.target):.4g}"


def _given_floor(made: DataBudget) -> float | None:
    floor = made.source.pilot.floor
    return None if floor is None else float(made.source.shown(floor))


def _towers(made: DataBudget) -> str:
    if made.units is not None:
        schedule = made.source.settings["schedule"]
        layers = "layer" if made.depth == 1 else "layers"
        towers = f"{made.units} units wide, {made.depth} hidden {layers}"
        return f"{towers} (the study's schedule: {schedule})"
    return (
        f"hidden layers {shown(made.growth)} times as wide as at the largest size, depth unchanged "
        "(the theorem's schedule at this slope)"
    )


def _single(made: DataBudget) -> str:
    """How far one target alone is from the mean of all, in ratings."""
    logs = np.log(made.source.pilot.error[:, -1])
    factor = math.exp(_SPREAD * float(logs.std(ddof=1)) / max(abs(made.slope.middle), 0.05))
    return (
        f"needs {1 / factor:.2g} to {factor:.2g} times as many as the mean of all "
        f"(spread of {len(logs)} targets at the largest size)"
    )


def _small(found: Interval) -> str:
    return f"{found.middle:.2g} ({found.low:.2g} to {found.high:.2g})".replace("-", "−")


def _digits(n: float) -> int:
    """To three digits: more would be read as exactness."""
    unit = 10 ** max(math.floor(math.log10(n)) - 2, 0)
    return round(n / unit) * unit


def _entry(found: Interval) -> dict:
    return {
        name: None if math.isinf(value) else float(f"{value:.6g}")
        for name, value in vars(found).items()
    }
