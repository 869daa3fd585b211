"""What purchases are worth, and the smallest difference that these held-out ratings can show."""

import math

import numpy as np
from scipy.special import ndtri

from twotower.diagnosis.components import Components
from twotower.diagnosis.factorial import OWN, OWN_RUNGS

MORE_DATA = 10
PURCHASES = {
    "ten times the ratings": None,
    "twice the width": "own-width-2",
    "twice the embedding dimension": "own-rank-2",
    "twice the steps": "own-steps-2",
}
"""What is bought, and the rung of the user's towers that has it; ratings cannot be made."""
POWER, LEVEL = 0.8, 0.05
SOUGHT = 0.01
"""Of the error: the difference for which the needed replicates are told."""


def worths(found: Components, errors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """How much each purchase takes off the held-out error, [1 + draws]; below 0 it does harm.

    That of ratings follows from the estimation error e of an error G + e = G n / (n − ν): with
    m times the ratings it is G ν / (m n − ν). The others are measured.
    """
    before = found.parts["estimation"]
    share = np.clip(before / np.maximum(found.total, 1e-12), 0.0, 1.0)
    after = before * (1.0 - share) / (MORE_DATA - share)
    worth = {"ten times the ratings": before - after}
    own = errors[f"{OWN}/all"]
    for purchase, rung in PURCHASES.items():
        if rung:
            worth[purchase] = own - errors[f"{rung}/all"]
    return worth


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
    return float(least), math.ceil(splits * (least / (SOUGHT * own[0])) ** 2)
