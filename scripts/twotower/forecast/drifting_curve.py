"""A learning curve whose slope may bend and drift: what a plan for more ratings extrapolates.

A pure power law is not to be trusted two sizes ahead: of its 95% intervals 41% held the risk in the
standard study (docs/findings), since curves bend. So the slope itself changes over doublings of the
number of ratings n, in two ways: it bends by the same amount in each doubling, as curves that
steepen or flatten steadily do, and it drifts as a random walk. Neither amount is known. The mean
error at n is

    error(n) = floor + exp(g(x)),  x = log2 n,  dg/dx = ln 2 · slope(x),  d slope = b dx + τ dW(x).

g is an integrated Wiener process (a cubic smoothing spline seen as a prior; G. Wahba, "Improper
priors, spline smoothing and the problem of guarding against model errors in regression", 1978)
around a parabola: the forecast starts from the level, the slope and the bend at the largest sizes,
not from the mean slope of all, and its band widens fast with the doublings ahead.

What is averaged over, each with its prior (`drift_prior`), by a grid and Laplace's approximation
in g:

- the slope at the smallest size: every scale of a falling curve alike.
- b, its steady growth in one doubling: normal around 0, in shares of the slope, so that steepening
  and flattening are alike.
- τ, its further change in one doubling: log-normal, in shares of the slope. It is calibrated on the
  slopes of the standard study, and on no curve that the back-test judges.
- the floor (only where one is fitted): 0 as likely as any, else uniform below the smallest mean
  error.

The noise of mean errors over replicates has three parts: what replicates differ in by level, by
slope, and at single sizes. Where the same replicates would be carried on to more ratings (a study's
targets) their levels and slopes are part of the curve sought, not noise (`Pilot.carried_on`).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from twotower.base.seeds import generator
from twotower.forecast import prior as drift_prior
from twotower.forecast import random_walks

REACH = 10.0
"""No answer beyond so many times the largest number of ratings."""
DRAWS = 4000

_STEPS = 8  # points of a path in one doubling
_NEGLIGIBLE = 1e-6  # relative standard error of noise-free curves
_POOLED = 4.0  # replicates that the rest of all sizes counts for, beside those of a single size
_LEAST_LEFT = 0.05
_NORMAL = float(ndtri(0.9))


@dataclass(frozen=True)
class Pilot:
    """A measured learning curve.

    Attributes:
        n: numbers of ratings, increasing, shape [sizes].
        error: errors, shape [replicates, sizes]; squared, in whatever unit.
        carried_on: whether the curve sought is that of these very replicates.
        floor: None to fit it, else what the error tends to (0 for a risk).
    """

    n: np.ndarray
    error: np.ndarray
    carried_on: bool = False
    floor: float | None = 0.0

    @property
    def mean(self) -> np.ndarray:
        """Mean error, shape [sizes]."""
        return self.error.mean(axis=0)

    def cut(self, sizes: int) -> "Pilot":
        """The same at its first sizes alone."""
        return replace(self, n=self.n[:sizes], error=self.error[:, :sizes])


@dataclass(frozen=True)
class Forecast:
    """Draws of the curve from what is known after the pilot.

    Attributes:
        n: numbers of ratings from the smallest to `REACH` times the largest, shape [points].
        excess: error above the floor, shape [draws, points].
        floor: shape [draws].
        drift: τ of each draw, shape [draws].
    """

    n: np.ndarray
    excess: np.ndarray
    floor: np.ndarray
    drift: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Errors, shape [draws, points]."""
        return self.floor[:, None] + self.excess

    def ratings(self, target: float) -> np.ndarray:
        """Smallest n whose error is the target or less; inf where none in reach, shape [draws].

        Between points log excess is linear in log n. Where the smallest n is already enough, it is
        the answer.
        """
        below = self.error <= target
        at = below.argmax(axis=1)
        draws = np.arange(len(at))
        before = np.maximum(at - 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):  # floors above the target
            wanted = np.log(target - self.floor)
            high, low = np.log(self.excess[draws, before]), np.log(self.excess[draws, at])
            share = np.where(high > low, (high - wanted) / (high - low), 0.0)
        log_n = np.log(self.n)
        found = np.exp(log_n[before] + np.clip(share, 0.0, 1.0) * (log_n[at] - log_n[before]))
        return np.where(below.any(axis=1), np.where(at == 0, self.n[0], found), np.inf)

    def error_at(self, n: float) -> np.ndarray:
        """Errors at n ratings, within the points, shape [draws]."""
        log_n, at = np.log(self.n), math.log(n)
        right = int(np.clip(np.searchsorted(log_n, at), 1, log_n.size - 1))
        share = (at - log_n[right - 1]) / (log_n[right] - log_n[right - 1])
        logs = np.log(self.excess[:, [right - 1, right]])
        return self.floor + np.exp((1 - share) * logs[:, 0] + share * logs[:, 1])

    def slope_at(self, n: float) -> np.ndarray:
        """Slope of log excess on log n around n, over one doubling, shape [draws]."""
        middle = min(max(n, self.n[0] * math.sqrt(2)), self.n[-1] / math.sqrt(2))
        low, high = (self.error_at(middle * f) - self.floor for f in (2**-0.5, 2**0.5))
        return np.log(high / low) / math.log(2)


def forecast(pilot: Pilot, draws: int = DRAWS, reach: float = REACH) -> Forecast:
    """What is known about the curve after the pilot; the same draws for the same pilot.

    Args:
        pilot: three sizes or more, two replicates or more; mean errors above a floor that is given.
        draws: number of draws.
        reach: largest n of the forecast over the largest of the pilot.
    """
    log2_n = np.log2(pilot.n.astype(float))
    doublings = log2_n - log2_n[0]
    prior = drift_prior.prior(pilot.floor, pilot.mean.min())
    noise = _noise(pilot)  # of mean errors
    sds = (prior.slope_sds, prior.bend_sds, prior.drifts)
    spread = random_walks.covariance(doublings, doublings, *sds)
    centre = math.log(pilot.mean[0]) + prior.slopes[:, None] * random_walks.line(doublings)
    fits = random_walks.laplace(pilot.mean, prior.floors, noise, spread, centre)
    log_weights = prior.log_weights + fits.evidence
    weights = np.exp(log_weights - log_weights.max())
    rng = generator(0, {"n": pilot.n.tolist(), "draws": draws}, "plan", 0)
    chosen = _systematic(weights / weights.sum(), draws, rng)

    points = np.arange(0.0, doublings[-1] + math.log2(reach) + 1 / _STEPS, 1 / _STEPS)
    points[-1] = doublings[-1] + math.log2(reach)
    places = np.concatenate([doublings, points])
    paths = math.log(pilot.mean[0]) + prior.slopes[chosen, None] * random_walks.line(places)
    paths += random_walks.paths(places, *(each[chosen] for each in sds), rng)
    white = rng.standard_normal((draws, doublings.size))
    roots = np.linalg.cholesky(fits.noise)[chosen]
    missed = fits.pseudo[chosen] - np.einsum("dij,dj->di", roots, white)
    missed -= paths[:, : doublings.size]
    pull = np.linalg.solve((spread + fits.noise)[chosen], missed[..., None])[..., 0]
    for component, rows in prior.walks(chosen):  # Matheron's rule: a prior draw, corrected by data
        known = random_walks.covariance(places, doublings, *(each[[component]] for each in sds))
        paths[rows] += pull[rows] @ known[0].T
    n = pilot.n[0] * 2.0**points
    return Forecast(
        n, np.exp(paths[:, doublings.size :]), prior.floors[chosen], prior.drifts[chosen]
    )


def between(pilot: Pilot, draws: int = DRAWS) -> Forecast:
    """The curve within the sizes measured, with their noise, and straight lines between them."""
    rng = generator(0, {"n": pilot.n.tolist(), "draws": draws}, "between", 0)
    root = np.linalg.cholesky(_noise(pilot))
    mean = pilot.mean + rng.standard_normal((draws, pilot.n.size)) @ root.T
    excess = np.maximum(mean, 1e-3 * pilot.mean)
    return Forecast(pilot.n.astype(float), excess, np.zeros(draws), np.zeros(draws))


def held_out_interval(pilot: Pilot, confidence: float = 0.95) -> tuple[float, float]:
    """Interval in which the mean error at the largest size is due, from the other sizes.

    Of the same replicates on both sides, so only the noise of single sizes counts.
    """
    same = replace(pilot, carried_on=True)
    rest = forecast(same.cut(pilot.n.size - 1), reach=1.001 * pilot.n[-1] / pilot.n[-2])
    rng = generator(0, {"n": pilot.n.tolist()}, "held out", 0)
    sd = math.sqrt(_noise(same)[-1, -1])
    draws = rest.error_at(float(pilot.n[-1])) + sd * rng.standard_normal(rest.floor.size)
    low, high = np.quantile(draws, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(low), float(high)


# ---------------------------------------------------------------- inside


def _noise(pilot: Pilot) -> np.ndarray:
    """Covariance of the mean errors, shape [sizes, sizes].

    Relative deviations of replicates are split into level, slope and the rest; what the rest adds
    to the levels and slopes seen is taken off those, lest it count twice. A size whose rest is
    larger than that of the others counts less, as far as its replicates tell. Variances from few
    replicates are too small as often as not: they are widened as Student's t is at 80%.
    """
    replicates, sizes = pilot.error.shape
    x = np.log2(pilot.n.astype(float))
    x = x - x.mean()
    deviation = pilot.error / pilot.mean - 1.0
    basis = np.column_stack([np.ones(sizes), x])
    line = np.linalg.lstsq(basis, deviation.T, rcond=None)[0]
    rest = deviation - line.T @ basis.T
    freedom = (replicates - 1) * max(sizes - 2, 1)
    pooled = (rest**2).sum() / freedom
    left = 1.0 - 1.0 / sizes - x**2 / (x @ x)  # of a size's variance, after level and slope
    own = (rest**2).sum(axis=0) / np.maximum(left, _LEAST_LEFT)  # (replicates − 1) times it
    single = _widened((_POOLED * pooled + own) / (_POOLED + replicates - 1), freedom)
    relative = np.diag((single + _NEGLIGIBLE**2) / replicates)
    if not pilot.carried_on:
        from_rest = pooled / np.array([sizes, x @ x])
        between = _positive(line @ line.T / (replicates - 1) - np.diag(from_rest))
        relative += basis @ _widened(between, replicates - 1) @ basis.T / replicates
    return relative * np.outer(pilot.mean, pilot.mean)


def _positive(covariance: np.ndarray) -> np.ndarray:
    """The nearest covariance without negative variances."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def _widened(variance, freedom: int):
    return variance * (float(stdtrit(freedom, 0.9)) / _NORMAL) ** 2


def _systematic(weights: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Components in proportion to their weights, with the least scatter, shape [draws]."""
    steps = (np.arange(draws) + rng.random()) / draws
    return np.minimum(np.searchsorted(np.cumsum(weights), steps), weights.size - 1)
