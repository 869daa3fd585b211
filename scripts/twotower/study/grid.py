"""From experiments to cells and runs: every setting resolved, every cell once, in a fixed order.

A cell's id depends on its resolved settings and the seed only, so it stays the same whichever
experiments it belongs to, and however the study spelled its settings.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from twotower.base.errors import ExpectedError
from twotower.base.identity import canonical_json, short_id
from twotower.study.arm_settings import in_cell
from twotower.study.experiments import Experiment, Override
from twotower.study.schema import Study
from twotower.study.settings import (
    CLICK_KEYS,
    OWN_SMOOTHNESS,
    Settings,
    data_settings,
    refuse_geometry,
    smoothness_by_side,
    spelled_out,
    support_kind,
)

PLAIN = {
    "user_smoothness": None,
    "item_smoothness": None,
    "worst_case_at": None,
    "off_manifold_noise": None,
    "noise": "normal",
    "rating_scale": "exact",
    "sampling": "fresh",
    "catalogue": None,
    "ratings_each": None,
    "control": "none",
}
"""Usual values: a cell's specification holds these settings only where their values differ."""

CATALOGUED = ("fixed_users", "popularity", "clicks")


@dataclass(frozen=True)
class Cell:
    """One setting of target, sampling and towers, with the experiments that ask for it.

    `spec` holds plain values that JSON can write; an infinite smoothness is the text "inf".
    `sample_sizes` and `arms` are those that any of its experiments asks for.
    """

    spec: dict[str, Any] = field(hash=False)
    seed: int
    experiments: tuple[str, ...]
    sample_sizes: tuple[int, ...]
    arms: tuple[str, ...]

    @cached_property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for the settings and the seed."""
        return short_id({"seed": self.seed, "spec": self.spec})

    @property
    def data_spec(self) -> dict[str, Any]:
        """The settings that decide the data; cells that differ only in towers share them."""
        return data_settings(self.spec)

    @cached_property
    def data_id(self) -> str:
        """Ten hexadecimal digits that stand for `data_spec` and the seed."""
        return short_id({"seed": self.seed, "spec": self.data_spec})

    def columns(self) -> dict[str, str | int | float]:
        """The columns that tell this cell from others in every table of risks and rates.

        `experiment` joins the names with ";", `smoothness` is a float (inf allowed), the smaller
        of both sides, and `user_smoothness` or `item_smoothness` is that of the other side;
        `ambient_dim` is the larger of both sides, and `width_constant` is the units of a fixed
        width. `CLICK_KEYS` are columns of cells of clicks alone.
        """
        spec = PLAIN | self.spec
        width = spec["width"]
        return {
            "experiment": ";".join(self.experiments),
            "cell": self.id,
            "data": self.data_id,
            "smoothness": float(spec["smoothness"]),
            **{key: None if spec[key] is None else float(spec[key]) for key in OWN_SMOOTHNESS},
            "worst_case_at": spec["worst_case_at"],
            "user_intrinsic_dim": spec["user_intrinsic_dim"],
            "item_intrinsic_dim": spec["item_intrinsic_dim"],
            "ambient_dim": max(spec["user_ambient_dim"], spec["item_ambient_dim"]),
            "support": spec["support"],
            "off_manifold_noise": spec["off_manifold_noise"],
            "rank": spec["rank"],
            "embedding_dim": spec.get("embedding_dim", spec["rank"]),
            "noise_sd": spec["noise_sd"],
            "noise": spec["noise"],
            "rating_scale": spec["rating_scale"],
            "sampling": spec["sampling"],
            "catalogue": spec["catalogue"],
            "ratings_each": spec["ratings_each"],
            "control": spec["control"],
            "depth": spec["depth"],
            "schedule": width["schedule"],
            "width_constant": width.get("constant", width.get("units")),
            **{key: spec[key] for key in CLICK_KEYS if key in spec},
        }

    @property
    def has_reference(self) -> bool:
        """Whether the reference estimator can be fitted.

        On a dust or a slab its basis is far from orthogonal, and without noise its cut-off has no
        optimum short of the number of ratings. Clicks are no ratings.
        """
        if self.spec.get("sampling") == "clicks":
            return False
        return self.spec["support"] not in ("dust", "slab") and self.spec["noise_sd"] > 0


@dataclass(frozen=True)
class Run:
    """A cell fitted by one arm."""

    cell: Cell
    arm: str
    settings: dict[str, Any] = field(hash=False)
    precision: str

    @cached_property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for the cell, the arm, its settings and precision."""
        return short_id(
            {
                "seed": self.cell.seed,
                "spec": self.cell.spec,
                "arm": self.arm,
                "settings": self.settings,
                "precision": self.precision,
            }
        )


class SharedIdError(ExpectedError):
    """Two different cells, runs or data sets have the same id, and so the same files."""


def by_id(entries: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs of an id and what it stands for, as a dict; equal pairs may come more than once.

    Raises:
        SharedIdError: if two that differ have one id. Ids have 40 bits: among the most cells that
            a study may have, that happens with probability 1e-5.
    """
    found: dict[str, Any] = {}
    for name, thing in entries:
        if found.setdefault(name, thing) != thing:
            raise SharedIdError(
                f"two different settings of this study have the same id, {name}: their files would "
                "overwrite each other; ids depend on the seed: give the study another seed"
            )
    return found


def cells(study: Study) -> list[Cell]:
    """Every cell of the study once, in the order in which the experiments first ask for it.

    Raises:
        ValueError: if a cell's geometry is impossible; never for a study from
            `reading.validated`, which has reported it.
    """
    specs: dict[str, dict[str, Any]] = {}
    askers: dict[str, dict[str, Experiment]] = {}
    for name, experiment in study.experiments.items():
        for values in combinations(experiment):
            spec = resolve(study.defaults, values, study.overrides)
            key = canonical_json(spec)
            specs.setdefault(key, spec)
            askers.setdefault(key, {})[name] = experiment
    found = []
    for key, spec in specs.items():
        asking = askers[key].values()
        sizes = {size for asker in asking for size in asker.sample_sizes or study.sample_sizes}
        arms = {arm for asker in asking for arm in asker.arms or study.arms}
        ordered = tuple(arm for arm in study.arms if arm in arms)
        found.append(Cell(spec, study.seed, tuple(askers[key]), tuple(sorted(sizes)), ordered))
    return found


def runs(study: Study) -> list[Run]:
    """Every cell under each of its arms: cells in the order of `cells`, arms in that of `Arms`."""
    return [
        Run(cell, arm, _settings(study, cell, arm), study.training.precision)
        for cell in cells(study)
        for arm in cell.arms
    ]


def _settings(study: Study, cell: Cell, arm: str) -> dict[str, Any]:
    """The arm's settings in a cell: the same in all experiments that ask for both."""
    experiments = [study.experiments[name] for name in cell.experiments]
    asking = next(each for each in experiments if arm in (each.arms or study.arms))
    return in_cell(study.arms[arm], asking.of_arm(arm), cell.spec["noise_sd"] == 0)


def resolve(
    defaults: Settings, given: Mapping[str, Any], overrides: Sequence[Override] = ()
) -> dict[str, Any]:
    """The flat settings of a cell: `given` over the overrides that match over `defaults`.

    Shorthands and nulls are worked out. An override matches by the settings that the cell would
    have without any; of two that set one key the later one counts.

    The support is "dust" where a dimension is a fraction, "slab" with off_manifold_noise, and
    "cube" where no side is bent (its ambient dimension is its intrinsic one), whatever was asked
    for; `smoothness` is the smaller of both sides, and the other side's own one stands
    beside it where it differs; settings at their `PLAIN` values are left out: so equal data have
    equal settings.

    Raises:
        ValueError: if the geometry is impossible; the text is a complaint for the user.
    """
    given = spelled_out(given)
    plain = defaults.model_dump() | given
    settings = dict(plain)
    for override in overrides:
        if override.matches(plain):
            settings |= override.set.model_dump()
    settings |= given
    dims = [settings["user_intrinsic_dim"], settings["item_intrinsic_dim"]]
    ambient = settings["ambient_dim"]
    thickness = settings["off_manifold_noise"]
    refuse_geometry(ambient, dims, settings["support"], thickness)
    ambients = [math.ceil(dim) if ambient is None else ambient for dim in dims]
    settings |= smoothness_by_side(settings)
    spec = {
        "smoothness": settings["smoothness"],
        "user_intrinsic_dim": dims[0],
        "item_intrinsic_dim": dims[1],
        "user_ambient_dim": ambients[0],
        "item_ambient_dim": ambients[1],
        "support": support_kind(ambients, dims, settings["support"], thickness),
        "rank": settings["rank"],
        "noise_sd": settings["noise_sd"],
        "depth": settings["depth"],
        "width": settings["width"],
    }
    if settings["sampling"] not in CATALOGUED:
        settings["catalogue"] = None
    if settings["sampling"] != "repeated":
        settings["ratings_each"] = None
    spec |= {key: settings[key] for key, plain in PLAIN.items() if settings[key] != plain}
    if settings["sampling"] == "clicks":
        spec |= {key: settings[key] for key in CLICK_KEYS}
    if settings["embedding_dim"] not in (None, settings["rank"]):
        spec["embedding_dim"] = settings["embedding_dim"]
    return spec


def has_grid(experiment: Experiment) -> bool:
    """An experiment of `also` alone has no further cell of its own."""
    return bool(experiment.lists()) or not experiment.also


def combinations(experiment: Experiment) -> Iterator[dict[str, Any]]:
    """The settings that an experiment gives to each of its cells: its grid, then `also`."""
    fixed, lists = experiment.settings(), experiment.lists()
    if has_grid(experiment):
        for values in itertools.product(*lists.values()):
            yield fixed | dict(zip(lists, values, strict=True))
    for block in experiment.further():
        if "intrinsic_dim" in block:  # it replaces whichever way the dimension was set
            kept = fixed.keys() - {"user_intrinsic_dim", "item_intrinsic_dim"}
            yield {key: fixed[key] for key in fixed if key in kept} | block
        else:
            yield spelled_out(fixed) | block
