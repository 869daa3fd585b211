"""The declared tolerances of audits, `workflow/audit.yaml`."""

import json
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from twotower.base import strict_yaml
from twotower.base.errors import ExpectedError

PLACE = Path("workflow/audit.yaml")

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class TolerancesError(ExpectedError):
    """The file of tolerances cannot be used; the message names the file and every fault."""


@dataclass(frozen=True, config=_STRICT)
class Numerical:
    """Relative deviations that count as equal, by kind of result."""

    data: float = Field(ge=0, lt=1)
    weights: float = Field(ge=0, lt=1)
    risks: float = Field(ge=0, lt=1)
    rates: float = Field(ge=0, lt=1)
    tables: float = Field(ge=0, lt=1)
    other: float = Field(ge=0, lt=1)

    def of(self, kind: str) -> float:
        """The tolerance for a kind of result; kinds that are not named are `other`."""
        return getattr(self, kind, self.other)


@dataclass(frozen=True, config=_STRICT)
class Figures:
    """Deviations of drawings that count as equal: points, share of pixels, share of a shade."""

    points: float = Field(ge=0)
    pixels: float = Field(ge=0, lt=1)
    shade: float = Field(ge=0, le=1)


@dataclass(frozen=True, config=_STRICT)
class Statistical:
    """When numbers of another seed count as equal."""

    confidence: float = Field(gt=0.5, lt=1)
    least_seeds: int = Field(ge=2)


@dataclass(frozen=True, config=_STRICT)
class Tolerances:
    """All that `workflow/audit.yaml` declares; the file says why."""

    version: int
    numerical: Numerical
    figures: Figures
    statistical: Statistical


def load(path: str | Path) -> Tolerances:
    """The tolerances in a YAML file.

    Raises:
        TolerancesError: if the file cannot be read or says anything but what is asked.
    """
    try:
        return _valid(strict_yaml.load(path), path)
    except strict_yaml.YamlError as error:
        raise _error(path, error.messages) from None


def parse(content: bytes, path: str | Path) -> Tolerances:
    """As `load`, for the content of a file; `path` names it in errors."""
    try:
        return _valid(strict_yaml.parse(content.decode("utf-8")), path)
    except strict_yaml.YamlError as error:
        raise _error(path, error.messages) from None
    except UnicodeDecodeError as error:
        raise _error(path, [str(error)]) from None


def _valid(raw: object, path: str | Path) -> Tolerances:
    try:
        return TypeAdapter(Tolerances).validate_json(json.dumps(raw))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()]
        raise _error(path, faults) from None


def _error(path: str | Path, messages: list[str]) -> TolerancesError:
    hint = "These are declared beforehand: `git checkout workflow/audit.yaml` brings them back."
    return TolerancesError("\n  ".join([f"{path}:", *messages, hint]))
