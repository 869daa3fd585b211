"""What unlimited ratings would leave of the error of each rung, and what is not known of that.

Least squares tells it from fits to half and to all ratings, where there are many for each weight
(`ladders.unlimited`). Where the user's towers are crowded, the least training error is reached by
fitting the noise, and fits to half and all say nothing of unlimited ratings. The user's own
training still has a learning curve. It is carried on as a power of the number of ratings.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from twotower.diagnosis.factorial import BEST, OWN

TRUSTED = 0.3
"""Of what is taken away as estimation: how far it may be off, as least squares describes no towers
exactly. A standard deviation of its logarithm."""
RATE, RATE_SPREAD = 0.85, 0.35
"""A prior for the power by which estimation falls with the number of ratings, log-normal: 1 of
weights that are fitted well, 2β/(2β + d) of towers that grow with the ratings, 1/3 to 4/5."""


def floors(
    errors: Mapping[str, np.ndarray],
    names: Collection[str],
    rng: np.random.Generator,
    unlimited: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> dict[str, np.ndarray]:
    """Errors [1 + draws] that unlimited ratings would leave of rungs that are not crowded.

    The formula's own error is drawn once for all rungs, which it takes alike.

    Args:
        errors: mean losses by "rung/share".
        names: rungs; those that were not fitted are left out.
        unlimited: from the error of half of the ratings and of all.
    """
    off = np.exp(TRUSTED * drawn(rng, len(errors[f"{OWN}/all"])))
    found = {}
    for name in names:
        if f"{name}/all" in errors:
            half, whole = errors[f"{name}/half"], errors[f"{name}/all"]
            found[name] = whole - off * (whole - unlimited(half, whole))
    return found


def of_crowded(errors: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """The same of crowded towers of the user's size, from the learning curve of their training.

    Where that stops short of `best` by the held-out error, its curve may be flat whatever better
    trained towers would gain from more ratings. The curve of `best` counts then too, carried on by
    an unknown share, from none to all of it.
    """
    best = errors[f"{BEST}/all"]
    reached = errors[f"{OWN}/all"] - np.maximum(learned(errors, rng), 0.0)
    share = np.r_[0.5, rng.random(len(best) - 1)]
    others = best - share * np.maximum(learned(errors, rng, rung=BEST), 0.0)
    short = errors[f"{OWN}/all"] > best
    return np.clip(np.where(short, np.minimum(reached, others), reached), 0.0, best)


def learned(
    errors: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    times: float = np.inf,
    rung: str = OWN,
) -> np.ndarray:
    """How much of the error of a rung, the user's training, so many times the ratings take off.

    E(n) = floor + c n^(−a), with c n^(−a) = (E(n/2) − E(n)) / (2^a − 1). Two points do not tell a:
    it is drawn from its prior.
    """
    whole = errors[f"{rung}/all"]
    rate = RATE * np.exp(RATE_SPREAD * drawn(rng, len(whole)))
    above = (errors[f"{rung}/half"] - whole) / (2.0**rate - 1.0)
    return np.minimum(above * (1.0 - times**-rate), whole)


def drawn(rng: np.random.Generator, count: int) -> np.ndarray:
    """Standard normal [count], the first 0: the estimate stands before the draws."""
    return np.r_[0.0, rng.standard_normal(count - 1)]
