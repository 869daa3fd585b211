"""Which part of the error limits, or that it is not decided and how much more would tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twotower.diagnosis.components import Components

CONFIDENCE = 0.95
MOST = 100
"""Times the ratings: that more of them would decide is not said."""


@dataclass(frozen=True)
class Limit:
    """The largest part of an error.

    Attributes:
        name: of the part.
        second: the next one.
        decided: whether the interval of their difference lies above 0.
        margin: that difference, and its interval.
        more: how many times the ratings would decide, as intervals shrink with the root of their
            number; None where it is decided, or where that is more than MOST. The wider half of the
            interval counts: as no part is below 0, the lower half of a difference may end at 0.
    """

    name: str
    second: str
    decided: bool
    margin: tuple[float, float, float]
    more: float | None


def interval(draws: np.ndarray) -> tuple[float, float, float]:
    """The estimate, which stands first in [1 + draws], and its interval."""
    low, high = np.quantile(draws[1:], (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2))
    return float(draws[0]), float(min(low, draws[0])), float(max(high, draws[0]))


def limit(found: Components, among: Sequence[str]) -> Limit:
    """The largest of some parts; decided if it is surely larger than each other one."""
    first, second = sorted(among, key=lambda name: -found.parts[name][0])[:2]
    margins = {
        name: interval(found.parts[first] - found.parts[name]) for name in among if name != first
    }
    closest = min(margins, key=lambda name: margins[name][1])
    margin = margins[second]
    decided = margins[closest][1] > 0
    value, low, high = margins[closest]
    half, more = max(value - low, high - value), None
    if not decided and value * MOST**0.5 > half:
        more = float((half / value) ** 2)
    return Limit(first, second if decided else closest, decided, margin, more)
