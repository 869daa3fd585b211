"""What is due in a cell at finite n, whatever its support, design, noise and rating scale.

Ordinary cells: `bound.finite_n_risk`. Elsewhere the same self-consistent equation with another
spectrum (`spectra`) or another amount of information, and a floor where one is due:

- A tower whose users or items come from a catalogue, or are rated again, learns from
  T = Σ_j 1/(p(σ² + R)/(n q_j) + R_tower), q_j the share of the ratings that the j-th has: at each
  of its points the tower's value is known up to the ratings' noise, and between them what it has
  not resolved acts as noise too. R_tower = Σ_k λ_k/(1 + λ_k T), and R is the sum of both towers.
  With an endless catalogue T = n/(p(σ² + R)) as for fresh pairs. Derived for this project.
- Ratings that are bent (rounded to stars, or seen by their value) have the mean g(s) at R* = s, and
  towers learn g: the risk stops at E (g(S) − S)².
- Towers of q < p components cannot follow the weakest p − q of the truth.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from twotower.data import sampling
from twotower.data.groups import TOWERS
from twotower.predictions import energy
from twotower.rates import spectra
from twotower.theory.bound import Theory, finite_n_risk, least_squares_slope

_TARGETS = 256  # drawn for the floor of too few components
_NODES = 64  # of a Gauss–Hermite rule over the noise
_QUANTILES = 512
_ROUNDS = 2000
_NOTHING = 1.0e-18
_TOLERANCE = 1.0e-10


def predicted_risk(row: Mapping, n: float) -> float:
    """Risk due at n ratings, in units of the signal's variance; `row` holds the cell's columns."""
    if row["control"] != "none":
        return 1.0  # no signal is left to learn: nothing beats the zero function
    rank, dim = int(row["rank"]), int(row["embedding_dim"])
    noise_sd = float(row["noise_sd"])
    if row["sampling"] in ("grid", "fixed_users", "popularity", "repeated"):
        risk = _designed_risk(row, float(n), max(rank, dim), noise_sd)
    elif row["support"] in ("dust", "slab"):
        towers = [_tower(row, tower) for tower in ("user", "item")]
        risk = _fixed_point(towers, [None, None], float(n), max(rank, dim), noise_sd)
    else:
        dims = [int(row[f"{tower}_intrinsic_dim"]) for tower in ("user", "item")]
        theory = Theory(float(row["smoothness"]), *dims)
        risk = finite_n_risk(float(n), theory, max(rank, dim), noise_sd)
    return risk + floor(row)


def predicted_risks(row: Mapping, sizes: ArrayLike) -> np.ndarray:
    """`predicted_risk` at each of several sizes."""
    return np.array([predicted_risk(row, n) for n in np.asarray(sizes, dtype=float)])


def predicted_slope(row: Mapping, sizes: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Log-log slope of the predicted risks, fitted as measured ones are; NaN where one is 0."""
    risks = predicted_risks(row, sizes)
    if not (risks > 0).all():
        return math.nan
    return float(least_squares_slope(np.log(np.asarray(sizes, float)), np.log(risks), weights))


def asymptotic_slope(row: Mapping) -> float:
    """The exponent of n that theory gives: 0 where the risk stops at a floor.

    −2β/(2β+d) for fresh pairs; −2β/d without noise, where the width grows with n; on a full square
    grid no faster than −β/d, since √n distinct users leave an error of n_users^(−2β/d).
    """
    theory = Theory.of(row)
    stopped = row["sampling"] in ("fixed_users", "popularity", "not_at_random")
    if stopped or row["control"] != "none" or row["rating_scale"] != "exact":
        return 0.0
    if int(row["embedding_dim"]) < int(row["rank"]):
        return 0.0
    if math.isinf(theory.smoothness):
        return -1.0
    slope = theory.bound_slope
    if float(row["noise_sd"]) == 0:
        slope = -2.0 * theory.smoothness / theory.intrinsic_dim
    full = -theory.smoothness / theory.intrinsic_dim
    return float(max(slope, full) if row["sampling"] == "grid" else slope)


def joint_slope(row: Mapping) -> float:
    """The exponent of k nearest neighbours on the joined covariates, −2β/(2β+d_u+d_i).

    They see no more than one derivative: smoothness above 1 counts as 1.
    """
    smoothness = min(float(row["smoothness"]), 1.0)
    total = float(row["user_intrinsic_dim"]) + float(row["item_intrinsic_dim"])
    return -2.0 * smoothness / (2.0 * smoothness + total)


def interpolation(units: float, row: Mapping) -> float:
    """Smallest risk of towers with so many units: the energy beyond their strongest modes.

    The Kolmogorov width of the targets: no linear method with `units` functions a tower does
    better on average. Falls as units^(−2β/d).
    """
    lost = 0.0
    for tower in ("user", "item"):
        variance, count = _tower(row, tower)
        before = np.concatenate([[0.0], np.cumsum(count)])
        kept = np.clip(units - before[:-1], 0.0, count)
        lost += float((variance * (count - kept)).sum())
    return lost


def floor(row: Mapping) -> float:
    """Where the risk stops, as far as it does not depend on the catalogue; 0 if it does not."""
    keys = [spectra.key_of(row, tower) for tower in ("user", "item")]
    design = str(row["rating_scale"]), str(row["sampling"])
    bent = _bending(*design, float(row["noise_sd"]), int(row["rank"]), *keys)
    rank, dim = int(row["rank"]), int(row["embedding_dim"])
    if dim < rank:
        known = row.get("lost_energy", math.nan)  # of the very targets that were drawn
        if not math.isnan(known):
            return bent + float(known)
        return bent + _lost_components(*keys, rank, dim)
    return bent


def _tower(row: Mapping, tower: str) -> tuple[np.ndarray, np.ndarray]:
    return spectra.modes(*spectra.key_of(row, tower))


def _designed_risk(row: Mapping, n: float, components: int, noise_sd: float) -> float:
    towers = [_tower(row, tower) for tower in ("user", "item")]
    side = max(1, math.isqrt(int(n)))
    shares = {
        "grid": lambda: [np.full(side, 1.0 / side)] * 2,
        "fixed_users": lambda: [_uniform(int(row["catalogue"])), None],
        "popularity": lambda: [None, _inverse_rank(int(row["catalogue"]))],
        "repeated": lambda: [_growing(int(row["ratings_each"]), int(n))] * 2,
    }[row["sampling"]]()
    return _fixed_point(towers, shares, n, components, noise_sd)


def _uniform(size: int) -> np.ndarray:
    return np.full(size, 1.0 / size)


def _inverse_rank(size: int) -> np.ndarray:
    share = 1.0 / np.arange(1.0, size + 1.0)
    return share / share.sum()


def _growing(ratings_each: int, n: int) -> np.ndarray:
    """Expected shares of the users known after n ratings: the j-th could be drawn from the moment
    when j were known, at each rating with probability 1/(number known then).
    """
    known = sampling.known(ratings_each, np.arange(1, n + 1))
    chances = np.bincount(known) / np.maximum(np.arange(known[-1] + 1), 1)
    return np.cumsum(chances[:0:-1])[::-1] / n


def _fixed_point(towers, shares, n: float, components: int, noise_sd: float) -> float:
    """R = Σ_towers R_tower, by iteration from the prior: it falls to the largest solution."""
    parts = [float((variance * count).sum()) for variance, count in towers]
    for _ in range(_ROUNDS):
        noise = components * (noise_sd**2 + sum(parts)) / n
        if noise <= _NOTHING:  # no noise is left, nor anything unresolved
            return 0.0
        known = []
        for (variance, count), share, part in zip(towers, shares, parts, strict=True):
            information = 1.0 / noise
            if share is not None:
                information = float((1.0 / (noise / share + part)).sum())
            known.append(float((count * variance / (1.0 + variance * information)).sum()))
        done = abs(sum(known) - sum(parts)) <= _TOLERANCE * sum(parts)
        parts = known
        if done:
            break
    return sum(parts)


@lru_cache(maxsize=256)
def _bending(
    rating_scale: str, sampling: str, noise_sd: float, rank: int, user: tuple, item: tuple
) -> float:
    """E (g(S) − S)², g(s) the mean of what is seen where R* = s.

    S is R* at drawn pairs of drawn targets; the mean over the noise is a Gauss–Hermite sum, for
    stars one over quantiles.
    """
    if rating_scale == "exact" and sampling != "not_at_random":
        return 0.0
    signal = spectra.signals(user, item, rank)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    if rating_scale == "stars":  # steps, which a smooth rule sees badly: quantiles instead
        nodes = ndtri((np.arange(_QUANTILES) + 0.5) / _QUANTILES)
        weights = np.ones(_QUANTILES)
    ratings = signal[:, None] + noise_sd * nodes
    chance = 1.0 / (1.0 + np.exp(-ratings)) if sampling == "not_at_random" else 1.0
    if rating_scale == "stars":
        ratings = np.clip(np.round(ratings + 3.0), 1.0, 5.0) - 3.0
    weights = weights * chance * np.ones_like(ratings)
    seen = (weights * ratings).sum(axis=1) / weights.sum(axis=1)
    floor = float(np.square(seen - signal).mean())
    return floor if floor > 1.0e-12 else 0.0


@lru_cache(maxsize=256)
def _lost_components(user: tuple, item: tuple, rank: int, dim: int) -> float:
    """Expected share of R*'s energy in its weakest `rank` − `dim` components.

    R* = f*ᵀ f̃* has the singular values of A^(1/2) B^(1/2), A and B the second moments of both
    embeddings: Wishart-like with the spectra's weights, averaged over drawn targets.
    """
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(_TARGETS):
        roots = []
        for key in (user, item):
            variance, count = spectra.modes(*key)
            weights = np.repeat(variance, np.minimum(count, 512).astype(int))[:1024]
            normal = rng.standard_normal((rank, len(weights))) * np.sqrt(weights)
            roots.append(np.linalg.svd(normal, full_matrices=False))
        (u, s, _), (v, t, _) = roots
        energy = np.linalg.svd((s[:, None] * (u.T @ v)) * t, compute_uv=False) ** 2
        shares.append(energy[dim:].sum() / energy.sum())
    return float(np.mean(shares))


def lost_energy(tensors: dict[str, np.ndarray], dim: int) -> np.ndarray:
    """Share of each target's E R*² that lies beyond its `dim` strongest components: [B].

    The best fit of that rank leaves it (`energy.strengths`). Coordinates fill the cube.

    Args:
        tensors: as of `ratings.target_tensors`: `<tower>/coefficients` [B, p, n_frequencies, 2].
        dim: components kept.
    """
    moments = []
    for tower in TOWERS:
        parts = tensors[f"{tower}/coefficients"]
        flat = parts.reshape(*parts.shape[:2], -1)
        moments.append(2.0 * flat @ flat.transpose(0, 2, 1))
    found = energy.strengths(*moments)
    return found[:, dim:].sum(axis=1) / found.sum(axis=1)
