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

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from twotower.base import seeds
from twotower.diagnosis import floors, ladders
from twotower.diagnosis.factorial import BEST, OWN

NAMES = ("noise floor", "estimation", "approximation", "rank", "optimization")
BUYS = NAMES[1:]
"""What can be bought: data, width, dimensions, steps."""
Errors = Mapping[str, np.ndarray]
"""Mean losses [1 + draws] by rung, or by "rung/share"."""


@dataclass(frozen=True)
class Components:
    """Arrays [1 + draws]: the estimate first, then the draws of the bootstrap.

    Attributes:
        parts: by name, in the order of NAMES; they sum to `total`.
        total: the held-out error of the user's towers.
        gained: what stopping short gains over the smallest training error, 0 or more.
        untold: parts that these ratings cannot tell from the noise floor: each draw is a guess.
    """

    parts: dict[str, np.ndarray]
    total: np.ndarray
    gained: np.ndarray
    untold: tuple[str, ...] = ()


def split_up(
    errors: Errors,
    widths: dict[str, float],
    ranks: dict[str, float],
    base: str,
    constant: np.ndarray,
    seed: int,
    unlimited: Callable[[np.ndarray, np.ndarray], np.ndarray] = ladders.unlimited,
) -> Components:
    """Take the error apart.

    Args:
        errors: by "rung/share".
        widths, ranks: the size of each rung of these ladders, those of BEST and of `base` too.
        base: the rung around which dimensions are varied (`factorial.base`): BEST unless it is
            crowded, "" if there is none.
        constant: errors [1 + draws] of the model that knows nothing of the user.
        seed: of the study.
        unlimited: the error that unlimited ratings would leave, from that of half and of all.
    """
    own, best = errors[f"{OWN}/all"], errors[f"{BEST}/all"]
    rng = seeds.generator(seed, {"diagnosis": "model"}, "draws", 0)
    sound = [name for name in widths | ranks if name != BEST or base == BEST]
    reached = floors.floors(errors, sound, rng, unlimited)
    if base != BEST:
        reached[BEST] = _of_crowded(errors, widths, reached, rng)
    # No error that such towers have had is below what they would reach with unlimited ratings.
    at = reached[BEST] = np.minimum(np.minimum(own, best), reached[BEST])
    missed, end = _gap(widths, widths[BEST], reached, errors, rng)
    untold = {"approximation": len(widths) < 2, "rank": len(ranks) < 2}
    found = np.maximum(constant - at, 0.0)
    if untold["approximation"]:
        missed = _guessed(np.minimum(at, found), rng)
    lost = np.zeros_like(at)
    if not untold["rank"]:
        lost, _ = _gap(ranks, ranks[base], reached, errors, rng)
        # Narrow towers lose the same share of each component of the truth, so that what is
        # explained is a product: the share that the width lets through, times what the dimensions
        # hold.
        explained = np.maximum(constant - reached[base], 1e-9)
        lost = lost * (1.0 + np.clip((reached[base] - end) / explained, 0.0, 1.0))
    share = np.minimum(1.0, at / np.maximum(missed + lost, 1e-12))
    approximation, rank = missed * share, lost * share
    if untold["rank"]:
        rank = _guessed(np.minimum(at - approximation, found), rng)
    gained = np.maximum(best - own, 0.0)
    parts = {
        "noise floor": at - approximation - rank,
        "estimation": best - at - gained,
        "approximation": approximation,
        "rank": rank,
        "optimization": np.maximum(own - best, 0.0),
    }
    return Components(parts, own, gained, tuple(name for name in untold if untold[name]))


def _of_crowded(
    errors: Errors, widths: dict[str, float], reached: Errors, rng: np.random.Generator
) -> np.ndarray:
    """What unlimited ratings would leave of crowded towers: what their learning curve says, or the
    ladder of narrower ones, carried on to their width, where that lies lower."""
    curve = floors.of_crowded(errors, rng)
    narrower = {name: size for name, size in widths.items() if name != BEST}
    if len(narrower) < 2:
        return curve
    carried = sum(_gap(narrower, widths[BEST], reached, errors, rng))
    return np.clip(curve, 0.0, np.maximum(carried, 0.0))


def _guessed(most: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A part of which nothing is known, [1 + draws], at most what is left and what is explained.

    It is nothing in half of the draws, and any share of that in the others; the estimate is the
    mean.
    """
    return most * np.r_[0.25, np.maximum(rng.uniform(-1.0, 1.0, len(most) - 1), 0.0)]


def _gap(
    ladder: dict[str, float],
    at: float,
    reached: Errors,
    errors: Errors,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """How far towers of a size lie above the end of a ladder, and that end, [1 + draws] each.

    Draws take each rung off the power of its size as far as it may be.
    """
    names = sorted((name for name in ladder if name in reached), key=ladder.__getitem__)
    values = np.stack([reached[name] for name in names], axis=1)
    draws, count = values.shape
    usual = ladders.USUAL * np.exp(ladders.SPREAD * floors.drawn(rng, draws))
    removed = np.array([errors[f"{name}/all"][0] - reached[name][0] for name in names])
    noise = (values - np.median(values, axis=1, keepdims=True))[1:].std(axis=0)
    bent = ladders.BENT * (values[0] - values[0].min()) + ladders.LEAST * values[0].min()
    values[1:] += bent * rng.standard_normal((draws - 1, count))
    spread = np.sqrt(noise**2 + (floors.TRUSTED * removed) ** 2 + bent**2)
    sizes = np.array([ladder[name] for name in names], float)
    return ladders.gap(sizes, values, spread, at, usual)
