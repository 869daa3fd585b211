"""Frequencies and variances of the random Fourier series that targets are drawn from.

A component of a tower's true embedding is f(t) = Σ_k c_k exp(2πi⟨k, t⟩) over the integer
frequencies 0 < |k| ≤ cutoff, with E|c_k|² ∝ |k|^(−(2β+d)): a Gaussian field whose paths have
Hölder exponent β (up to logarithms) and Sobolev exponent β, in the mean-square sense exactly.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

TRIGONOMETRIC_DEGREE = 2

# Smallest and largest cut-off by dimension: every octave that the largest sample can resolve is
# full at the smallest, and the number of frequencies stays affordable at the largest.
_CUTOFFS = {1: (512, 8192), 2: (64, 192), 3: (16, 32), 4: (8, 12)}
# Above two dimensions risks in reach are larger, and frequencies dearer.
_TAIL_SHARES = {1: 2.0e-4, 2: 2.0e-4, 3: 3.0e-3, 4: 3.0e-3}


def smoothness_of(cell: Mapping[str, Any], tower: str) -> float:
    """β of one tower: its own, or that of both where it has none (absent, None or NaN).

    Args:
        cell: the cell's specification, or its columns in a table of risks or rates.
        tower: "user" or "item".
    """
    own = cell.get(f"{tower}_smoothness")
    own = math.nan if own is None else float(own)
    return float(cell["smoothness"]) if math.isnan(own) else own


def default_cutoff(dim: int, smoothness: float) -> int:
    """Largest |k| of a target on a `dim`-dimensional support; a low degree for β = ∞.

    Doubled from its smallest value until the cut tail holds a share of at most 2e-4 of the
    variance (3e-3 above two dimensions), or the largest affordable value is reached (the data
    certificate records the tail).

    Raises:
        ValueError: if `dim` has no default (it is above 4).
    """
    if math.isinf(smoothness):
        return TRIGONOMETRIC_DEGREE
    if dim not in _CUTOFFS:
        raise ValueError(f"targets of intrinsic dimension {dim} are not supported; allowed: 1 to 4")
    cutoff, largest = _CUTOFFS[dim]
    while cutoff < largest and cut_tail_energy(dim, cutoff, smoothness) > _TAIL_SHARES[dim]:
        cutoff = min(2 * cutoff, largest)
    return cutoff


def frequencies(dim: int, cutoff: int) -> np.ndarray:
    """Integer vectors k with 0 < |k| ≤ cutoff, shape [n_frequencies, dim], in lexical order."""
    axis = np.arange(-cutoff, cutoff + 1)
    grid = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    square = (grid**2).sum(axis=1)
    return grid[(square > 0) & (square <= cutoff**2)]


def mode_variances(wave_vectors: np.ndarray, smoothness: float) -> np.ndarray:
    """E|c_k|² of each frequency, shape [n_frequencies], normalized to sum 1.

    Proportional to |k|^(−(2β+d)); equal for every k where β = ∞ (a trigonometric polynomial).
    """
    if math.isinf(smoothness):
        return np.full(len(wave_vectors), 1.0 / len(wave_vectors))
    dim = wave_vectors.shape[1]
    norm = np.sqrt((wave_vectors.astype(float) ** 2).sum(axis=1))
    variance = norm ** -(2.0 * smoothness + dim)
    return variance / variance.sum()


def cut_tail_energy(dim: int, cutoff: int, smoothness: float) -> float:
    """Share of the uncut series' variance at |k| > cutoff; 0 for β = ∞.

    The lattice sum beyond the cut-off is replaced by its integral,
    Σ_{|k|>K} |k|^(−(2β+d)) ≈ S_d K^(−2β) / (2β), S_d the area of the unit sphere.
    """
    if math.isinf(smoothness):
        return 0.0
    wave_vectors = frequencies(dim, cutoff).astype(float)
    kept = (np.sqrt((wave_vectors**2).sum(axis=1)) ** -(2.0 * smoothness + dim)).sum()
    sphere = 2.0 * math.pi ** (dim / 2) / math.gamma(dim / 2)
    tail = sphere * cutoff ** (-2.0 * smoothness) / (2.0 * smoothness)
    return tail / (kept + tail)
