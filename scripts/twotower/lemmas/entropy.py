"""Lemma 3: the bracketing entropy that Lemma 2 gives, and the rate that it implies.

Cut [−B, B]^S, S the number of parameters, into cubes of side 2r with r = u/(2Λ). By Lemma 2 every
network of a cube lies between its centre's scores ∓ Λr, a bracket of width u in the sup-norm, so

    log N_[](u) ≤ S log⌈B/r⌉ ≤ S log(1 + 2BΛ/u).

*Bound entropy* takes Λ of Lemma 2. *Effective entropy* takes in its place the largest ratio that a
signed gradient step attains on networks drawn uniformly: no bound, but what a typical network does.

The rate, at n ratings with Theorem 2's one hidden layer of W = n^(d/(2β+d)) units and S ∝ W:

    r(n) = W^(−2β/d) + log N_[](1/n)/n,

approximation error plus entropy over n, with constants 1; brackets finer than 1/n would cost more
than they gain. Both Λ and n are powers of n here, so the entropy is S times *one* log n, and r(n)
falls as n^(−2β/(2β+d)) log n. The paper has a second log n, as an upper bound may.

Rule: r(n) must fall over the sizes of the study as n^(−2β/(2β+d)) (log n)^k does for some k of at
most 2, and no faster than n^(−2β/(2β+d)−0.05). The k that it takes is reported. It tends to 1, but
is smaller at the sizes in reach, where log(2BΛn) still grows more slowly than log n in proportion.
So the slope of r(n)/log n, also reported, is steeper than the exponent there, by up to 0.05 over
2^9 … 2^17 and 0.01 over 2^20 … 2^40. Slopes of r(n) and r(n)/(log n)² stand beside it.
"""

from itertools import product

import numpy as np

from twotower.base import seeds
from twotower.lemmas.lipschitz import LIMIT, drawn_ratio, lipschitz_bound
from twotower.lemmas.random_networks import Shape
from twotower.theory.bound import Theory, least_squares_slope, log_factor_slope
from twotower.theory.width import exponent

TOLERANCE = 0.05
LARGEST_LOG_POWER = 2
SMOOTHNESSES = (0.5, 1.0, 2.0)
INTRINSIC_DIMS = (1, 2)
_EMBEDDING_DIM = 2
_NETWORKS = 10  # drawn at every size for the effective entropy


def entropy(n_parameters: float, lipschitz: float, limit: float, width: float) -> float:
    """Bound on log N_[](width): S log(1 + 2BΛ/u).

    Args:
        n_parameters: S, in [−limit, limit] each.
        lipschitz: Λ, of the scores in the parameters' sup-norm.
        limit: B.
        width: u > 0, of a bracket, in units of the rating.
    """
    return n_parameters * float(np.log1p(2 * limit * lipschitz / width))


def scheduled_shape(n: float, theory: Theory) -> Shape:
    """One hidden layer of n^(d/(2β+d)) units, not rounded; covariates fill their support."""
    units = n ** exponent(theory, "units")
    return Shape(1, units, theory.user_intrinsic_dim, theory.item_intrinsic_dim, _EMBEDDING_DIM)


def implied_risk(n: float, theory: Theory, lipschitz: float | None = None) -> float:
    """r(n): approximation error plus entropy over n, with constants 1.

    Args:
        n: ratings, > 1.
        theory: smoothness and intrinsic dimensions.
        lipschitz: Λ of the network of scheduled width; None for the bound of Lemma 2.
    """
    shape = scheduled_shape(n, theory)
    if lipschitz is None:
        lipschitz = lipschitz_bound(shape, LIMIT)
    approximation = shape.width ** (-2 * theory.smoothness / theory.intrinsic_dim)
    return approximation + entropy(shape.n_parameters, lipschitz, LIMIT, 1 / n) / n


def implied_slopes(n: list[int], risk: list[float]) -> list[float]:
    """Log-log slopes of r(n)/(log n)^k for k = 0, 1, 2."""
    slope = float(least_squares_slope(np.log(np.asarray(n, dtype=float)), np.log(risk)))
    return [slope - log_factor_slope(n, power) for power in range(3)]


def log_power(n: list[int], risk: list[float], theory: Theory) -> float:
    """k such that the log-log slopes of r(n) and n^(−2β/(2β+d)) (log n)^k agree."""
    return (implied_slopes(n, risk)[0] - theory.bound_slope) / log_factor_slope(n, 1)


def lemma_3(seed: int, sample_sizes: list[int]) -> list[dict]:
    """Rates implied by both entropies: rows of the table of lemmas.

    `measured` is the slope of r(n)/log n, `bound` the exponent −2β/(2β+d) and `ratio` the share
    that r(n) takes of the two logarithms allowed.
    """
    rows = []
    for dim, smoothness in product(INTRINSIC_DIMS, SMOOTHNESSES):
        theory = Theory(smoothness, dim, dim)
        measured = [_effective_constant(seed, n, theory) for n in sample_sizes]
        for kind, constants in (("bound", [None] * len(measured)), ("effective", measured)):
            risk = [
                implied_risk(n, theory, c) for n, c in zip(sample_sizes, constants, strict=True)
            ]
            slopes = implied_slopes(sample_sizes, risk)
            power = log_power(sample_sizes, risk, theory)
            rows.append(
                {
                    "lemma": 3,
                    "case": f"{kind} entropy, β = {smoothness:g}, d = {dim}",
                    "depth": 1,
                    "smoothness": smoothness,
                    "intrinsic_dim": dim,
                    "measured": slopes[1],
                    "bound": theory.bound_slope,
                    "ratio": power / LARGEST_LOG_POWER,
                    "slope_log0": slopes[0],
                    "slope_log1": slopes[1],
                    "slope_log2": slopes[2],
                    "log_power": power,
                    "passed": power <= LARGEST_LOG_POWER
                    and slopes[0] >= theory.bound_slope - TOLERANCE,
                    "note": "slope of r(n)/log n; units n^(d/(2β+d)) in one hidden layer",
                }
            )
    return rows


def _effective_constant(seed: int, n: int, theory: Theory) -> float:
    """Largest ratio attained on random networks of the scheduled width, rounded to whole units."""
    shape = scheduled_shape(n, theory)
    shape = Shape(1, max(1, round(shape.width)), shape.user_dim, shape.item_dim, _EMBEDDING_DIM)
    spec = {"width": shape.width, "dim": shape.user_dim}
    return drawn_ratio(shape, _NETWORKS, seeds.generator(seed, spec, "lemma 3", 0))
