"""What theory predicts for a cell: the bound's exponent, and the slope due at the sizes run.

The bound is Theorem 2 of A. K. Jaiswal, "Towards a Theoretical Understanding of Two-Stage
Recommender Systems" (arXiv:2403.00802): risk = O_p(n^(−2β/(2β+d)) (log n)²), d = max(d_u, d_i).
The finite-n risk is derived for this project: while a tower is still wrong, what it has not
resolved acts as extra noise on the other one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from twotower.theory import spectrum


@dataclass(frozen=True)
class Theory:
    """The exponents that a smoothness and intrinsic dimensions imply.

    Attributes:
        smoothness: Hölder exponent β > 0 of the true embeddings; `math.inf` is allowed.
        user_intrinsic_dim: dimension d_u ≥ 1 of the users' support.
        item_intrinsic_dim: dimension d_i ≥ 1 of the items' support; a fraction on a dust.
        user_smoothness, item_smoothness: β of one tower alone; None where it is `smoothness`.

    The theorem speaks of one β. Where the towers have two, each has the exponent of its own β and
    d, and the slower one rules: derived for this project, as `finite_n_risk` is.

    Raises:
        ValueError: if a field is out of range.
    """

    smoothness: float
    user_intrinsic_dim: float
    item_intrinsic_dim: float
    user_smoothness: float | None = None
    item_smoothness: float | None = None

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Theory":
        """The theory of a cell.

        A slab that is thick at all has the dimension of the space around it, however thin.

        Args:
            spec: the cell's specification, or its columns in a table of risks or rates.
        """
        if float(spec.get("off_manifold_noise") or 0.0) > 0:  # False for None and for NaN
            both = spec.get("ambient_dim")
            dims = [spec.get(f"{tower}_ambient_dim", both) for tower in ("user", "item")]
        else:
            dims = [spec[f"{tower}_intrinsic_dim"] for tower in ("user", "item")]
        own = [spectrum.smoothness_of(spec, tower) for tower in ("user", "item")]
        both = float(spec["smoothness"])
        return cls(both, *dims, *(None if beta == both else beta for beta in own))

    def __post_init__(self) -> None:
        for smoothness, _ in ((self.smoothness, None), *self.towers):
            if not smoothness > 0:
                raise ValueError(f"smoothness must be above 0, got {smoothness}")
        if min(self.user_intrinsic_dim, self.item_intrinsic_dim) < 1:
            raise ValueError(
                "intrinsic dimensions must be at least 1, got "
                f"{self.user_intrinsic_dim} (user) and {self.item_intrinsic_dim} (item)"
            )

    @property
    def towers(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """β and d of the user and of the item tower."""
        own = self.user_smoothness, self.item_smoothness
        user, item = (self.smoothness if beta is None else beta for beta in own)
        return (user, self.user_intrinsic_dim), (item, self.item_intrinsic_dim)

    @property
    def intrinsic_dim(self) -> float:
        """d = max(d_u, d_i), the only dimension in the bound."""
        return max(self.user_intrinsic_dim, self.item_intrinsic_dim)

    @property
    def bound_slope(self) -> float:
        """Exponent −2β/(2β+d) of the slower tower, without logarithms; −1 at β = ∞."""
        return max(
            -1.0 if math.isinf(beta) else -2.0 * beta / (2.0 * beta + dim)
            for beta, dim in self.towers
        )

    @property
    def approximation_slope(self) -> float:
        """Exponent −2β/d of Theorem 1 in hidden units, of the slower tower; −∞ at β = ∞."""
        return max(-2.0 * beta / dim for beta, dim in self.towers)


def least_squares_slope(
    log_n: ArrayLike, values: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """Slope of the weighted least-squares line of `values` on `log_n`, in closed form.

    Args:
        log_n: abscissae, shape [sizes].
        values: ordinates, shape [..., sizes].
        weights: positive weights up to a common factor, shape [..., sizes]; None for equal ones.

    Returns:
        Slopes, shape [...]; NaN where fewer than two sizes are given.
    """
    x = np.asarray(log_n, dtype=float)
    y = np.asarray(values, dtype=float)
    if x.size < 2:
        return np.full(y.shape[:-1], np.nan)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    w = w / w.sum(axis=-1, keepdims=True)
    centred = x - (w * x).sum(axis=-1, keepdims=True)
    # Σ w (x − x̄) ȳ = 0, so y need not be centred.
    return (w * centred * y).sum(axis=-1) / (w * centred**2).sum(axis=-1)


def log_factor_slope(n: ArrayLike, power: float, weights: ArrayLike | None = None) -> float:
    """Slope that the factor (log n)^power alone adds to a log-log fit over the sizes n.

    With power 2 it is the allowance that the bound's logarithms leave to a measured slope.

    Args:
        n: sample sizes > 1, shape [sizes].
        power: power of the logarithm.
        weights: the fit's weights, shape [sizes]; None for equal ones.
    """
    log_n = np.log(np.asarray(n, dtype=float))
    return float(least_squares_slope(log_n, power * np.log(log_n), weights))


def finite_n_risk(
    n: float,
    theory: Theory,
    rank: int,
    noise_sd: float,
    cutoffs: tuple[int, int] | None = None,
) -> float:
    """Risk R of the Bayes-optimal two-tower fit to n ratings, in units of the signal's variance.

    Solves R = Σ_towers Σ_k λ_k / (1 + (n/p) λ_k / (σ² + R)), λ_k the normalized variance of
    frequency k in that tower's embedding. Both towers are charged in full, so R tends to 2 as
    n → 0: read it only where it is well below the signal's variance, 1.

    Args:
        n: number of ratings, > 0.
        theory: smoothness and intrinsic dimensions.
        rank: p ≥ 1, the number of components of an embedding.
        noise_sd: σ ≥ 0, in units of the signal's standard deviation.
        cutoffs: largest |k| of the user and of the item tower; None for those targets are drawn
            with. The cut is part of the prediction: targets have no energy beyond it.

    Returns:
        The risk; 0 where noise-free ratings outnumber the unknowns and determine the target.
    """
    shells = [
        _shells(dim, cutoff, smoothness)
        for (smoothness, dim), cutoff in zip(theory.towers, cutoffs or (None, None), strict=True)
    ]
    variance = np.concatenate([shell[0] for shell in shells])
    count = np.concatenate([shell[1] for shell in shells])

    # Here, since it takes a fifth of a second, and a study is planned without it.
    from scipy.optimize import brentq

    def excess(risk: float) -> float:
        noise = noise_sd**2 + risk
        return float((count * variance * noise / (noise + n / rank * variance)).sum()) - risk

    # `excess` is concave, ≥ 0 at 0 and negative at 2: one positive root, or none if σ = 0 and
    # its derivative at 0, (number of unknowns)/n − 1, is not positive.
    lower = 0.0 if noise_sd > 0 else 1e-14
    if excess(lower) <= 0:
        return 0.0
    return float(brentq(excess, lower, 2.0, xtol=1e-15, rtol=1e-12))


def predicted_slope(
    n: Sequence[int] | np.ndarray,
    theory: Theory,
    rank: int,
    noise_sd: float,
    cutoffs: tuple[int, int] | None = None,
    weights: ArrayLike | None = None,
) -> float:
    """Log-log slope of `finite_n_risk` over the sizes n, fitted as measured risks are.

    Args:
        n: sample sizes, shape [sizes].
        theory, rank, noise_sd, cutoffs: see `finite_n_risk`.
        weights: the fit's weights, shape [sizes]; None for ordinary least squares.

    Returns:
        The slope; NaN where the predicted risk is 0 at some size.
    """
    sizes = np.asarray(n, dtype=float)
    risk = np.array([finite_n_risk(size, theory, rank, noise_sd, cutoffs) for size in sizes])
    if not (risk > 0).all():
        return math.nan
    return float(least_squares_slope(np.log(sizes), np.log(risk), weights))


@lru_cache(maxsize=64)
def _shells(dim: int, cutoff: int | None, smoothness: float) -> tuple[np.ndarray, np.ndarray]:
    """Variance of one frequency, and the number of frequencies, on each shell of equal |k|².

    In four dimensions a hundred shells stand for some 50,000 frequencies.
    """
    dim = int(dim)  # beside a dust a column holds 2 as 2.0
    if cutoff is None:
        cutoff = spectrum.default_cutoff(dim, smoothness)
    wave_vectors = spectrum.frequencies(dim, cutoff)
    variances = spectrum.mode_variances(wave_vectors, smoothness)
    square = (wave_vectors**2).sum(axis=1)
    _, first, count = np.unique(square, return_index=True, return_counts=True)
    variance = variances[first]
    variance.setflags(write=False)
    count.setflags(write=False)
    return variance, count
