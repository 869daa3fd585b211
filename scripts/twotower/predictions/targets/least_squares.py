"""The risk of a rank-q least-squares fit of two towers that leaves a part of its target out.

Written in orthonormal functions of both towers, M_u and M_i of them, the target is a matrix of
singular values s_j plus what lies outside, of energy T. A fit to n ratings sees the matrix under
noise of variance τ² an entry, and keeps the q strongest components. Its error in a component is

    E_j = τ²(M_u + M_i − q) + 3 τ⁴ M_u M_i / s_j²   where s_j² > τ² √(M_u M_i),
    E_j = s_j² + τ²((√M_u + √M_i)² − q)             below, where noise is taken for the component

(singular values of a low-rank matrix plus noise: Benaych-Georges & Nadakuditi 2012, Gavish & Donoho
2014; −q since f → Af, f̃ → A^(−T)f̃ changes nothing). What is left out and what is not yet known
act as noise too: τ² = (σ² + T + Σ E_j)/(n − 1). Where all components are strong this is the risk
T + (σ² + T)·ν/(n − ν − 1) of ordinary least squares with ν = q(M_u + M_i) − q² parameters. Derived
for this project.
"""

import numpy as np
from numpy.typing import ArrayLike

_ROUNDS = 1000
_TOLERANCE = 1.0e-10
_MOST = 100.0  # in signal variances: no fit is left


def errors(
    noise: ArrayLike, strengths: np.ndarray, user: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """E_j of each component under noise of variance τ² an entry, [..., q].

    Args:
        noise: τ², [...].
        strengths: s_j², [..., q].
        user, item: M_u and M_i, [..., 1].
    """
    noise = np.asarray(noise, dtype=float)[..., None]
    edge = noise * np.sqrt(user * item)
    seen = strengths > edge
    own = noise * (user + item - strengths.shape[-1])
    known = own + 3.0 * edge**2 / np.where(seen, strengths, 1.0)
    return np.where(seen, known, strengths + own + 2.0 * edge)


def risk(
    n: ArrayLike,
    lost: ArrayLike,
    strengths: ArrayLike,
    noise_variance: float,
    user_functions: ArrayLike,
    item_functions: ArrayLike,
    slope: float = 1.0,
) -> np.ndarray:
    """The risk of the fit, in the unit of the energies.

    Args:
        n: numbers of ratings, [...].
        lost: T, energy that the fit cannot follow, [...].
        strengths: s_j² of the q components that are fitted, [..., q]; 0 for a component that the
            target does not have.
        noise_variance: σ².
        user_functions, item_functions: M_u and M_i, [...].
        slope: of the ratings' means in R*: the fit follows this multiple of R*.

    Returns:
        [...]; NaN where the ratings are too few: the fit's errors, as noise, exceed themselves.
    """
    strengths = slope**2 * np.asarray(strengths, dtype=float)
    user, item = (np.asarray(m, dtype=float)[..., None] for m in (user_functions, item_functions))
    n, lost = np.asarray(n, dtype=float), np.asarray(lost, dtype=float)
    shapes = n.shape, lost.shape, strengths.shape[:-1], np.broadcast_shapes(user.shape, item.shape)
    shape = np.broadcast_shapes(*shapes[:3], shapes[3][:-1])
    error, done = np.zeros(shape), np.zeros(shape, dtype=bool)
    for _ in range(_ROUNDS):
        noise = (noise_variance + slope**2 * lost + error) / (n - 1.0)
        found = np.minimum(errors(noise, strengths, user, item).sum(axis=-1), _MOST)
        done = np.abs(found - error) <= _TOLERANCE * found
        error = found
        if done.all():
            break
    kept = (1.0 - slope) ** 2 * strengths.sum(axis=-1) / slope**2
    return np.where(done & (error < _MOST), lost + kept + error, np.nan)
