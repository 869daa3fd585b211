"""The frozen predictions and decision rules, `workflow/decisions.yaml`, and the file's hash."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from twotower.base import strict_yaml
from twotower.base.errors import ExpectedError
from twotower.base.values import shown
from twotower.study.rules import rule_words
from twotower.study.settings import (
    CLICK_KEYS,
    ArmName,
    Control,
    Noise,
    RatingScale,
    Sampling,
    Schedule,
    Settings,
)

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

# Written out, so that a misspelt name is refused before any work: a claim of that name would have
# no cells and count as untested. A test compares these rules with those of `twotower.claims.rules`.
RuleName = Literal[
    "primary", "estimation", "limit", "smoothness", "intrinsic", "ambient", "verdicts",
    "cold_start", "lemma", "sampling", "predicted", "off_manifold", "embedding_dim", "null_cells",
    "extrapolation", "falsifiability", "approximation", "dimensions", "rivals", "newcomers",
    "levels", "ambient_level", "tails",
]  # fmt: skip
ExperimentName = Literal[
    "approximation", "smoothness", "dimension", "high_dimension", "dust", "max_not_sum", "depth",
    "sampling", "noise", "noise_free", "off_manifold", "embedding_dim", "null_cells",
    "methods_fresh", "methods_repeated", "new_and_known", "unequal_smoothness", "true_rank",
    "worst_case", "three_dimensions",
]  # fmt: skip


_FROZEN = (
    "smoothness", "user_intrinsic_dim", "item_intrinsic_dim", "ambient_dim", "support",
    "off_manifold_noise", "rank", "noise_sd", "noise", "rating_scale", "sampling", "catalogue",
    "ratings_each", "control", "embedding_dim", "depth", "width",
)  # fmt: skip
NEWER = {
    key: field.default
    for key, field in Settings.model_fields.items()
    if key not in (*_FROZEN, *CLICK_KEYS)
}
"""Settings that are newer than the rule of `Confirmatory`, with their defaults; of those that are
null, a column holds None, or NaN once it was written to a file. Cells of clicks are exploratory by
their sampling."""


class Answer(StrEnum):
    """What the ledger says about a claim."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "not decided"
    UNTESTED = "not tested in this study"


class DecisionsError(ExpectedError):
    """The file of decisions cannot be used; the message names the file and every fault."""


@dataclass(frozen=True, config=STRICT)
class Thresholds:
    """The numbers of all rules; the file says what each is for, and why it is what it is."""

    confidence: float = Field(gt=0.5, lt=1)
    delta: float = Field(gt=0)
    upper_tolerance: float = Field(gt=0)
    level_ratio: float = Field(gt=1)
    window_risk: float = Field(gt=0, lt=1)
    min_window_sizes: int = Field(ge=2)
    reference_tolerance: float = Field(gt=0)
    max_optimization_error: float = Field(gt=0, lt=1)
    max_monte_carlo_error: float = Field(gt=0, lt=1)
    approximation_tolerance: float = Field(gt=0, lt=1)
    max_doubling_change: float = Field(gt=0, lt=1)
    min_widths: int = Field(ge=2)
    consistent_share: float = Field(gt=0, le=1)
    meta_slope_low: float = Field(gt=0)
    meta_slope_high: float = Field(gt=0)
    ambient_slope: float = Field(gt=0)
    max_ambient_interval: float = Field(gt=0)
    cold_start_ratio: float = Field(gt=1)
    null_risk: float = Field(gt=0)
    floor_factor: float = Field(gt=1)
    extrapolation_coverage: float = Field(gt=0, le=1)
    extrapolated_sizes: int = Field(ge=1)
    min_extrapolation_sizes: int = Field(ge=2)


@dataclass(frozen=True, config=STRICT)
class Confirmatory:
    """Which cells test the theory; all others are exploratory."""

    arms: tuple[ArmName, ...]
    max_intrinsic_dim: Annotated[float, Field(gt=0)]
    max_smoothness: Annotated[float, Field(gt=0)]
    supports: tuple[Literal["cube", "graph", "torus", "dust", "slab"], ...]
    samplings: tuple[Sampling, ...]
    noise_sd: Annotated[float, Field(ge=0)]
    noises: tuple[Noise, ...]
    rating_scales: tuple[RatingScale, ...]
    controls: tuple[Control, ...]
    embedding_dim_is_rank: bool
    schedules: tuple[Schedule, ...]
    min_dense_depth: int

    def holds(self, cell: Mapping[str, object], arm: str) -> bool:
        """Whether a cell, given by its columns, is confirmatory under an arm.

        A cell with another value than the default in one of `NEWER` is exploratory: the frozen
        rule does not know that setting.
        """
        dim = max(float(cell["user_intrinsic_dim"]), float(cell["item_intrinsic_dim"]))
        return (
            arm in self.arms
            and dim <= self.max_intrinsic_dim
            and float(cell["smoothness"]) <= self.max_smoothness
            and math.isclose(float(cell["noise_sd"]), self.noise_sd)
            and cell["support"] in self.supports
            and cell["sampling"] in self.samplings
            and cell["noise"] in self.noises
            and cell["rating_scale"] in self.rating_scales
            and cell["control"] in self.controls
            and cell["schedule"] in self.schedules
            and (cell["schedule"] != "dense" or cell["depth"] >= self.min_dense_depth)
            and (not self.embedding_dim_is_rank or cell["embedding_dim"] == cell["rank"])
            and all(_is_default(cell.get(key), default) for key, default in NEWER.items())
        )


def _is_default(value: object, default: object) -> bool:
    if default is None:
        return value is None or value != value  # NaN is not itself
    return value == default


@dataclass(frozen=True, config=STRICT)
class Claim:
    """One row of the ledger.

    Attributes:
        id, statement, prediction: as printed.
        judged: what the rule does, in words.
        rule: name of the rule in `twotower.claims.rules`.
        experiments: those whose cells it looks at; empty: all.
        figure: name of its figure, or empty.
        target: Snakemake's target that makes its table alone; empty: the experiments are targets.
    """

    id: str
    statement: str
    prediction: str
    judged: str
    rule: RuleName
    experiments: tuple[ExperimentName, ...]
    figure: str
    target: str


@dataclass(frozen=True, config=STRICT)
class Decisions:
    """All that was decided before the results.

    Attributes:
        label: "v1:" and the first ten hexadecimal digits of SHA-256 of the file's bytes.
    """

    version: int
    thresholds: Thresholds
    confirmatory: Confirmatory
    claims: tuple[Claim, ...]
    label: str


def load(path: str | Path) -> Decisions:
    """The decisions in a YAML file.

    Raises:
        DecisionsError: if the file cannot be read or says anything but what is asked.
    """
    raw, label = frozen(path, "v", "version, thresholds, confirmatory and claims")
    try:
        # As JSON, which has no tuples and no dataclasses either: strict about all else.
        text = json.dumps(raw | {"label": label})
        decisions = TypeAdapter(Decisions).validate_json(text)
    except ValidationError as error:
        raise refused(path, [told(fault) for fault in error.errors()]) from None
    if decisions.thresholds.meta_slope_low >= decisions.thresholds.meta_slope_high:
        raise refused(path, ["thresholds.meta_slope_low: not below meta_slope_high"])
    ids = [claim.id for claim in decisions.claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise refused(path, [f"claims with the same id: {', '.join(repeated)}"])
    if wrong := rule_words.faults(asdict(decisions.thresholds), decisions.claims):
        raise refused(path, wrong)
    return decisions


def frozen(path: str | Path, letter: str, holds: str) -> tuple[dict, str]:
    """What a file of frozen rules says, and its label, with this letter before the version.

    Args:
        holds: what must stand in it, in words.

    Raises:
        DecisionsError: if the file cannot be read or is no mapping.
    """
    try:
        raw = strict_yaml.load(path)
        content = Path(path).read_bytes()
    except strict_yaml.YamlError as error:
        raise refused(path, error.messages) from None
    if not isinstance(raw, dict) or "label" in raw:
        raise refused(path, [f"must hold {holds}"])
    return raw, f"{letter}{raw.get('version')}:{hashlib.sha256(content).hexdigest()[:10]}"


def refused(path: str | Path, messages: list[str]) -> DecisionsError:
    """The error for a file of frozen rules."""
    place = f"workflow/{Path(path).name}"
    hint = f"These are the frozen rules: `git checkout {place}` brings them back."
    return DecisionsError("\n  ".join([f"{path}:", *messages, hint]))


def told(fault: ErrorDetails) -> str:
    """A fault in one line: the key's path, what is asked for, what was found."""
    text = f"{'.'.join(map(str, fault['loc']))}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
    return text if fault["type"] == "missing_argument" else f"{text}, not {shown(fault['input'])}"
