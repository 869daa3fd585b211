"""The constants of towers' widths, chosen by the predicted risk alone: no pilot run, no result.

For each shape of target in a study the width is the one whose predicted risk (`minimizer`), mean
over targets of seed `SEED`, is smallest at the geometric middle n₀ of the upper half of the sample
sizes. Its constant is W/n₀^exponent; where the exponent is 0 the width is fixed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from twotower.data.targets import TOWERS, draw_target
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets.minimizer import due
from twotower.predictions.targets.projection import Projector
from twotower.study import grid
from twotower.study.schema import Study
from twotower.study.settings import SHAPE_KEYS, Settings, data_settings, spelled_out
from twotower.theory import width
from twotower.theory.bound import Theory

SEED = 1
"""Of the targets; no study whose results count has it."""
TARGETS = 4
_STEPS = 4  # widths to the octave
_SMALLEST, _LARGEST = 4, 1024
_RISE = 1.1
_IGNORED = ("ambient_dim", "support", "noise", "rating_scale", "sampling", "catalogue")
_IGNORED += ("ratings_each", "control", *SHAPE_KEYS)


@dataclass(frozen=True)
class Shape:
    """Cells of a study that want one width.

    Attributes:
        where: settings in which they differ from the study's defaults.
        cell: settings of one of them (`Cell.spec`), whose support is not bent.
        sizes: all numbers of ratings that they are run at, growing.
    """

    where: dict
    cell: dict
    sizes: tuple[int, ...]


def shapes(study: Study) -> list[Shape]:
    """Every shape of a study whose experiments leave the width to it.

    The ambient dimension, the noise's law and the design do not count, and the depth is the
    default one. Shapes that differ in more settings come later, as overrides want it.
    """
    found: dict[str, tuple[dict, set[int]]] = {}
    for experiment in study.experiments.values():
        for values in grid.combinations(experiment):
            if "width" not in values:
                where = _differing(study.defaults, values)
                _, sizes = found.setdefault(_key(where), (where, set()))
                sizes.update(experiment.sample_sizes or study.sample_sizes)
    ordered = sorted(found.values(), key=lambda each: len(each[0]))
    return [
        # towers may change places: both get the same width
        Shape(_short(where), _cell(study.defaults, min(where, _mirrored(where), key=_key)), sizes)
        for where, sizes in ((where, tuple(sorted(each))) for where, each in ordered)
    ]


def choices(study: Study) -> Iterator[str]:
    """A line of YAML for each shape: its override, or the default where nothing differs."""
    known: dict[str, dict] = {}
    for shape in shapes(study):
        key = repr((shape.cell, shape.sizes))
        if key not in known:
            known[key] = chosen(shape.cell, shape.sizes)
        width_ = _flow(known[key])
        if shape.where:
            yield f"  - {{where: {_flow(shape.where)}, set: {{width: {width_}}}}}"
        else:
            yield f"  width: {width_}  # under defaults"


def chosen(cell: dict, sizes: Sequence[int]) -> dict:
    """The width setting for a cell: its own schedule, with the best constant.

    Args:
        cell: settings (`Cell.spec`); of its width only the schedule counts.
        sizes: numbers of ratings, growing.
    """
    n = math.exp(np.log(sizes[len(sizes) // 2 :]).mean())
    best = best_width(cell, round(n))
    schedule = cell["width"]["schedule"]
    power = 0.0 if schedule == width.FIXED else width.exponent(Theory.of(cell), schedule)
    if power == 0.0:
        return {"schedule": width.FIXED, "units": round(best)}
    return {"schedule": schedule, "constant": float(f"{best / n**power:.2g}")}


def best_width(cell: dict, n: int) -> float:
    """Units with the smallest mean predicted risk at n ratings, between widths that are tried, four
    to the octave.

    Args:
        cell: settings (`Cell.spec`), of which the width does not count.
        n: number of ratings.
    """
    cell = {key: value for key, value in cell.items() if key != "width"}
    data = data_settings(cell)
    law = RatingLaw(1.0, float(cell["noise_sd"]) ** 2)
    targets = [draw_target(SEED, data, replicate) for replicate in range(TARGETS)]
    projectors = [
        [Projector(SEED, cell, target, tower, replicate) for tower in TOWERS]
        for replicate, target in enumerate(targets)
    ]
    known: dict[int, float] = {}

    def risk(step: int) -> float:
        if step not in known:
            units = round(_SMALLEST * 2 ** (step / _STEPS))
            risks = [due(pair, cell, [n], [units], law).risk[0] for pair in projectors]
            known[step] = math.inf if np.isnan(risks).any() else float(np.mean(risks))
        return known[step]

    last = int(_STEPS * math.log2(_LARGEST / _SMALLEST))
    for step in range(0, last + 1, _STEPS):  # by octaves, until it clearly rises
        if risk(step) > _RISE * min(known.values()):
            break
    middle = min(known, key=risk)
    for _ in range(2):  # a finer minimum may stand at the edge of what was tried
        for step in range(max(0, middle - 2), min(last, middle + 2) + 1):
            risk(step)
        middle = min(known, key=risk)
    steps = np.arange(max(0, middle - 2), min(last, middle + 2) + 1)
    return _SMALLEST * 2 ** (_lowest(steps, [risk(step) for step in steps]) / _STEPS)


def _lowest(steps: np.ndarray, risks: list[float]) -> float:
    """Where a parabola through the logarithms is lowest, within the steps."""
    kept = np.isfinite(risks)
    curvature = 0.0
    if kept.sum() >= 3:
        curvature, tilt, _ = np.polyfit(steps[kept], np.log(np.array(risks)[kept]), 2)
    if not curvature > 0:
        return float(steps[np.argmin(risks)])
    return float(np.clip(-tilt / (2.0 * curvature), steps[0], steps[-1]))


def _key(where: dict) -> str:
    return repr(sorted(where.items()))


def _differing(defaults: Settings, values: dict) -> dict:
    plain = spelled_out(defaults)
    return {
        key: value
        for key, value in spelled_out(values).items()
        if key not in _IGNORED and value != plain[key]
    }


def _mirrored(where: dict) -> dict:
    """With users in place of items."""
    other = {"user": "item", "item": "user"}

    def swapped(key: str) -> str:
        side, line, rest = key.partition("_")
        return other.get(side, side) + line + rest

    return {swapped(key): value for key, value in where.items()}


def _cell(defaults: Settings, where: dict) -> dict:
    """Settings of a cell of this shape whose support is not bent."""
    free = {"ambient_dim": None, "support": "graph", "sampling": "fresh", "control": "none"}
    if where.get("off_manifold_noise") is not None:  # a slab is thick in one further dimension
        free["ambient_dim"] = (spelled_out(defaults) | where)["user_intrinsic_dim"] + 1
    return grid.resolve(defaults, where | free)


def _short(where: dict) -> dict:
    """With the shorthand for two intrinsic dimensions that are the same."""
    sides = [f"{tower}_intrinsic_dim" for tower in TOWERS]
    if all(side in where for side in sides) and len({where[side] for side in sides}) == 1:
        rest = {key: value for key, value in where.items() if key not in sides}
        return {"intrinsic_dim": where[sides[0]]} | rest
    return where


def _flow(settings: dict) -> str:
    """A mapping on one line of YAML."""
    words = {math.inf: ".inf", None: "null"}
    told = (f"{key}: {words.get(value, value)}" for key, value in settings.items())
    return "{" + ", ".join(told) + "}"
