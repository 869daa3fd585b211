"""Planted clicks: a log of a known law, and the parts of its log loss, computed from the law.

Truth, in nats, for towers (W, p) trained on the training part of the splits:

- noise floor: the mean entropy of p*(·|u) over fresh users.
- rank: the smallest excess log loss of any scores f(u)ᵀ g(i) + b(i) of p components
  (`least_excess`); 0 where p is at least the truth's rank.
- approximation: the excess of `best` towers (W, p) on NOISE_FREE other clicks, less rank. What they
  still pay for clicks is taken away: a fit to half of the clicks pays twice as much.
- estimation: the excess of the very `best` fits that the diagnosis makes, less the last one.
- optimization: the excess of the user's very fits, less that of the `best` fits. Where it is below
  0 it counts against estimation, as in the diagnosis.

The excess of a fit is the mean of KL(p*(·|u) ‖ p̂(·|u)) over fresh users, over the whole catalogue.
"""

import numpy as np
from scipy.optimize import minimize

from twotower.base.seeds import generator
from twotower.data import clicks, targets
from twotower.data.catalogue import draw_catalogue, log_softmax
from twotower.data.groups import USERS_JUDGED
from twotower.data.ratings import draw_side
from twotower.data.targets import Target
from twotower.diagnosis import fits
from twotower.diagnosis.factorial import BEST, OWN, Rung
from twotower.diagnosis.kinds.click_fits import log_law
from twotower.diagnosis.planted import NOISE_FREE, RESTARTS
from twotower.real.clicks.table import as_ratings
from twotower.real.ratings import RealRatings

_USERS = 1024
"""For whom the least excess is sought."""
_STEPS = 300


def drawn(seed: int, spec: dict, n: int) -> tuple[Target, RealRatings, dict[str, np.ndarray]]:
    """The truth, its clicks as the loaders would give them, and fresh users with their law.

    Args:
        seed: of the study.
        spec: the cell's data settings (`Cell.data_spec`), of sampling clicks.
        n: number of clicks.
    """
    target = targets.draw_target(seed, spec, 0)
    place = (seed, spec, {0: target}, {0: draw_catalogue(seed, spec, target, 0)})
    fresh = clicks.draw_test(*place, USERS_JUDGED)
    shapes = clicks.shapes(spec, 1, n)
    columns = {name: np.zeros(shape) for name, shape in shapes.items()}
    clicks.fill(columns, *place, n)
    each = spec["clicks_each"]
    log = as_ratings(
        np.arange(n) // each,
        columns["items"][0].astype(np.int64),
        np.arange(n),
        columns["user_covariates"][0, ::each],
        columns["catalogue_covariates"][0],
    )
    return target, log, {name: each[0] for name, each in fresh.items()}


def least_excess(fresh: dict[str, np.ndarray], rank: int) -> float:
    """The smallest mean KL(p* ‖ p̂) of scores of `rank` components and an item's own score.

    Each user has a free embedding, and each item: no tower does better, and towers that are wide
    enough do as well. L-BFGS, from the singular vectors of the true scores about their means, which
    are best where scores are small.

    Args:
        fresh: users with their law, as of `drawn`.
    """
    truth = log_law(fresh)[:_USERS]
    law = np.exp(truth)
    share = law.mean(axis=0)
    weight = np.sqrt(share)
    base = (truth - (truth @ share)[:, None]).mean(axis=0)
    centered = truth - base
    centered -= (centered @ share)[:, None]
    left, values, right = np.linalg.svd(centered * weight, full_matrices=False)
    scale = np.sqrt(values[:rank])
    start = left[:, :rank] * scale, right[:rank].T * scale / weight[:, None], base[:, None]
    sizes = np.cumsum([each.size for each in start])[:-1]
    shapes = [each.shape for each in start]

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        users, items, own = (
            part.reshape(shape) for part, shape in zip(np.split(point, sizes), shapes, strict=True)
        )
        fitted = log_softmax(users @ items.T + own.T)
        slope = (np.exp(fitted) - law) / len(law)
        slopes = slope @ items, slope.T @ users, slope.sum(axis=0)[:, None]
        excess = (law * (truth - fitted)).sum() / len(law)
        return excess, np.concatenate([each.ravel() for each in slopes])

    point = np.concatenate([each.ravel() for each in start])
    found = minimize(loss, point, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return max(float(found.fun), 0.0)


def truth_of(seed: int, spec: dict, rungs: dict, fresh: dict, fitted: dict) -> dict[str, float]:
    """The parts of the error by name, from the rungs of a diagnosis and what they measured.

    Args:
        fresh: users with their law, as of `drawn`.
        rungs, fitted: by name, OWN and BEST among them, with their `risk/all`.
    """
    target = targets.draw_target(seed, spec, 0)
    towers = rungs[BEST].towers
    whole = Rung(BEST, towers, BEST, ("all", "half"))
    risks = fits.measured(_others(seed, spec, target), whole, 1, RESTARTS, seed, fresh)
    reached = 2.0 * risks["risk/all"].mean() - risks["risk/half"].mean()
    rank = 0.0 if towers.rank >= spec["rank"] else least_excess(fresh, towers.rank)
    best, own = (float(fitted[name]["risk/all"].mean()) for name in (BEST, OWN))
    gained = max(best - own, 0.0)
    law = log_law(fresh)
    return {
        "noise floor": float(-(np.exp(law) * law).sum(axis=1).mean()),
        "estimation": best - float(reached) - gained,
        "approximation": float(reached) - rank,
        "rank": rank,
        "optimization": max(own - best, 0.0),
    }


def _others(seed: int, spec: dict, target: Target) -> RealRatings:
    """NOISE_FREE clicks of users who are in no sample, on the same catalogue."""
    place = (seed, spec, target, 0)
    _, users, embeddings = draw_side(*place, "user", NOISE_FREE, "truth")
    items = draw_catalogue(*place)
    chosen = items.choose(embeddings, generator(seed, spec, "truth_clicks", 0).random(NOISE_FREE))
    numbers = np.arange(NOISE_FREE)
    return as_ratings(numbers, chosen, numbers, users, items.covariates)
