"""What files of tensors hold, by their headers: names, types and shapes; no number is read."""

import json
from pathlib import Path

from twotower.base.errors import ExpectedError

MOST = 100_000_000  # bytes of a header
_LENGTH = 8  # bytes of the header's length, which stands first

Header = dict[str, tuple[str, list[int]]]
"""Type and shape of each tensor of a file, by name, sorted."""
Shapes = dict[str, list[int]]


class TensorsError(ExpectedError, ValueError):
    """A file that holds no tensors; the message names it."""


def header(path: Path) -> Header:
    """Type and shape of each tensor in a file, by name, sorted.

    Raises:
        TensorsError, OSError: if it is no file of tensors.
    """
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(_LENGTH), "little")
            if size > MOST:
                raise ValueError(f"its header has {size:,} bytes")
            held = json.loads(file.read(size))
        names = sorted(held.keys() - {"__metadata__"})
        return {name: (held[name]["dtype"], held[name]["shape"]) for name in names}
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        told = f"{path}: this is no file of tensors ({error})"
        raise TensorsError(f"{told}; `make resume` makes it anew") from None


def shapes(path: Path) -> Shapes:
    """The shape of each tensor in a file, by name; errors as in `header`."""
    return {name: shape for name, (_, shape) in header(path).items()}
