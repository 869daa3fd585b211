"""The frozen predictions and decision rules, `workflow/decisions.yaml`, and the hash they go by."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from twotower.logs import ExpectedError

_STRICT = ConfigDict(extra="forbid")


class DecisionsError(ExpectedError):
    """The file of decisions cannot be used; the message names the file and every fault."""


@dataclass(frozen=True, config=_STRICT)
class Thresholds:
    """The numbers of all rules; the file says what each is for, and why it is what it is."""

    confidence: float = Field(gt=0.5, lt=1)
    delta: float = Field(gt=0)
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


@dataclass(frozen=True, config=_STRICT)
class Confirmatory:
    """Which cells test the theory; all others are exploratory."""

    arms: tuple[str, ...]
    max_intrinsic_dim: float
    max_smoothness: float
    supports: tuple[str, ...]
    samplings: tuple[str, ...]
    noise_sd: float
    noises: tuple[str, ...]
    rating_scales: tuple[str, ...]
    controls: tuple[str, ...]
    embedding_dim_is_rank: bool
    schedules: tuple[str, ...]

    def holds(self, cell: Mapping[str, object], arm: str) -> bool:
        """Whether a cell, given by its columns, is confirmatory under an arm."""
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
            and (not self.embedding_dim_is_rank or cell["embedding_dim"] == cell["rank"])
        )


@dataclass(frozen=True, config=_STRICT)
class Claim:
    """One row of the ledger.

    Attributes:
        id, statement, prediction: as printed.
        judged: what the rule does, in words.
        rule: name of the rule in `twotower.rules`.
        experiments: those whose cells it looks at; empty: all.
        figure: name of its figure, or empty.
        target: Snakemake's target that makes its table alone; empty: the experiments are targets.
    """

    id: str
    statement: str
    prediction: str
    judged: str
    rule: str
    experiments: tuple[str, ...]
    figure: str
    target: str


@dataclass(frozen=True, config=_STRICT)
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
    try:
        content = Path(path).read_bytes()
        raw = yaml.safe_load(content)
    except OSError as error:
        raise DecisionsError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DecisionsError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict) or "label" in raw:
        raise DecisionsError(f"{path}: must hold version, thresholds, confirmatory and claims")
    label = f"v{raw.get('version')}:{hashlib.sha256(content).hexdigest()[:10]}"
    try:
        decisions = TypeAdapter(Decisions).validate_python(raw | {"label": label})
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
            for fault in error.errors()
        ]
        raise DecisionsError("\n  ".join([f"{path}:", *faults])) from None
    ids = [claim.id for claim in decisions.claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise DecisionsError(f"{path}: claims with the same id: {', '.join(repeated)}")
    return decisions
