"""The risk due of the empirical risk minimizer on one target, at its width.

Each tower's true embedding is projected on the hidden units that the closed form draws
(`projection`); what both projections leave out of the target's energy is the approximation error
A(W). The output layers are then a least-squares fit of W + 1 functions a tower
(`least_squares.risk`). That joint training moves the hidden units is left out: where the
approximation error rules, trained towers do better. Derived for this project.
"""

from dataclasses import dataclass

import numpy as np

from twotower.data.targets import TOWERS, Target
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets import energy, least_squares
from twotower.predictions.targets.projection import Projector
from twotower.theory.bound import Theory
from twotower.theory.width import units


@dataclass(frozen=True)
class Minimizer:
    """What is due at several sizes; all of shape [sizes].

    Attributes:
        risk: in units of the signal's variance; NaN where the ratings are too few.
        lost: the approximation error.
        width: units in a hidden layer.
    """

    risk: np.ndarray
    lost: np.ndarray
    width: np.ndarray


def minimizer(
    seed: int, cell: dict, target: Target, replicate: int, sizes: list[int], law: RatingLaw
) -> Minimizer:
    """The minimizer's risk on the target of one replicate.

    Args:
        seed: the study's.
        cell: settings of the cell (`Cell.spec`).
        target: of this replicate.
        sizes: numbers of ratings.
        law: what its ratings tell of it.
    """
    projectors = [Projector(seed, cell, target, tower, replicate) for tower in TOWERS]
    widths = [units(cell["width"], Theory.of(cell), n) for n in sizes]
    return due(projectors, cell, sizes, widths, law)


def due(
    projectors: list[Projector], cell: dict, sizes: list[int], widths: list[int], law: RatingLaw
) -> Minimizer:
    """The same at given widths, one for each size; `projectors` are of the user and the item."""
    components = cell.get("embedding_dim", cell["rank"])
    lost, strengths = np.empty(len(sizes)), np.zeros((len(sizes), components))
    for index, (n, width) in enumerate(zip(sizes, widths, strict=True)):
        user, item = (each.parts(width, n) for each in projectors)
        found = energy.strengths(user.kept, item.kept)
        whole = ((user.kept + user.rest) * (item.kept + item.rest)).sum()
        beyond = energy.lost(user.kept, user.rest, item.kept, item.rest)
        lost[index] = (beyond + found[components:].sum()) / whole
        strengths[index, : len(found)] = found[:components] / whole
    functions = np.asarray(widths) + 1.0
    risk = least_squares.risk(
        np.asarray(sizes), lost, strengths, law.noise_variance, functions, functions, law.slope
    )
    return Minimizer(risk, lost, np.asarray(widths))
