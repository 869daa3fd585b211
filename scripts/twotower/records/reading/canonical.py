"""JSON in one form: whatever reads a record, a manifest or a statement finds the same in it.

What stands otherwise (a key twice, NaN, another order, something behind it) was not written here.
"""

import json
from pathlib import Path
from typing import Any

from twotower.base import safe_names

MOST = 50_000_000  # bytes of a record: 300,000 inputs have as many


def text(content: Any, indent: int = 1) -> str:
    """The text of what JSON can hold: the same bytes for the same content.

    Raises:
        ValueError: for NaN and infinite numbers, which JSON lacks.
    """
    return json.dumps(content, indent=indent, sort_keys=True, allow_nan=False) + "\n"


def parsed(written: str, indent: int = 1) -> Any:
    """What a text holds that `text` has written.

    Raises:
        ValueError: if it is anything else.
    """
    try:
        content = json.loads(written)
        same = written == text(content, indent)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not same:
        raise ValueError("other bytes than this project writes for the same content")
    return content


def strict(written: str) -> Any:
    """What JSON of any form holds; raises ValueError for a key twice, NaN and infinite numbers."""
    return json.loads(written, object_pairs_hook=_once, parse_constant=_none)


def read(place: Path, indent: int = 1) -> Any:
    """What a file of such a text holds; raises OSError and ValueError."""
    return parsed(safe_names.text_of(place, most=MOST), indent)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("it has a key twice")
    return found


def _none(constant: str) -> None:
    raise ValueError(f"it holds {constant}, which is no number of JSON")
