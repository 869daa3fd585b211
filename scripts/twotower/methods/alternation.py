"""Alternating least squares between two series of one cut-off, from sums over the pairs."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve

from twotower.data import equal_ratings
from twotower.methods.lattice_sums import places
from twotower.methods.pair_sums import PairSums, extended
from twotower.methods.real_basis import basis
from twotower.methods.sieve_sizes import ALTERNATIONS

TOLERANCE = 1.0e-4  # relative fall of the squared error at which alternation stops
CANCELLED = 1.0e-7  # share of the ratings' mean square below which the error is summed anew

Series = dict[str, np.ndarray]  # by tower, complex coefficients [p, lattice of the cut-off]


def alternate(
    sums: PairSums, rank: int, cutoff: int, start: Series | None, old_cutoff: int = 0
) -> Series:
    """Both towers' series after alternation from the items' series of a smaller cut-off.

    A start of fewer components than can be had is replaced by the spectral one.
    """
    dims = {tower: points.dim for tower, points in sums.points.items()}
    functions = (basis(dim, cutoff).size for dim in dims.values())
    if start is None or len(start["item"]) < min(rank, *functions):
        item = spectral_start(sums, rank, cutoff)
    else:
        item = extended(start["item"], dims["item"], old_cutoff, cutoff)
    square = sums.largest**2
    ridge = sums.variance / len(sums)
    if sums.variance <= equal_ratings.SPREAD**2 * square:
        ridge = equal_ratings.PENALTY * square or 1.0
    error = np.inf
    for _ in range(ALTERNATIONS):
        user, _ = half_step(sums, "user", item, cutoff, ridge)
        item, fall = half_step(sums, "item", user, cutoff, ridge)
        previous, error = error, sums.mean_square - fall
        if error < CANCELLED * sums.mean_square:
            error = sums.squared_error(user, item, cutoff)
        if error > (1.0 - TOLERANCE) * previous:
            break
    return {"user": user, "item": item}


def half_step(
    sums: PairSums, tower: str, other: np.ndarray, cutoff: int, ridge: float
) -> tuple[np.ndarray, float]:
    """Least-squares series of one tower, and by how much it lowers the mean squared error.

    At the solution a of (G + λ)a = b the error is the ratings' mean square less aᵀb + λ|a|².
    """
    functions = basis(sums.points[tower].dim, cutoff)
    products, right = sums.half_step(tower, other, cutoff)
    rank, size = len(other), functions.size
    normal = np.empty((rank, size, rank, size))
    for r, s, lattice in zip(*np.tril_indices(rank), products, strict=True):
        normal[r, :, s] = normal[s, :, r] = functions.gram(lattice)
    normal = normal.reshape(rank * size, -1)
    normal[np.diag_indices(rank * size)] += ridge
    right = functions.right(right).reshape(-1)
    try:
        solution = cho_solve(cho_factor(normal, lower=True, check_finite=False), right)
    except LinAlgError:  # a rounding below zero, where the ridge is lost in it
        solution = solve(normal, right, assume_a="sym")
    fall = solution @ right + ridge * (solution @ solution)
    return functions.on_lattice(solution.reshape(rank, size)), fall


def spectral_start(sums: PairSums, rank: int, cutoff: int) -> np.ndarray:
    """Items' singular vectors of the cross-moment E[conj ψ(x_u) r ψ(x_i)ᵀ], ψ orthonormal."""
    waves = {t: basis(points.dim, cutoff).waves for t, points in sums.points.items()}
    _, singular, v = np.linalg.svd(sums.cross_moments(waves["user"], waves["item"]))
    components = v[:rank] * np.sqrt(singular[:rank])[:, None]
    dim = sums.points["item"].dim
    result = np.zeros((len(components), (2 * cutoff + 1) ** dim), dtype=complex)
    result[:, places(waves["item"], cutoff)] = components
    # Singular vectors of a Hermitian-symmetric matrix are so only up to a phase: it is taken out.
    mirrored = result[:, ::-1]
    overlap = (result * mirrored).sum(axis=1, keepdims=True)
    result = result * np.exp(-0.5j * np.angle(overlap))
    return 0.5 * (result + result[:, ::-1].conj())
