"""The five parts of a held-out error, and which of them is the largest.

    E(own) = noise floor + rank + approximation + estimation + optimization

- optimization: the user's training against the same towers close to the smallest training error.
- estimation: these, against what they would reach with unlimited ratings.
- approximation: what wider towers of the same embedding dimension would take off that.
- rank: what more dimensions would take off what is left.
- noise floor: the rest. No towers on these covariates get below it.

A training that stops short of the minimum may be better for that. Its gain counts against
estimation then, and optimization is 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twotower.base import seeds
from twotower.diagnosis import ladders
from twotower.diagnosis.factorial import BEST, OWN

NAMES = ("noise floor", "estimation", "approximation", "rank", "optimization")
BUYS = NAMES[1:]
"""What can be bought: data, width, dimensions, steps."""


@dataclass(frozen=True)
class Components:
    """Arrays [1 + draws]: the estimate first, then the draws of the bootstrap.

    Attributes:
        parts: by name, in the order of NAMES; they sum to `total`.
        total: the held-out error of the user's towers.
        gained: what stopping short gains over the smallest training error, 0 or more.
    """

    parts: dict[str, np.ndarray]
    total: np.ndarray
    gained: np.ndarray


def split_up(
    errors: dict[str, np.ndarray],
    ladders_of: dict[str, dict[str, float]],
    constant: np.ndarray,
    crowded: bool,
    seed: int,
    unlimited: Callable[[np.ndarray, np.ndarray], np.ndarray] = ladders.unlimited,
) -> Components:
    """Take the error apart.

    Args:
        errors: mean losses [1 + draws] by "rung/share".
        ladders_of: for "width" and "rank", the size of each rung of that ladder, BEST's as well.
        constant: errors [1 + draws] of the model that knows nothing of the user.
        crowded: whether the user's towers have too many weights for half of the ratings, so that
            only narrower ones tell what they could express.
        seed: of the study.
        unlimited: the error that unlimited ratings would leave, from that of half and of all.
    """
    own, best = errors[f"{OWN}/all"], errors[f"{BEST}/all"]
    whole = {name.partition("/")[0] for name in errors}
    floors = {
        name: unlimited(errors[f"{name}/half"], errors[f"{name}/all"])
        for ladder in ladders_of.values()
        for name in ladder
        if name in whole and not (crowded and name == BEST)
    }
    above = {key: _gap(key, ladder, floors, errors, seed) for key, ladder in ladders_of.items()}
    gaps = {key: gap for key, (gap, _) in above.items()}
    # No error that such towers have had is below what they would reach with unlimited ratings.
    at = np.minimum(own, floors[BEST] if BEST in floors else np.minimum(best, sum(above["width"])))
    explained = np.maximum(constant - at, 1e-9)
    # Narrow towers lose the same share of each component of the truth, so that what is explained is
    # a product: the share that the width lets through, times what the dimensions hold.
    factor = 1.0 + np.minimum(gaps["width"] / explained, 1.0)
    approximation, rank = gaps["width"], gaps["rank"] * factor
    share = np.minimum(1.0, at / np.maximum(approximation + rank, 1e-12))
    approximation, rank = approximation * share, rank * share
    gained = np.maximum(best - own, 0.0)
    parts = {
        "noise floor": at - approximation - rank,
        "estimation": best - at - gained,
        "approximation": approximation,
        "rank": rank,
        "optimization": np.maximum(own - best, 0.0),
    }
    return Components(parts, own, gained)


def _gap(
    key: str, ladder: dict[str, float], floors: dict, errors: dict, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """How far the user's towers lie above the end of a ladder, and that end, [1 + draws] each.

    The rungs whose floors are known tell it: those of the user's own size do not, where these are
    crowded, and the curve through narrower ones is carried on.
    """
    names = sorted((name for name in ladder if name in floors), key=ladder.__getitem__)
    draws = len(errors[f"{BEST}/all"])
    if not names:
        return np.zeros(draws), errors[f"{BEST}/all"]
    rng = seeds.generator(seed, {"diagnosis": "exponents"}, key, 0)
    usual = ladders.USUAL * np.exp(ladders.DRAWN * rng.standard_normal(draws))
    usual[0] = ladders.USUAL
    values = np.stack([floors[name] for name in names], axis=1)
    removed = np.array([errors[f"{name}/all"][0] - floors[name][0] for name in names])
    noise = (values - values[:, -1:])[1:].std(axis=0)
    bent = ladders.BENT * (values[0] - values[0].min())
    spread = np.sqrt(noise**2 + (ladders.TRUSTED * removed) ** 2 + bent**2)
    sizes = np.array([ladder[name] for name in names], float)
    least = ladders.LEAST * values[0].min()
    return ladders.gap(sizes, values, spread + least, ladder[BEST], usual)
