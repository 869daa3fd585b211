"""What a plan is made from: a learning curve, and what its file says about the curve."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twotower.base.errors import ExpectedError
from twotower.forecast.drifting_curve import Pilot

LEAST_SIZES = 5
LEAST_REPLICATES = 3


class PilotError(ExpectedError):
    """A file that no plan can be made from; the message says where, what, and what is allowed.

    `elsewhere`: it lacks the values that were asked for alone, and another file may have them.
    """

    def __init__(self, text: str, elsewhere: bool = False) -> None:
        super().__init__(text)
        self.elsewhere = elsewhere


@dataclass(frozen=True)
class Source:
    """A learning curve, and what the file says of it.

    Attributes:
        key: short name, for files.
        title: what was measured, for readers.
        pilot: the curve.
        unit: what the error is.
        settings: the columns of a study's cell; empty for a pilot of one's own.
        widths: units of a hidden layer at each size, shape [sizes]; None where it is not known.
        rooted: whether the file holds root mean squares, which are squared here.
        points: columns n_ratings, n_users, n_items, replicate, error and planned (whether of the
            curve itself): all that was measured under otherwise equal settings; no rows where
            numbers of users and items are not known.
        others: what else the file can be asked for, as typed, such as METHOD=svd.
    """

    key: str
    title: str
    pilot: Pilot
    unit: str
    settings: dict = field(default_factory=dict)
    widths: np.ndarray | None = None
    rooted: bool = False
    points: pd.DataFrame = field(default_factory=pd.DataFrame)
    others: tuple[str, ...] = ()

    def squared(self, target: float) -> float:
        """A wanted error in the file's own unit as one of the pilot's."""
        return target**2 if self.rooted else target

    def shown(self, error):
        """Errors of the pilot in the unit of the file; of a root, the root."""
        return np.sqrt(np.maximum(error, 0.0)) if self.rooted else error


def number(name: str, given: str) -> float:
    """A number above 0 that a user typed.

    Raises:
        PilotError: if it is none.
    """
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise PilotError(
            f"{name}={given}; allowed: {name} must be a number above 0"
            + (", in the unit of the file's errors, such as TARGET=0.05" * (name == "TARGET"))
        )
    return value


def floor_of(given: str, usual: float | None) -> float | None:
    """The floor of a pilot for "fit", "none" or a number; the usual one for no word at all."""
    if given in ("", None):
        return usual
    if given in ("fit", "none"):
        return None if given == "fit" else 0.0
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise PilotError(f"the floor is {given}; allowed: fit, none, or a number from 0")
    return value


def checked(pilot: Pilot, place: str, rooted: bool = False, remedy: str = "") -> Pilot:
    """The pilot itself.

    Args:
        pilot: the curve.
        place: where it stands, for messages.
        rooted: whether its file has roots.
        remedy: how more replicates are made.

    Raises:
        PilotError: if sizes or replicates are too few, or errors or the floor make no curve.
    """
    replicates, sizes = pilot.error.shape
    if sizes < LEAST_SIZES:
        raise PilotError(
            f"{place}: has {sizes} size{'' if sizes == 1 else 's'}, "
            f"{', '.join(map(str, pilot.n))}; allowed: {LEAST_SIZES} or more, each about twice the "
            "one before"
        )
    if replicates < LEAST_REPLICATES:
        have = f"{replicates} replicate{'' if replicates == 1 else 's'}"
        raise PilotError(
            f"{place}: has {have} of each size; allowed: {LEAST_REPLICATES} or more, such as "
            "splits of the same ratings, whose scatter separates noise from shape"
            + (f"; {remedy}" if remedy else "")
        )
    if not (np.isfinite(pilot.error) & (pilot.error > 0)).all():
        raise PilotError(f"{place}: an error is not a number above 0")
    if pilot.floor is not None and pilot.floor >= pilot.mean.min():
        floor, least = (
            value**0.5 if rooted else value for value in (pilot.floor, pilot.mean.min())
        )
        raise PilotError(
            f"{place}: the floor {floor:g} is not below the smallest mean error, {least:.4g}; "
            "allowed: a smaller one, or fit"
        )
    return pilot
