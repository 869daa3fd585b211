"""What purchases are worth, and the smallest difference that these held-out ratings can show."""

import math

import numpy as np
from scipy.special import ndtri

from twotower.base import seeds
from twotower.diagnosis import floors
from twotower.diagnosis.factorial import FEWEST_SPLITS, OWN, OWN_RUNGS
from twotower.diagnosis.kinds import kind
from twotower.diagnosis.kinds.kind import Kind

MORE_DATA = 10
PURCHASES = {
    "twice the width": "own-width-2",
    "twice the embedding dimension": "own-rank-2",
    "twice the steps": "own-steps-2",
}
"""What is bought beside ratings, which cannot be made, and the rung of the towers that has it."""
POWER, LEVEL = 0.8, 0.05
SOUGHT = 0.01
"""Of the error: the difference for which the needed splits are told."""


def worths(
    errors: dict[str, np.ndarray], seed: int, of: Kind = kind.RATINGS
) -> dict[str, np.ndarray]:
    """How much each purchase takes off the held-out error, [1 + draws]; below 0 it does harm.

    That of ratings, or clicks, carries the learning curve of the user's training on
    (`floors.learned`). The others are measured.

    Args:
        seed: of the study.
    """
    rng = seeds.generator(seed, {"diagnosis": "worth"}, "draws", 0)
    worth = {f"ten times the {of.events}": floors.learned(errors, rng, MORE_DATA)}
    own = errors[f"{OWN}/all"]
    return worth | {what: own - errors[f"{rung}/all"] for what, rung in PURCHASES.items()}


def smallest_difference(errors: dict[str, np.ndarray], splits: int) -> tuple[float, float]:
    """The smallest difference of the errors of two models that is found in 4 of 5 trials, and the
    number of splits at which 1% of the error would be.

    A paired comparison at level 5%, two-sided. Its spread is the root mean square of those of the
    user's towers against three relatives: twice the width, dimension and steps. All of it is taken
    to shrink with the number of splits; what is due to few users does not.
    """
    own = errors[f"{OWN}/all"]
    rivals = [own - errors[f"{name}/all"] for name in OWN_RUNGS if name != OWN]
    spread = float(np.sqrt(np.mean([np.var(rival[1:]) for rival in rivals])))
    least = (ndtri(1 - LEVEL / 2) + ndtri(POWER)) * spread
    needed = math.ceil(splits * (least / (SOUGHT * own[0])) ** 2)
    return float(least), max(needed, FEWEST_SPLITS)
