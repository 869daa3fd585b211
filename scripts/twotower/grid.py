"""From experiments to cells and runs: every setting resolved, every cell once, in a fixed order.

A cell's id depends on its resolved settings and the seed only, so it stays the same whichever
experiments it belongs to, and however the study spelled its settings.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twotower.config import Study
from twotower.identity import canonical_json, short_id
from twotower.kinds import complaint, shown
from twotower.settings import Experiment, Override, Settings, spelled_out

MOST_CELLS = 5000
"""Most cells of a study, counted before any is built: far beyond that Snakemake itself stalls."""

DATA_KEYS = (
    "smoothness",
    "user_intrinsic_dim",
    "item_intrinsic_dim",
    "user_ambient_dim",
    "item_ambient_dim",
    "support",
    "rank",
    "noise_sd",
)
"""Settings that decide the targets and ratings; the others (depth, width) decide the towers."""


@dataclass(frozen=True)
class Cell:
    """One setting of target, sampling and towers, with the experiments that ask for it.

    `spec` holds plain values that JSON can write; an infinite smoothness is the text "inf".
    """

    spec: dict[str, Any] = field(hash=False)
    seed: int
    experiments: tuple[str, ...]

    @property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for the settings and the seed."""
        return short_id({"seed": self.seed, "spec": self.spec})

    @property
    def data_spec(self) -> dict[str, Any]:
        """The settings that decide the data; cells that differ in towers alone share it."""
        return {key: self.spec[key] for key in DATA_KEYS}

    @property
    def data_id(self) -> str:
        """As `id`, of `data_spec`."""
        return short_id({"seed": self.seed, "spec": self.data_spec})

    def columns(self) -> dict[str, str | int | float]:
        """The columns that tell this cell from others in every table of risks and rates.

        `experiment` joins the names with ";", `smoothness` is a float (inf allowed), and
        `ambient_dim` is the larger of both sides.
        """
        spec = self.spec
        return {
            "experiment": ";".join(self.experiments),
            "cell": self.id,
            "smoothness": float(spec["smoothness"]),
            "user_intrinsic_dim": spec["user_intrinsic_dim"],
            "item_intrinsic_dim": spec["item_intrinsic_dim"],
            "ambient_dim": max(spec["user_ambient_dim"], spec["item_ambient_dim"]),
            "depth": spec["depth"],
            "rank": spec["rank"],
            "noise_sd": spec["noise_sd"],
        }


@dataclass(frozen=True)
class Run:
    """A cell fitted by one arm."""

    cell: Cell
    arm: str
    settings: dict[str, Any] = field(hash=False)
    precision: str

    @property
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


def cells(study: Study) -> list[Cell]:
    """Every cell of the study once, in the order in which the experiments first ask for it.

    Raises:
        ValueError: if a cell's geometry is impossible; never for a study from
            `study_file.validated`, which has reported it.
    """
    specs: dict[str, dict[str, Any]] = {}
    askers: dict[str, list[str]] = {}
    for name, experiment in study.experiments.items():
        for values in _combinations(experiment):
            spec = resolve(study.defaults, experiment.settings() | values, study.overrides)
            key = canonical_json(spec)
            specs.setdefault(key, spec)
            names = askers.setdefault(key, [])
            if name not in names:
                names.append(name)
    return [Cell(spec, study.seed, tuple(askers[key])) for key, spec in specs.items()]


def runs(study: Study) -> list[Run]:
    """Every cell under every arm: cells in the order of `cells`, arms in the order of `Arms`."""
    return [
        Run(cell, arm, settings.model_dump(), study.training.precision)
        for cell in cells(study)
        for arm, settings in study.arms.items()
    ]


def resolve(
    defaults: Settings, given: Mapping[str, Any], overrides: Sequence[Override] = ()
) -> dict[str, Any]:
    """The flat settings of a cell: `given` over the overrides that match over `defaults`.

    Shorthands and nulls are worked out. An override matches by the settings that the cell would
    have without any; of two that set one key the later one counts.

    Where no side is bent (its ambient dimension is its intrinsic one) the support is "cube",
    whatever was asked for, so that equal data have equal settings.

    Raises:
        ValueError: if ambient_dim is too small; the text is a complaint for the user.
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
    _refuse_geometry(ambient, dims, settings["support"])
    ambients = [dim if ambient is None else ambient for dim in dims]
    smoothness = settings["smoothness"]
    return {
        "smoothness": "inf" if math.isinf(smoothness) else smoothness,
        "user_intrinsic_dim": dims[0],
        "item_intrinsic_dim": dims[1],
        "user_ambient_dim": ambients[0],
        "item_ambient_dim": ambients[1],
        "support": "cube" if ambients == dims else settings["support"],
        "rank": settings["rank"],
        "noise_sd": settings["noise_sd"],
        "depth": settings["depth"],
        "width": settings["width"],
    }


def conflicts(
    defaults: Settings,
    experiments: Mapping[str, Experiment],
    overrides: Sequence[Override] = (),
) -> list[str]:
    """What no single key shows: too many cells, impossible cells, cells given twice.

    Each message is one line that begins with the path of the key to change.
    """
    total = sum(_count(experiment) for experiment in experiments.values())
    if total > MOST_CELLS:
        found = f"the lists under vary make {shown(total)} cells"
        return ["experiments: " + complaint(found, f"at most {MOST_CELLS:,} in all")]
    messages: dict[str, None] = {}  # a dict for its order: each message once
    for name, experiment in experiments.items():
        repeats = list(_repeated_values(name, experiment))
        messages |= dict.fromkeys(repeats or _cell_faults(defaults, name, experiment, overrides))
    return list(messages)


def _refuse_geometry(ambient: int | None, dims: list[int], support: str) -> None:
    if ambient is None:
        return
    largest = max(dims)
    if ambient < largest:
        found = f"{ambient} is below the intrinsic dimension {largest}"
        raise ValueError(complaint(found, f"{largest} or more here, or null"))
    bent = max((dim for dim in dims if dim < ambient), default=0)
    if support == "torus" and ambient < 2 * bent:
        found = f"{ambient} is too small for a torus of {bent} intrinsic dimensions"
        hint = "each of them is a circle and takes two; support: graph takes any"
        raise ValueError(complaint(found, f"{2 * largest} or more here, or null", hint))


def _count(experiment: Experiment) -> int:
    return math.prod(len(values) for values in experiment.lists().values())


def _combinations(experiment: Experiment) -> Iterator[dict[str, Any]]:
    lists = experiment.lists()
    for values in itertools.product(*lists.values()):
        yield dict(zip(lists, values, strict=True))


def _repeated_values(name: str, experiment: Experiment) -> Iterator[str]:
    for key, values in experiment.lists().items():
        for index, value in enumerate(values):
            if value in values[:index]:
                found = f"{shown(value)} repeats {key}[{values.index(value)}]"
                path = f"experiments.{name}.vary.{key}[{index}]"
                yield f"{path}: " + complaint(found, "each value once", "remove one of the two")


def _cell_faults(
    defaults: Settings, name: str, experiment: Experiment, overrides: Sequence[Override]
) -> Iterator[str]:
    seen: dict[str, dict[str, Any]] = {}
    fixed = experiment.settings()
    for values in _combinations(experiment):
        try:
            key = canonical_json(resolve(defaults, fixed | values, overrides))
        except ValueError as error:
            yield f"{_ambient_path(name, experiment, values)}: {error}"
            continue
        if key in seen:
            found = f"{_spelled(seen[key])} and {_spelled(values)} are the same cell"
            hint = "remove one of the two"
            yield f"experiments.{name}.vary: " + complaint(found, "each cell once", hint)
        else:
            seen[key] = values


def _ambient_path(name: str, experiment: Experiment, values: Mapping[str, Any]) -> str:
    """The path of the ambient_dim that a cell uses; from the defaults, the experiment's own."""
    where = f"experiments.{name}"
    if "ambient_dim" in values:
        index = experiment.lists()["ambient_dim"].index(values["ambient_dim"])
        return f"{where}.vary.ambient_dim[{index}]"
    if "ambient_dim" in experiment.settings():
        return f"{where}.set.ambient_dim"
    return f"{where} (defaults.ambient_dim)"


def _spelled(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {shown(value)}" for key, value in values.items())
