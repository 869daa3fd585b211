"""The frozen rules on clicks, `workflow/click_decisions.yaml`, beside those on ratings.

They stand in a file of their own, so that verdicts on ratings stay those of their own rules. Words
take their numbers from the thresholds, by names in braces.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from twotower.study.decisions import STRICT, frozen, refused, told

PATH = "workflow/click_decisions.yaml"


@dataclass(frozen=True, config=STRICT)
class ClickThresholds:
    """The numbers of the rules; the file says what each is for."""

    confidence: float = Field(gt=0.5, lt=1)
    slope_tolerance: float = Field(gt=0)
    min_cells: int = Field(ge=1)
    floor_tolerance: float = Field(gt=0, lt=1)
    cost_factor: float = Field(gt=1)
    least_power: float = Field(gt=0)


@dataclass(frozen=True, config=STRICT)
class ClickClaim:
    """One row of the ledger, as `decisions.Claim`; its rule is one of `claims.click_rules`."""

    id: str
    statement: str
    prediction: str
    judged: str
    rule: Literal["carries_over", "floors", "candidates", "calibration"]
    experiments: tuple[str, ...]
    figure: str
    target: str


@dataclass(frozen=True, config=STRICT)
class ClickDecisions:
    """All that was decided before results on clicks.

    Attributes:
        label: "c1:" and the first ten hexadecimal digits of SHA-256 of the file's bytes.
    """

    version: int
    thresholds: ClickThresholds
    claims: tuple[ClickClaim, ...]
    label: str


def load(path: str | Path = PATH) -> ClickDecisions:
    """The decisions in a YAML file.

    Raises:
        DecisionsError: if the file cannot be read or says anything but what is asked.
    """
    raw, label = frozen(path, "c", "version, thresholds and claims")
    try:
        checked = TypeAdapter(ClickDecisions)
        checked.validate_json(json.dumps(raw | {"label": label}))
        numbers = raw["thresholds"]
        for claim in raw["claims"]:
            for field in ("statement", "prediction", "judged"):
                claim[field] = claim[field].format(**numbers)
        return checked.validate_json(json.dumps(raw | {"label": label}))
    except ValidationError as error:
        raise refused(path, [told(fault) for fault in error.errors()]) from None
    except (KeyError, IndexError, ValueError) as error:
        found = f"a text names {error} in braces; allowed: names of thresholds"
        raise refused(path, [found]) from None
