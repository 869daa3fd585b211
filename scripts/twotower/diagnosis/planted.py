"""Planted cases: ratings of a known truth, and the parts of their error, computed from the truth.

Truth, in squared ratings, for towers (W, p) trained on the training part of the splits:

- noise floor: the noise's variance, of the exact scale of ratings.
- rank: the energy of the truth's components beyond the p largest, Σ_{k>p} s_k² of the exact
  singular values s_k of R* (0 where p is at least the truth's rank).
- approximation: the risk of `best` towers (W, p) on NOISE_FREE pairs without noise, the mean over
  RESTARTS seeds, less rank.
- estimation: the risk of the very `best` fits that the diagnosis makes, less the last risk.
- optimization: the risk of the user's very fits, less that of the `best` fits. Where it is below 0
  it counts against estimation, as in the diagnosis.

Risks are mean squared errors against R* on fresh pairs without noise.
"""

import numpy as np

from twotower.data import ratings, targets
from twotower.data.groups import TOWERS
from twotower.data.targets import Target
from twotower.diagnosis import fits
from twotower.diagnosis.factorial import BEST, OWN, Rung
from twotower.real.ratings import RealRatings
from twotower.real.splits import TEST_SHARE

FRESH_PAIRS = 8_192
NOISE_FREE = 32_768
RESTARTS = 4


def drawn(seed: int, spec: dict, n: int, replicate: int = 0) -> tuple[Target, RealRatings, dict]:
    """The truth, its ratings as the loaders would give them, and fresh pairs with their signal.

    Args:
        seed: of the study.
        spec: the cell's data settings (`Cell.data_spec`), fresh pairs alone.
        n: number of ratings.
    """
    target = targets.draw_target(seed, spec, replicate)
    pairs = ratings.draw_pairs(seed, spec, target, replicate, n, "train")
    rated = ratings.noise(seed, spec, replicate)(pairs["signal"])
    fresh = ratings.draw_pairs(seed, spec, target, replicate, FRESH_PAIRS, "test")
    return target, as_real(pairs, rated), fresh


def as_real(pairs: dict, rated: np.ndarray) -> RealRatings:
    """Pairs of `ratings.draw_pairs` and their ratings [n]: each user and item is rated once."""
    numbers = np.arange(len(rated))
    covariates = (pairs[f"{tower}_covariates"] for tower in TOWERS)
    scale = np.array([rated.min(), rated.max()])
    return RealRatings(numbers, numbers, rated, np.zeros_like(numbers), *covariates, scale)


def lost_rank(target: Target, rank: int) -> float:
    """Energy of R* beyond its `rank` largest singular values."""
    sides = [np.linalg.cholesky(each.second_moment()) for each in (target.user, target.item)]
    singular = np.linalg.svd(sides[0].T @ sides[1], compute_uv=False)
    return float(np.square(singular[rank:]).sum())


def true_parts(
    seed: int, spec: dict, target: Target, rung: Rung, fresh: dict, risks: dict[str, np.ndarray]
) -> dict[str, float]:
    """The parts of the error by name.

    Args:
        rung: BEST, with the user's towers.
        risks: `risk/all` of OWN and of BEST, as `fits.measured` gives them, by rung.
    """
    pairs = ratings.draw_pairs(seed, spec, target, 1, NOISE_FREE, "train")
    exact = as_real(pairs, pairs["signal"])
    whole = Rung(BEST, rung.towers, BEST, ("all",))
    reached = float(fits.measured(exact, whole, 1, RESTARTS, seed, fresh)["risk/all"].mean())
    rank = lost_rank(target, rung.towers.rank)
    best, own = float(risks[BEST].mean()), float(risks[OWN].mean())
    gained = max(best - own, 0.0)
    return {
        "noise floor": float(spec["noise_sd"]) ** 2,
        "estimation": best - reached - gained,
        "approximation": reached - rank,
        "rank": rank,
        "optimization": max(own - best, 0.0),
    }


def risk_with(
    seed: int, spec: dict, target: Target, rung: Rung, trained: int, repeats: int, fresh: dict
) -> float:
    """The risk of a rung's towers that are trained with `trained` other ratings of the truth."""
    n = round(trained / (1.0 - TEST_SHARE))
    pairs = ratings.draw_pairs(seed, spec, target, 2, n, "train")
    data = as_real(pairs, ratings.noise(seed, spec, 2)(pairs["signal"]))
    whole = Rung(rung.name, rung.towers, rung.training, ("all",))
    return float(fits.measured(data, whole, 1, repeats, seed, fresh)["risk/all"].mean())


def truth_of(seed: int, spec: dict, rungs: dict, fresh: dict, fitted: dict) -> dict[str, float]:
    """As `true_parts`, from the rungs of a diagnosis and what they measured, by name."""
    target = targets.draw_target(seed, spec, 0)
    risks = {name: fitted[name]["risk/all"] for name in (OWN, BEST)}
    return true_parts(seed, spec, target, rungs[BEST], fresh, risks)
