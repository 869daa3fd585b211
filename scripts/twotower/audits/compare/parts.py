"""Parts of a file's content, and how each is compared."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

MARK = "¤"
"""Stands among words for a number, which is compared by itself."""
_LONGEST = 40  # characters of a number; Python takes the square of the time for a longer one


class Kind(StrEnum):
    """How a part is compared."""

    WORDS = "words"  # equal or not
    COUNTS = "counts"  # whole numbers: equal or not
    NUMBERS = "numbers"  # relative to each of them
    ARRAY = "array"  # relative to the array's root mean square
    PRINTED = "printed"  # by one unit of the last digit printed
    POINTS = "points"  # by a distance on the page
    PIXELS = "pixels"  # by shades


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        values: of any shape; of words an array of texts as objects, which keeps every character.
        units: of printed numbers, the unit of the last digit; else None.
    """

    kind: Kind
    values: np.ndarray
    units: np.ndarray | None = None


class ContentError(Exception):
    """The file is not of the form that its name promises; the message says so in words."""


def number(text: str) -> float:
    """A coordinate.

    Raises:
        ContentError: if it has more digits than any has.
    """
    if len(text) > _LONGEST:
        raise ContentError(f"it has a number of {len(text):,} digits")
    return float(text)


def drawing(words: list[str], points: list[float]) -> dict[str, Part]:
    """The parts of a figure: what it draws with a mark for each coordinate, and these."""
    return {
        "shapes": Part(Kind.WORDS, np.array(words, dtype=object)),
        "coordinates": Part(Kind.POINTS, np.array(points, dtype=float)),
    }
