"""The risk of a least-squares fit that leaves a part of its target out."""

import numpy as np
from numpy.typing import ArrayLike


def risk(
    n: ArrayLike, lost: ArrayLike, noise_variance: ArrayLike, parameters: ArrayLike
) -> np.ndarray:
    """T + (σ² + T)·ν/(n − ν − 1): what no fit can follow, and the variance of what it follows.

    Exact for ν parameters of Gaussian regressors, where what is left out, T, acts as noise too
    (the mean of an inverse Wishart matrix). Solves R = Σ_j A_j + ν_j·(σ² + R − R_j + A_j)/(n − ν_j)
    for two towers alike, up to the −1: while one is wrong, it is noise to the other.

    Args:
        n: numbers of ratings.
        lost: T, energy of the target that the fit cannot follow.
        noise_variance: σ².
        parameters: ν.

    Returns:
        Shape of all arguments together; NaN where there are no more ratings than n = ν + 1.
    """
    n, lost, parameters = (np.asarray(each, dtype=float) for each in (n, lost, parameters))
    rest = n - parameters - 1.0
    enough = rest > 0
    share = parameters / np.where(enough, rest, 1.0)
    return np.where(enough, lost + (noise_variance + lost) * share, np.nan)


def two_tower_parameters(user: ArrayLike, item: ArrayLike, rank: int) -> np.ndarray:
    """p(M_u + M_i) − p² of embeddings made of M_u and M_i functions: ⟨f, f̃⟩ is unchanged by
    f → Af, f̃ → A^(−T)f̃ for p × p matrices A.
    """
    return rank * (np.asarray(user) + np.asarray(item)) - rank**2
