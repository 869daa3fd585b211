"""Risk due where users or items come from a catalogue, or are rated more than once.

Derived for this project. A tower that is rated at the points x_j of its catalogue, the j-th with a
share q_j of the n ratings, knows its value there up to the noise p(σ² + S)/(n q_j): what is not
resolved at the pairs that are rated, S, is noise too. Between the points it can do no better than
Gaussian-process regression (kriging), for which two errors follow from the covariances K and K₂ of
the spectra λ and λ², with D = diag(noise):

- on fresh users 1 − tr (K + D)⁻¹ K₂, since ∫ k(x_i, x) k(x, x_j) dx = k₂(x_i, x_j);
- on those who are rated Σ_j q_j (K − K (K + D)⁻¹ K)_jj.

S is the sum of the second over both towers, and the risk is the sum of the first. A tower of fresh
users has Σ λ/(1 + λ n/(p(σ² + S))) for both.

Kriging costs m³, so that only the points that are rated most are treated so. The others, whose
ratings say little about each point, inform as fresh ones do: T = Σ_j 1/(noise_j + R_tower), which
turns the spectrum into λ/(1 + λT) before the points are added. An endless catalogue is thus the
same as fresh pairs.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from twotower.base.seeds import generator
from twotower.data import sampling
from twotower.data.groups import TOWERS
from twotower.predictions import spectra
from twotower.theory import spectrum

_POINTS = 512  # most that are kriged
_DRAWS, _WORK = 128, 3 << 19  # catalogues that a mean is over: at most, and times points squared
_LATTICE = {1: 1 << 15, 2: 1 << 9, 3: 1 << 7, 4: 1 << 5}  # more than two points a wave
_LOST = 1.0e-12  # of the largest eigenvalue: what rounding leaves of a zero
_ROUNDS = 2000
_NOTHING = 1.0e-18
_TOLERANCE = 1.0e-10


class Profile(NamedTuple):
    """Errors of kriging as functions of the noise, from eigenvalues over drawn catalogues.

    With S = Q^½ K Q^½ = U diag(e) Uᵀ and w = diag Uᵀ Q^½ K₂ Q^½ U, Q = diag(q) and D = ν Q⁻¹.

    Attributes:
        values: e, [draws, points].
        weights: w, [draws, points].
        prior: Σ λ.
    """

    values: np.ndarray
    weights: np.ndarray
    prior: float

    def fresh(self, noise: float) -> float:
        """Mean square error at a point of the cube."""
        return self.prior - float((self.weights / (self.values + noise)).sum(axis=1).mean())

    def seen(self, noise: float) -> float:
        """Σ_j q_j times the mean square error at the j-th point of the catalogue."""
        return float((noise * self.values / (self.values + noise)).sum(axis=1).mean())


class _Rated(NamedTuple):
    """A tower of which `profile` holds the most rated points, and `rest` the share of the others;
    its errors at a noise ν = p(σ² + S)/n.
    """

    profile: Profile
    rest: float

    def errors(self, noise: float) -> tuple[float, float]:
        fresh = self.profile.fresh(noise)
        return fresh, self.profile.seen(noise) + self.rest * fresh


class _Fresh(NamedTuple):
    """The same for a tower with a new point for each rating."""

    variance: np.ndarray
    count: np.ndarray

    def errors(self, noise: float) -> tuple[float, float]:
        error = float((self.count * self.variance / (1.0 + self.variance / noise)).sum())
        return error, error


def risk(row: Mapping, n: float, components: int, noise_sd: float) -> float:
    """Risk due at n ratings in a cell of a design in which users or items return.

    Catalogues on dusts and slabs, whose covariances are not those of the cube, inform by T alone.

    Args:
        row: the cell's columns.
        n: ratings.
        components: p, of the truth or of the towers, whichever is more.
        noise_sd: σ, in units of the signal's sd.
    """
    shares = [expected_shares(row, tower, int(n)) for tower in TOWERS]
    keys = [spectra.key_of(row, tower) for tower in TOWERS]
    modes = [spectra.modes(*key) for key in keys]
    parts = fixed_point(modes, shares, n, components, noise_sd)
    if row["support"] in ("dust", "slab"):
        return sum(parts)
    noise = components * (noise_sd**2 + sum(parts)) / n
    towers = []
    for key, mode, share, part in zip(keys, modes, shares, parts, strict=True):
        if share is None:
            towers.append(_Fresh(*mode))
            continue
        most, others = np.split(np.sort(share)[::-1], [_POINTS])
        information = float((1.0 / (noise / others + part)).sum()) if noise > 0 else 0.0
        profile = _profile(key[0], int(key[1]), tuple(most.tolist()), information)
        towers.append(_Rated(profile, float(others.sum())))
    unresolved = sum(parts)
    for _ in range(_ROUNDS):
        noise = max(components * (noise_sd**2 + unresolved) / n, _NOTHING)
        fresh, seen = zip(*(tower.errors(noise) for tower in towers), strict=True)
        done = abs(sum(seen) - unresolved) <= _TOLERANCE * unresolved or noise == _NOTHING
        unresolved = sum(seen)
        if done:
            break
    return max(sum(fresh), 0.0)


def expected_shares(row: Mapping, tower: str, n: int) -> np.ndarray | None:
    """Shares of n ratings that a tower's points are expected to have, [points], in the order in
    which they are drawn; None if each rating has a point of its own. `row` holds a cell's columns.
    """
    design = row["sampling"]
    if tower not in sampling.AGAIN.get(design, ()):
        return None
    if design == "repeated":
        return _growing(int(row["ratings_each"]), n)
    if design == "popularity":
        share = 1.0 / np.arange(1.0, int(row["catalogue"]) + 1.0)
        return share / share.sum()
    size = int(row["catalogue"]) if design == "fixed_users" else max(1, math.isqrt(n))
    return np.full(size, 1.0 / size)


def fixed_point(
    modes: list, shares: list, n: float, components: int, noise_sd: float
) -> list[float]:
    """R_tower = Σ λ/(1 + λT) of both towers, T = Σ_j 1/(p(σ² + R)/(n q_j) + R_tower), R their sum.

    By iteration from the prior, so that it falls to the largest solution.

    Args:
        modes: of both towers, as `spectra.modes`.
        shares: q of both towers, [points]; None for a new point each time.
        n, components, noise_sd: as of `risk`.
    """
    parts = [float((variance * count).sum()) for variance, count in modes]
    for _ in range(_ROUNDS):
        noise = components * (noise_sd**2 + sum(parts)) / n
        if noise <= _NOTHING:  # no noise is left, nor anything unresolved
            return [0.0, 0.0]
        known = []
        for (variance, count), share, part in zip(modes, shares, parts, strict=True):
            information = 1.0 / noise
            if share is not None:
                information = float((1.0 / (noise / share + part)).sum())
            known.append(float((count * variance / (1.0 + variance * information)).sum()))
        done = abs(sum(known) - sum(parts)) <= _TOLERANCE * sum(parts)
        parts = known
        if done:
            break
    return parts


def profile(
    smoothness: float, dim: int, points: np.ndarray, shares: np.ndarray, information: float = 0.0
) -> Profile:
    """Kriging of the field of a cube on given catalogues.

    Args:
        smoothness: β.
        dim: d, 1 to 4.
        points: whole numbers [draws, points, d], coordinates in steps of the lattice on which
            covariances are known (1/32768, 1/512, 1/128, 1/32 in one to four dimensions).
        shares: q, [points].
        information: T that fresh ratings have given before.

    Returns:
        Eigenvalues and weights; what rounding leaves of zeros is 0.
    """
    covariance, square, prior = _covariances(smoothness, dim, information)
    size, root = _LATTICE[dim], np.sqrt(shares)
    values, weights = np.empty(points.shape[:2]), np.empty(points.shape[:2])
    for draw, each in enumerate(points):
        between = np.moveaxis((each[:, None] - each) % size, -1, 0)
        at = np.ravel_multi_index(tuple(between), (size,) * dim)
        found, vectors = np.linalg.eigh(root[:, None] * covariance[at] * root)
        weight = (vectors * (root[:, None] * square[at] * root @ vectors)).sum(axis=0)
        kept = found > _LOST * found[-1]
        values[draw], weights[draw] = np.where(kept, found, 0.0), np.where(kept, weight, 0.0)
    return Profile(values, weights, prior)


@lru_cache(maxsize=256)
def _profile(smoothness: float, dim: int, shares: tuple, information: float) -> Profile:
    draws = max(4, min(_DRAWS, _WORK // len(shares) ** 2))
    rng = generator(0, {"dim": dim}, "catalogues", 0)
    points = rng.integers(_LATTICE[dim], size=(draws, len(shares), dim))
    return profile(smoothness, dim, points, np.array(shares), information)


@lru_cache(maxsize=8)
def _covariances(
    smoothness: float, dim: int, information: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Covariances of the spectra λ′ and λ′² on the lattice, flat, and Σ λ′; λ′ = λ/(1 + λT)."""
    waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, smoothness))
    variance = spectrum.mode_variances(waves, smoothness)
    variance = variance / (1.0 + information * variance)
    tables = []
    for power in (variance, variance**2):
        grid = np.zeros((_LATTICE[dim],) * dim)
        grid[tuple(waves.T)] = power
        tables.append(np.fft.fftn(grid).real.ravel())
    return *tables, float(variance.sum())


def _growing(ratings_each: int, n: int) -> np.ndarray:
    """Expected shares of the users known after n ratings: the j-th could be drawn from the moment
    when j were known, at each rating with probability 1/(number known then).
    """
    known = sampling.known(ratings_each, np.arange(1, n + 1))
    chances = np.bincount(known) / np.maximum(np.arange(known[-1] + 1), 1)
    return np.cumsum(chances[:0:-1])[::-1] / n
