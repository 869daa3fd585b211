"""Faults of a study that no single key shows: impossible or repeated cells, or too many cells."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from twotower.base.identity import canonical_json
from twotower.base.values import complaint, shown
from twotower.data import sampling
from twotower.data.groups import TOWERS
from twotower.study import analyses
from twotower.study import arms as names
from twotower.study.experiments import Experiment, Override
from twotower.study.grid import combinations, has_grid, resolve
from twotower.study.schema import Study
from twotower.study.settings import Settings
from twotower.theory import spectrum

MOST_CELLS = 5000
"""Most cells of a study, counted before any cell is built; Snakemake stalls far beyond it."""

MOST_TRAININGS = 100_000
"""Most training jobs of a study: twenty blocks of replicates in each of the most cells."""

RULES = frozenset(
    ["all", "index", "generate_data", "generate_test_pairs", "train", "fit_joint", "fit_reference"]
    + ["fit_comparator", "evaluate", "check_fitter", "fit_rates", "combine_rates", "rank"]
    + ["draw_experiment", "draw_figure", "claims", "tables", "predict", "predictions", "diagnose"]
    + ["best_components", "list_components", "split_regret"]
)
"""The workflow's own rules, beside those of analyses and of real ratings. An experiment cannot have
their names, nor those of analyses: each experiment is a rule as well."""


def conflicts(
    defaults: Settings,
    experiments: Mapping[str, Experiment],
    overrides: Sequence[Override] = (),
    arms: Collection[str] | None = None,
) -> list[str]:
    """Messages about what no single key shows: too many, impossible or repeated cells.

    Args:
        arms: names of the study's arms; None if they are not known.

    Returns:
        One line for each fault; it begins with the path of the key to change.
    """
    total = sum(_count(experiment) for experiment in experiments.values())
    if total > MOST_CELLS:
        found = f"the lists under vary make {shown(total)} cells"
        return ["experiments: " + complaint(found, f"at most {MOST_CELLS:,} in all")]
    messages: dict[str, None] = {}  # a dict for its order: each message once
    if experiments and all(experiment.axis == "units" for experiment in experiments.values()):
        found = "every experiment has axis units"
        hint = "the ledger of claims is about rates in the number of ratings"
        messages["experiments: " + complaint(found, "at least one with axis ratings", hint)] = None
    for name, experiment in experiments.items():
        messages |= dict.fromkeys(_name_and_arm_faults(name, experiment, arms))
        repeats = list(_repeated_values(name, experiment))
        faults = repeats or _cell_faults(defaults, name, experiment, overrides, arms or ())
        messages |= dict.fromkeys(faults)
    messages |= dict.fromkeys(_arm_faults(defaults, experiments, overrides, arms or ()))
    return list(messages)


def trainings_fault(study: Study) -> list[str]:
    """The message about a study of too many training jobs, in a list; an empty list otherwise.

    Cells that stand in two experiments are counted twice: the bound is far from any real study.
    """
    jobs = len(study.blocks()) * sum(
        _count(experiment) * len(experiment.arms or study.arms)
        for experiment in study.experiments.values()
    )
    if jobs <= MOST_TRAININGS:
        return []
    found = f"{len(study.blocks()):,} blocks of replicates make {jobs:,} training jobs"
    hint = "more replicates_per_job make fewer of them"
    return ["replicates_per_job: " + complaint(found, f"at most {MOST_TRAININGS:,}", hint)]


def _name_and_arm_faults(
    name: str, experiment: Experiment, arms: Collection[str] | None
) -> Iterator[str]:
    if name in RULES | analyses.RESERVED or name.endswith("_table"):
        hint = "the workflow has a rule of this name"
        yield f"experiments.{name}: " + complaint("a reserved name", "another name", hint)
    if arms is None:
        return
    for index, arm in enumerate(experiment.arms or ()):
        if arm not in arms:
            found = f"{shown(arm)} is not one of the study's arms"
            yield f"experiments.{name}.arms[{index}]: " + complaint(found, ", ".join(arms))
    used = experiment.arms or tuple(arms)
    for arm in experiment.arm_settings.model_fields_set:
        if arm not in used:
            found = f"{arm} is not one of the experiment's arms"
            yield f"experiments.{name}.arm_settings: " + complaint(found, ", ".join(used))


def _arm_faults(
    defaults: Settings,
    experiments: Mapping[str, Experiment],
    overrides: Sequence[Override],
    arms: Collection[str],
) -> Iterator[str]:
    """Cells to which two experiments give an arm with different settings."""
    if not any(each.arm_settings.model_fields_set for each in experiments.values()):
        return
    known: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for name, experiment in experiments.items():
        for values in combinations(experiment):
            try:
                key = canonical_json(resolve(defaults, values, overrides))
            except ValueError:  # which has been said
                continue
            for arm in experiment.arms or arms:
                given = experiment.of_arm(arm)
                other, before = known.setdefault((key, arm), (name, given))
                if given != before:
                    found = f"a cell of {other} has other settings of {arm} there"
                    hint = "or leave it out of one of the two"
                    allowed = "the same settings in both"
                    yield f"experiments.{name}.arm_settings: " + complaint(found, allowed, hint)


def _count(experiment: Experiment) -> int:
    grid = math.prod(len(values) for values in experiment.lists().values())
    return len(experiment.also) + (grid if has_grid(experiment) else 0)


def _repeated_values(name: str, experiment: Experiment) -> Iterator[str]:
    for key, values in experiment.lists().items():
        for index, value in enumerate(values):
            if value in values[:index]:
                found = f"{shown(value)} repeats {key}[{values.index(value)}]"
                path = f"experiments.{name}.vary.{key}[{index}]"
                yield f"{path}: " + complaint(found, "each value once", "remove one of the two")


def _cell_faults(
    defaults: Settings,
    name: str,
    experiment: Experiment,
    overrides: Sequence[Override],
    arms: Collection[str],
) -> Iterator[str]:
    by_user = [arm for arm in names.BY_USER if arm in (experiment.arms or arms)]
    again = [design for design, towers in sampling.AGAIN.items() if "user" in towers]
    seen: dict[str, dict[str, Any]] = {}
    for values in combinations(experiment):
        try:
            spec = resolve(defaults, values, overrides)
        except ValueError as error:
            yield f"{_ambient_path(name, experiment, values)}: {error}"
            continue
        schedule = spec["width"]["schedule"]
        if experiment.axis == "units" and schedule != "fixed":
            found = f"axis units with a width of schedule {schedule}"
            yield f"experiments.{name}: " + complaint(found, "only widths of schedule fixed")
        design = spec.get("sampling", "fresh")
        if by_user and design not in again:
            found = f"arm {by_user[0]} with sampling {design}, which rates no user twice"
            hint = "it learns from pairs of ratings of one user; or name other arms in arms"
            yield f"experiments.{name}: " + complaint(found, f"sampling {', '.join(again)}", hint)
        yield from _click_faults(name, spec, experiment.arms or arms, experiment.axis)
        yield from _worst_case_fault(name, spec)
        key = canonical_json(spec)
        if key in seen:
            found = f"{_spelled(seen[key])} and {_spelled(values)} are the same cell"
            hint = "remove one of the two"
            yield f"experiments.{name}.vary: " + complaint(found, "each cell once", hint)
        else:
            seen[key] = values


def _click_faults(
    name: str, spec: Mapping[str, Any], used: Collection[str], axis: str
) -> Iterator[str]:
    """Arms of clicks in cells of ratings, the other way round, and settings that ratings have."""
    is_clicks = spec.get("sampling") == "clicks"
    wrong = [arm for arm in used if (arm in names.CLICK_ARMS) != is_clicks]
    if wrong and is_clicks:
        hint = "clicks are no ratings; name arms of clicks in the experiment's arms"
        found = f"arm {wrong[0]} with sampling clicks"
        yield f"experiments.{name}: " + complaint(found, ", ".join(names.CLICK_ARMS), hint)
    elif wrong:
        found = f"arm {wrong[0]}, which learns from clicks, with sampling "
        hint = "or name other arms in the experiment's arms"
        found += spec.get("sampling", "fresh")
        yield f"experiments.{name}: " + complaint(found, "sampling clicks", hint)
    if not is_clicks:
        return
    if axis == "units":
        found = "axis units with sampling clicks"
        yield f"experiments.{name}: " + complaint(found, "axis ratings, their number of clicks")
    plain = {"noise": "normal", "rating_scale": "exact", "control": "none", "noise_sd": 1.0}
    for key, usual in plain.items():
        value = spec.get(key, usual)
        if value != usual:
            hint = "clicks have no such setting: their noise is the choice itself"
            found = f"{key} {shown(value)} with sampling clicks"
            yield f"experiments.{name}: " + complaint(found, f"{key} {shown(usual)}", hint)


def _worst_case_fault(name: str, spec: Mapping[str, Any]) -> Iterator[str]:
    at = spec.get("worst_case_at")
    if at is None:
        return
    laws = [spectrum.law_of(spec, tower) for tower in TOWERS]
    dims = [spec[f"{tower}_intrinsic_dim"] for tower in TOWERS]
    thin = spec["support"] in ("dust", "slab")
    if thin or any(math.isinf(beta) or noise == 0 for beta, noise in laws):
        found = "worst_case_at with a fraction as a dimension, off_manifold_noise, smoothness .inf "
        allowed = "null"
        yield f"experiments.{name}: " + complaint(found + "or noise_sd 0", allowed)
        return
    if math.inf in (spectrum.worst_cut(dim, *law) for dim, law in zip(dims, laws, strict=True)):
        found = f"worst_case_at {at:,} asks for more frequencies than targets may have"
        hint = "their number grows with ratings, and falls with smoothness and noise"
        yield f"experiments.{name}: " + complaint(found, "a smaller number, or null", hint)


def _ambient_path(name: str, experiment: Experiment, values: Mapping[str, Any]) -> str:
    """The path of the ambient_dim that a cell uses; from the defaults, the experiment's own."""
    where = f"experiments.{name}"
    for index, block in enumerate(experiment.further()):
        if block.items() <= values.items() and "ambient_dim" in block:
            return f"{where}.also[{index}].ambient_dim"
    if "ambient_dim" in experiment.lists():
        index = experiment.lists()["ambient_dim"].index(values["ambient_dim"])
        return f"{where}.vary.ambient_dim[{index}]"
    if "ambient_dim" in experiment.settings():
        return f"{where}.set.ambient_dim"
    return f"{where} (defaults.ambient_dim)"


def _spelled(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {shown(value)}" for key, value in values.items())
