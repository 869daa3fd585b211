"""Names for settings: canonical JSON, and the hashes made of it.

Every id and every random stream of the project starts here, so the text must never change with
the Python version, the order in which a mapping was built, or the machine.
"""

import hashlib
import json
from typing import Any

SHORT_ID_LENGTH = 10
"""Hexadecimal digits of a short id: 40 bits, so 5,000 cells collide with probability 1e-5."""


def canonical_json(obj: Any) -> str:
    """The one JSON text of `obj`: sorted keys, no spaces, ASCII only.

    `obj` is built of dicts with text keys, lists or tuples, text, booleans, None, ints and floats.
    The int 1 and the float 1.0 give different texts: settle the type of each number first.

    Raises:
        ValueError: for NaN and infinite floats, which JSON lacks; write infinity as "inf".
        TypeError: for anything else that JSON lacks, and for a key that is not text, since json
            would make one key of 1 and "1".
    """
    _refuse_odd_keys(obj)
    return json.dumps(
        obj, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def digest(obj: Any) -> bytes:
    """The SHA-256 of the canonical JSON of `obj`, 32 bytes; errors as in `canonical_json`."""
    return hashlib.sha256(canonical_json(obj).encode("ascii")).digest()


def short_id(obj: Any) -> str:
    """The first 10 hexadecimal digits of `digest(obj)`: names files and joins tables."""
    return digest(obj).hex()[:SHORT_ID_LENGTH]


def _refuse_odd_keys(obj: Any) -> None:
    if isinstance(obj, dict):
        for key, value in obj.items():
            if not isinstance(key, str):
                raise TypeError(f"canonical JSON needs keys of text, got {key!r}")
            _refuse_odd_keys(value)
    elif isinstance(obj, (list, tuple)):
        for value in obj:
            _refuse_odd_keys(value)
