"""Spectra of targets on any support: variances of a tower's modes, and how many have each."""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from twotower.theory import spectrum
from twotower.theory.fourier import half_space, synthesize

_TARGETS, _PAIRS = 128, 32  # drawn for the law of R*


def key_of(row: Mapping, tower: str) -> tuple:
    """What decides one tower's spectrum, as arguments of `modes`; `row` holds a cell's columns."""
    thickness = float(row["off_manifold_noise"]) if row["support"] == "slab" else None
    dim = float(row[f"{tower}_intrinsic_dim"])
    ambient = int(row["ambient_dim"]) if thickness is not None else 0
    smoothness, noise = spectrum.law_of(row, tower)
    return smoothness, dim, thickness, ambient, noise


@lru_cache(maxsize=256)
def modes(
    smoothness: float,
    dim: float,
    thickness: float | None,
    ambient_dim: int,
    noise: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Variances λ of the modes in falling order, and how many modes have each; Σ count · λ = 1.

    Args:
        smoothness: β, `math.inf` for a trigonometric polynomial.
        dim: d; a fraction is a dust, whose modes are counted as if its space had that dimension:
            V_d (r^d − (r − 1)^d) of them at wave number r.
        thickness: of a slab, None for every other support.
        ambient_dim: D of a slab, d + 1.
        noise: ε² of a worst case, on an ordinary support.
    """
    if thickness is not None:
        variance, count = _slab(smoothness, int(dim), thickness, ambient_dim)
    elif dim != int(dim):
        variance, count = _dust(smoothness, dim)
    else:
        cutoff = spectrum.default_cutoff(int(dim), smoothness, noise)
        waves = spectrum.frequencies(int(dim), cutoff)
        square = (waves**2).sum(axis=1)
        _, first, count = np.unique(square, return_index=True, return_counts=True)
        variance = spectrum.mode_variances(waves, smoothness, noise)[first]
    order = np.argsort(-variance, kind="stable")
    variance, count = variance[order], count[order].astype(float)
    variance = variance / (variance * count).sum()
    variance.setflags(write=False)
    count.setflags(write=False)
    return variance, count


@lru_cache(maxsize=64)
def signals(user: tuple, item: tuple, rank: int) -> np.ndarray:
    """R* at random pairs of random targets, each target's of variance 1: [4096].

    Targets are drawn with frequencies up to a low cut-off, which hold nearly all of the variance,
    from a fixed seed. `user` and `item` are keys; a thin support counts as the cube around it.
    """
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_TARGETS):
        values = []
        for smoothness, dim, _, ambient, *noise in (user, item):
            axes = ambient or math.ceil(dim)
            low = {1: 16, 2: 6}.get(axes, 3)
            if math.isinf(smoothness) or any(noise):
                low = spectrum.default_cutoff(axes, smoothness, *noise)
            waves = spectrum.frequencies(axes, low)
            waves = waves[half_space(waves)]
            sd = np.sqrt(spectrum.mode_variances(waves, smoothness, *noise))
            normal = rng.standard_normal((rank, len(waves), 2))
            coefficients = (normal[..., 0] + 1j * normal[..., 1]) * sd
            moment = (coefficients @ coefficients.conj().T).real
            values.append((synthesize(rng.random((_PAIRS, axes)), waves, coefficients), moment))
        (left, one), (right, other) = values
        # synthesize takes 2 Re: second moments are twice those of the coefficients
        found.append((left * right).sum(axis=1) / (2.0 * math.sqrt((one * other).sum())))
    drawn = np.concatenate(found)
    drawn.setflags(write=False)
    return drawn


def _dust(smoothness: float, dim: float) -> tuple[np.ndarray, np.ndarray]:
    radius = np.arange(1.0, spectrum.default_cutoff(math.ceil(dim), smoothness) + 1.0)
    ball = math.pi ** (dim / 2) / math.gamma(dim / 2 + 1)
    variance = np.ones_like(radius)
    if not math.isinf(smoothness):
        variance = radius ** -(2.0 * smoothness + dim)
    return variance, ball * (radius**dim - (radius - 1.0) ** dim)


def _slab(
    smoothness: float, dim: int, thickness: float, ambient_dim: int
) -> tuple[np.ndarray, np.ndarray]:
    """Modes of a field restricted to a slab, exactly.

    Frequencies k along the slab stay uncorrelated. Across it, where a wave κ is seen over the
    thickness τ alone, the modes of one k have the eigenvalues of
    √S(k,κ) sinc(τ(κ − κ′)) √S(k,κ′), S the spectrum of the field. At τ = 0 that is one mode with
    the sum over κ, the field on a slice; at τ = 1 they are the waves of the whole cube.
    """
    if ambient_dim != dim + 1:
        raise ValueError(f"a slab is thick in one dimension, got D = {ambient_dim}, d = {dim}")
    waves = spectrum.frequencies(ambient_dim, spectrum.default_cutoff(ambient_dim, smoothness))
    energy = spectrum.mode_variances(waves, smoothness)
    along, across = (waves[:, :dim] ** 2).sum(axis=1), waves[:, dim]
    variances, counts = [], []
    for shell in np.unique(along):
        inside = along == shell
        number = len(np.unique(waves[inside, :dim], axis=0))
        kappa, first = np.unique(across[inside], return_index=True)
        root = np.sqrt(energy[inside][first])
        seen = np.sinc(thickness * (kappa[:, None] - kappa)) * root[:, None] * root
        variance = np.linalg.eigvalsh(seen)
        variances.append(variance)
        counts.append(np.full(len(variance), number))
    variance, count = np.concatenate(variances), np.concatenate(counts)
    kept = variance > 1.0e-12 * variance.max()
    return variance[kept], count[kept]
