"""Where the risk stops, however many ratings there are: bent ratings, and too few components.

Ratings that are bent (rounded to stars, or seen by their value) have the mean g(s) at R* = s, and
are seen there with the chance w(s). Towers of q components tend to a fit F of that rank that
minimizes E w(S) (F − g(S))², and their risk to E (F − S)², S = R* at a random pair. Where nothing
is bent, F is R* without its weakest components.

The floor differs by target. Not seen at random, g is about 0.4 above s, and two components follow
this shift only in place of a component of R*. There may be two minima, one that has given up the
shift and one that has given up the weaker component; their losses differ by less than 1% of the
noise. Towers and reference start at the strongest components of w(S) g(S), among which is the
shift, and so does the fit here. From the truth they would end in the other minimum.
"""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
from scipy.special import ndtri, stdtrit

from twotower.base.seeds import generator
from twotower.data import sampling
from twotower.data.groups import TOWERS
from twotower.data.ratings import MEAN_STARS, STARS, STUDENT_DEGREES
from twotower.predictions import spectra
from twotower.predictions.targets import energy
from twotower.theory import kronecker, spectrum
from twotower.theory.fourier import half_space, synthesize

_TARGETS = 256  # drawn for the floor of too few components
_BENT_TARGETS, _BENT_POINTS = 32, 64  # drawn for the floor of bent ratings
_POINTS = 128  # users, and items, on which the fit to a given target is made
_NODES = 64  # of a Gauss–Hermite rule over the noise
_QUANTILES = {"normal": 512, "student": 4096}  # heavy tails count
_SWEEPS, _SETTLED = 1000, 1.0e-9  # of alternating least squares, and the relative fall that ends it
_RIDGE = 1.0e-10  # of the mean square of a factor's entries


def floor(row: Mapping) -> float:
    """Where the risk stops, as far as it does not depend on the catalogue; 0 if it does not.

    `lost_energy` of the row, if it has one: of the targets that were drawn. Else the mean over
    targets drawn for the purpose.
    """
    known = row.get("lost_energy", math.nan)
    if not math.isnan(known):
        return float(known)
    keys = [spectra.key_of(row, tower) for tower in TOWERS]
    rank, dim = int(row["rank"]), int(row["embedding_dim"])
    if sampling.bent(row):
        return _bent_floor(*_bending(row), rank, dim, *keys)
    return _lost_components(*keys, rank, dim) if dim < rank else 0.0


def lost_energy(tensors: dict[str, np.ndarray], row: Mapping) -> np.ndarray:
    """The floor of each target in a cell, E (F − R*)², in units of the signal's variance: [B].

    Exact where nothing is bent (`energy.strengths`). Else by weighted alternating least squares on
    128 users and items. Coordinates are taken to fill the cube.

    Args:
        tensors: as of `ratings.target_tensors`: `<tower>/coefficients` [B, p, n_frequencies, 2] and
            `<tower>/frequencies`.
        row: the cell's columns.
    """
    parts = [tensors[f"{tower}/coefficients"] for tower in TOWERS]
    dim = int(row["embedding_dim"])
    if not sampling.bent(row):
        flat = (part.reshape(*part.shape[:2], -1) for part in parts)
        found = energy.strengths(*(2.0 * each @ each.transpose(0, 2, 1) for each in flat))
        return found[:, dim:].sum(axis=1) / found.sum(axis=1)
    waves = [tensors[f"{tower}/frequencies"] for tower in TOWERS]
    found = []
    for target in zip(*parts, strict=True):
        sides = [
            synthesize(_spread(_POINTS, k.shape[1]), k, c[..., 0] + 1j * c[..., 1])
            for k, c in zip(waves, target, strict=True)
        ]
        found.append(_fitted_floor(sides[0] @ sides[1].T, *_bending(row), dim))
    return np.array(found)


def _bending(row: Mapping) -> tuple[str, str, float, str]:
    noise = str(row.get("noise", "normal"))
    return str(row["rating_scale"]), str(row["sampling"]), float(row["noise_sd"]), noise


def _fitted_floor(
    signal: np.ndarray, rating_scale: str, design: str, noise_sd: float, noise: str, dim: int
) -> float:
    """E (F − S)² over a table [users, items] of R*, F the fit from the start that towers have: the
    strongest components of the ratings' mean, weighted by the chance to be seen.
    """
    mean, chance = _seen(signal, rating_scale, design, noise_sd, noise)
    fit = _weighted_fit(mean, chance, dim)
    return float(np.square(fit - signal).mean())


def _seen(
    signal: np.ndarray, rating_scale: str, design: str, noise_sd: float, noise: str = "normal"
) -> tuple[np.ndarray, np.ndarray]:
    """g, the mean of the ratings that are seen, and w, the chance to be seen, where R* is `signal`.

    Means over the noise are Gauss–Hermite sums, for stars and for heavy tails sums over quantiles.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    if rating_scale == "stars" or noise == "student":  # a smooth rule sees steps and tails badly
        weights = np.ones(_QUANTILES[noise])
        levels = (np.arange(len(weights)) + 0.5) / len(weights)
        nodes = ndtri(levels)
        if noise == "student":
            scale = math.sqrt((STUDENT_DEGREES - 2) / STUDENT_DEGREES)
            nodes = stdtrit(STUDENT_DEGREES, levels) * scale
    total, chance = np.zeros_like(signal), np.zeros_like(signal)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        ratings = signal + noise_sd * node
        if rating_scale == "stars":
            ratings = np.clip(np.round(ratings + MEAN_STARS), *STARS) - MEAN_STARS
        if design == "not_at_random":
            weight = weight / (1.0 + np.exp(-ratings))
        total += weight * ratings
        chance += weight
    return total / chance, chance


def _weighted_fit(values: np.ndarray, weights: np.ndarray, dim: int) -> np.ndarray:
    """Fit of rank `dim` to `values` [users, items] by weighted alternating least squares."""
    left, singular, right = np.linalg.svd(weights * values, full_matrices=False)
    items = right[:dim].T * np.sqrt(singular[:dim])
    loss = math.inf
    for _ in range(_SWEEPS):
        users = _half_step(items, values, weights)
        items = _half_step(users, values.T, weights.T)
        before, loss = loss, float((weights * np.square(users @ items.T - values)).mean())
        if loss > (1.0 - _SETTLED) * before:
            break
    return users @ items.T


def _half_step(known: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    count, dim = known.shape
    squares = (known[:, :, None] * known[:, None, :]).reshape(count, -1)
    normal = (weights @ squares).reshape(-1, dim, dim)
    normal += _RIDGE * count * np.square(known).mean() * np.eye(dim)
    return np.linalg.solve(normal, (weights * values @ known)[..., None])[..., 0]


def _spread(count: int, dim: int) -> np.ndarray:
    """Points [count, dim] that fill the unit cube evenly."""
    return np.arange(1, count + 1)[:, None] * kronecker.steps(dim) % 1.0


@lru_cache(maxsize=256)
def _bent_floor(
    rating_scale: str,
    design: str,
    noise_sd: float,
    noise: str,
    rank: int,
    dim: int,
    user: tuple,
    item: tuple,
) -> float:
    found = [
        _fitted_floor(signal, rating_scale, design, noise_sd, noise, dim)
        for signal in _drawn(user, item, rank)
    ]
    mean = float(np.mean(found))
    return mean if mean > 1.0e-12 else 0.0


def _drawn(user: tuple, item: tuple, rank: int) -> Iterator[np.ndarray]:
    """R* of random targets, each of variance 1, at all pairs of some users and items.

    Targets are drawn with frequencies up to a low cut-off, which hold nearly all of the variance.
    `user` and `item` are keys of spectra; a thin support counts as the cube around it.
    """
    for number in range(_BENT_TARGETS):
        values = []
        for tower, (smoothness, dim, _, ambient, *noise) in zip(TOWERS, (user, item), strict=True):
            axes = ambient or math.ceil(dim)
            low = {1: 16, 2: 6}.get(axes, 3)
            if math.isinf(smoothness) or any(noise):
                low = spectrum.default_cutoff(axes, smoothness, *noise)
            waves = spectrum.frequencies(axes, low)
            waves = waves[half_space(waves)]
            sd = np.sqrt(spectrum.mode_variances(waves, smoothness, *noise))
            rng = generator(0, {"tower": tower, "dim": axes}, "floors", number)
            normal = rng.standard_normal((rank, len(waves), 2))
            coefficients = (normal[..., 0] + 1j * normal[..., 1]) * sd
            moment = (coefficients @ coefficients.conj().T).real
            points = _spread(_BENT_POINTS, axes)
            values.append((synthesize(points, waves, coefficients), moment))
        (left, one), (right, other) = values
        # synthesize takes 2 Re: second moments are twice those of the coefficients
        yield left @ right.T / (2.0 * math.sqrt((one * other).sum()))


@lru_cache(maxsize=256)
def _lost_components(user: tuple, item: tuple, rank: int, dim: int) -> float:
    """Expected share of R*'s energy in its weakest `rank` − `dim` components.

    R* = f*ᵀ f̃* has the singular values of A^(1/2) B^(1/2), A and B the second moments of both
    embeddings: Wishart-like with the spectra's weights, averaged over drawn targets.
    """
    rng = generator(0, {}, "lost components", 0)
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
