"""Width schedules, units in a hidden layer as a function of the number of ratings: the one list.

Whoever adds a schedule says in `twotower.study.settings` what it means, and in
`twotower.study.labels` how figures call it.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names of the schedules are asked for without numpy
    from twotower.theory.bound import Theory


def _resolved(theory: "Theory") -> float:
    """d/(2β+d) of the tower that needs more units: weights grow no faster than the theorem's."""
    return max(0.0 if math.isinf(beta) else dim / (2.0 * beta + dim) for beta, dim in theory.towers)


GROWING: dict[str, Callable[["Theory"], float]] = {
    "units": _resolved,
    "dense": lambda theory: _resolved(theory) / 2.0,  # a deep tower has width² weights a layer
    "proportional": lambda theory: 1.0,  # for ratings without noise
}
"""By schedule, the exponent of n in the width."""
FIXED = "fixed"
SCHEDULES = (*GROWING, FIXED)


def exponent(theory: "Theory", schedule: str) -> float:
    """Exponent of n in the scheduled width of towers; of units and dense 0 at β = ∞.

    Raises:
        ValueError: if `schedule` is not one of `GROWING`.
    """
    if schedule not in GROWING:
        *others, last = (f'"{name}"' for name in GROWING)
        raise ValueError(f'width schedule must be {", ".join(others)} or {last}, got "{schedule}"')
    return GROWING[schedule](theory)


def units(width: dict, theory: "Theory", n_ratings: int) -> int:
    """Width at sample size n: the fixed one, or round(constant · n^exponent), at least 1.

    Args:
        width: a cell's `width` setting.
        theory: gives the exponent.
    """
    if width["schedule"] == FIXED:
        return width["units"]
    return max(1, round(width["constant"] * n_ratings ** exponent(theory, width["schedule"])))
