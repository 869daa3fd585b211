"""Kinds of values that a study may hold, and the wording of a complaint about a wrong one.

Pydantic's own messages say what a parser wanted. A person needs what was found, what is allowed
and what to write instead. For this reason each kind has its own check, and the JSON schema of it.
"""

import math
import re
import reprlib
import sys
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError, core_schema

_shorten = reprlib.Repr()
_shorten.maxstring = _shorten.maxother = _shorten.maxlong = 60


def shown(value: Any) -> str:
    """`value` on one line, in a form that its writer knows; long parts cut to 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return _shorten.repr(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        return "a number of thousands of digits"


def described(value: Any) -> str:
    """`value` and what YAML took it for: the first part of a complaint about a wrong type."""
    kinds = {bool: "a truth value", str: "text", list: "a list", tuple: "a list", dict: "a mapping"}
    if value is None:
        return "null (nothing is written here)"
    if type(value) in kinds:
        return f"{shown(value)} is {kinds[type(value)]}"
    if isinstance(value, (int, float)) and value == value:  # NaN is not itself
        return f"{shown(value)} is a number"
    return f"{shown(value)} is not a number" if isinstance(value, float) else shown(value)


def complaint(found: str, allowed: str, hint: str = "") -> str:
    """What follows the key's path in a message: what was found, what is allowed, a hint."""
    return f"{found}; allowed: {allowed}" + (f"; {hint}" if hint else "")


def fault(found: str, allowed: str, hint: str = "") -> PydanticCustomError:
    """A complaint as an error for pydantic to collect: type "study", message the whole text."""
    return PydanticCustomError("study", "{text}", {"text": complaint(found, allowed, hint)})


@dataclass(frozen=True)
class Number:
    """Annotation for a number between bounds; text and truth values never pass as numbers.

    1 and 1.0 become one value of the field's type, so that equal settings always have equal ids.
    With `whole_if_equal` a fraction stays a float and 2.0 becomes 2. `hint` is added where a value
    is above `high`.
    """

    low: float
    high: float = sys.float_info.max
    whole: bool = True
    above_low: bool = False
    or_infinite: bool = False
    or_null: bool = False
    whole_if_equal: bool = False
    hint: str = ""

    @property
    def allowed(self) -> str:
        text = "a whole number" if self.whole else "a number"
        text += f" above {self.low:,}" if self.above_low else f" from {self.low:,}"
        if self.high < sys.float_info.max:
            text += (" and at most" if self.above_low else " to") + f" {self.high:,}"
        text += ", or .inf" if self.or_infinite else ""
        return text + (", or null" if self.or_null else "")

    def check(self, value: Any) -> int | float | None:
        if value is None and self.or_null:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise fault(described(value), self.allowed, self._hint_for(value))
        if value != value:  # NaN; math.isnan fails at integers too large for a float
            raise fault(described(value), self.allowed)
        if self.or_infinite and value == math.inf:
            return math.inf
        if self.whole and isinstance(value, float) and not value.is_integer():
            raise fault(f"{shown(value)} is not a whole number", self.allowed)
        if value < self.low or (self.above_low and value == self.low):
            raise fault(f"{shown(value)} is too small", self.allowed)
        if value > self.high:
            raise fault(f"{shown(value)} is too large", self.allowed, self.hint)
        if self.whole or (self.whole_if_equal and value == int(value)):
            return int(value)
        return float(value) + 0.0  # adding 0.0 turns -0.0 into 0.0

    def _hint_for(self, value: Any) -> str:
        if not isinstance(value, str):
            return ""
        text = value.strip()
        # YAML 1.1 takes a power of ten for a number only with a dot and a signed exponent.
        power = re.fullmatch(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", text)
        if power:
            whole, fraction, sign, exponent = power.groups()
            fraction = fraction if fraction and len(fraction) > 1 else ".0"
            return f"YAML reads {text} as text, write {whole}{fraction}e{sign or '+'}{exponent}"
        if text.lower() in {"inf", "+inf", "infinity"} and self.or_infinite:
            return f"YAML reads {text} as text, write .inf"
        if text.lower() in {"none", "null"} and self.or_null:
            return "write null without quotes"
        if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", text):
            return "write it without quotes and without leading zeros"
        if re.fullmatch(r"[-+]?0[xob][0-9a-fA-F_]+", text):
            return "write it with decimal digits"
        return ""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _core: Any, _handler: Any) -> dict[str, Any]:
        kind = "integer" if self.whole else "number"
        schema: dict[str, Any] = {"type": [kind, "null"] if self.or_null else kind}
        schema["exclusiveMinimum" if self.above_low else "minimum"] = self.low
        if self.high < sys.float_info.max and not self.or_infinite:
            schema["maximum"] = self.high
        return schema


@dataclass(frozen=True)
class Text:
    """Annotation for one line of printable text that matches `pattern` from end to end."""

    pattern: str
    allowed: str

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise fault(described(value), self.allowed, "put it in quotes if it is meant as text")
        if not (value.isprintable() and re.fullmatch(self.pattern, value)):
            raise fault(f"{shown(value)} does not fit", self.allowed)
        return value

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _core: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}
