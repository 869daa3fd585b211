"""Spectra of targets on any support: variances of a tower's modes, and how many have each."""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from twotower.theory import spectrum

_DUST_STEPS = {2: 6, 3: 4, 4: 3}  # of each Cantor set, by the number of axes: 4096 cells
_DUST_OCTAVES, _STEPS_AN_OCTAVE = 12, 4  # of modes beyond those that the cells tell


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


def _dust(smoothness: float, dim: float) -> tuple[np.ndarray, np.ndarray]:
    """Modes of a field restricted to a dust: eigenvalues of its covariance on the dust's cells.

    The cells are products of the intervals that are left after some steps of each Cantor set; each
    has the same weight, and its centre stands for it. As the set is symmetric, its functions are
    even or odd about the centre along each axis, and the field, whose covariance is
    Σ_k λ_k Π_axes (cos cos + sin sin), is uncorrelated between these kinds.

    The finite size of the cells bends the small eigenvalues. An eighth of them is taken as it is.
    What energy is left follows the law of a set of dimension d, λ_i ∝ i^(−(2β+d)/d), in equal
    steps to the octave.
    """
    axes = math.ceil(dim)
    waves = spectrum.frequencies(axes, spectrum.default_cutoff(axes, smoothness))
    energy = spectrum.mode_variances(waves, smoothness)
    quadrant = (waves >= 0).all(axis=1)  # cos and sin of −k are those of k up to the sign
    mirrored = 2.0 ** (waves[quadrant] > 0).sum(axis=1)
    grid = np.zeros((waves.max() + 1,) * axes)
    grid[tuple(waves[quadrant].T)] = energy[quadrant] * mirrored
    steps = _DUST_STEPS[axes]
    phases = 2.0 * math.pi * (_cantor(2.0 ** (-axes / dim), steps) - 0.5)[:, None]
    phases = phases * np.arange(len(grid))
    kinds = [wave(phases) for wave in (np.cos, np.sin)]
    halves = len(phases)
    found = []
    for odd in range(axes + 1):  # axes along which a function is odd; which they are is all one
        covariance = grid
        for axis in range(axes):
            values = kinds[axis < odd]
            pairs = (values[:, None, :] * values[None, :, :]).reshape(halves**2, -1)
            covariance = np.tensordot(covariance, pairs, axes=(0, 1))
        shape = (halves, halves) * axes
        order = [*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)]
        matrix = covariance.reshape(shape).transpose(order).reshape(halves**axes, -1)
        variance = np.linalg.eigvalsh(matrix) / halves**axes
        found.append(np.tile(variance, math.comb(axes, odd)))
    variance = np.sort(np.concatenate(found))[::-1]
    if math.isinf(smoothness):  # a finite number of modes
        kept = variance > 1.0e-12 * variance[0]
        return variance[kept], np.ones(kept.sum())
    variance = variance[: len(variance) // 8]
    rank = len(variance) * 2.0 ** (
        np.arange(_DUST_OCTAVES * _STEPS_AN_OCTAVE + 1) / _STEPS_AN_OCTAVE
    )
    law = (rank[1:] * rank[:-1]) ** (-(smoothness + dim / 2.0) / dim)
    law *= (1.0 - variance.sum()) / (law * np.diff(rank)).sum()
    return np.append(variance, law), np.append(np.ones(len(variance)), np.diff(rank))


def _cantor(ratio: float, steps: int) -> np.ndarray:
    """Centres above 1/2 of the intervals that are left after some steps: [2^(steps − 1)]."""
    left = np.zeros(1)
    for step in range(steps):
        left = np.concatenate([left, left + (1.0 - ratio) * ratio**step])
    return np.sort(left)[len(left) // 2 :] + 0.5 * ratio**steps


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
