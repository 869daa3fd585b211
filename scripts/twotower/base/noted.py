"""Hashes that a reader noted elsewhere, in full or only their beginning."""

from twotower.base import safe_names
from twotower.base.errors import ExpectedError

LEAST_DIGITS = 16  # 64 bits agree neither by accident nor by a quick forgery


class NotedError(ExpectedError):
    """A noted text that is no hash, or too short; the message says what is allowed."""


def beginning(name: str, text: str | None) -> str:
    """A noted SHA-256 or its beginning in lower case; "" if nothing was noted: None.

    Args:
        name: what the user calls it, such as ROOT.

    Raises:
        NotedError: if it is no hash, or too short to prove anything.
    """
    if text is None:
        return ""
    digits = text.strip().lower()
    if not safe_names.is_hex(digits, len(digits)) or len(digits) < LEAST_DIGITS:
        raise NotedError(
            f"{name}={text}: allowed: the 64 hexadecimal digits as they were printed, or at least "
            f"the first {LEAST_DIGITS} of them"
        )
    return digits
