"""Frequencies and variances of the random Fourier series that targets are drawn from.

A component of a tower's true embedding is f(t) = Σ_k c_k exp(2πi⟨k, t⟩) over the integer
frequencies 0 < |k| ≤ cutoff, with E|c_k|² ∝ |k|^(−(2β+d)): a Gaussian field whose paths have
Hölder exponent β (up to logarithms) and Sobolev exponent β, in the mean-square sense exactly.

The worst case at n ratings is another Gaussian series: the hardest of all that are as smooth as the
one above in the mean square, Σ_k |k|^(2β) E|c_k|² over |k| ≤ κ being equal. By Pinsker's theorem
(1980; A. B. Tsybakov, Introduction to Nonparametric Estimation, 2009, section 3.2) it has
E|c_k|² = ε² ((κ/|k|)^β − 1) up to κ, where ε² = pσ²/n is the noise with which n ratings show one
frequency. What this leaves of the unit energy goes to the lowest octave, |k| < 2, as |k|^(−(2β+d)).
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

TRIGONOMETRIC_DEGREE = 2
_HALVINGS = 60  # of an interval: to the last bit

# Smallest and largest cut-off by dimension: every octave that the largest sample can resolve is
# full at the smallest, and the number of frequencies stays affordable at the largest.
CUTOFFS = {1: (512, 8192), 2: (64, 192), 3: (16, 32), 4: (8, 12)}
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


def law_of(cell: Mapping[str, Any], tower: str) -> tuple[float, float | None]:
    """β and ε² of one tower: what `default_cutoff` and `mode_variances` ask for.

    ε² is None where the cell's target is not the worst case at any n.

    Args:
        cell, tower: see `smoothness_of`.
    """
    smoothness, at = smoothness_of(cell, tower), cell.get("worst_case_at")
    if at is None or math.isnan(at):
        return smoothness, None
    return smoothness, float(cell["rank"]) * float(cell["noise_sd"]) ** 2 / at


@lru_cache(maxsize=256)
def worst_cut(dim: int, smoothness: float, noise: float) -> float:
    """κ > 2 of the worst case where one frequency is seen with noise ε²; ∞ beyond `CUTOFFS`."""
    norm = _norms(frequencies(dim, CUTOFFS[dim][1]))
    usual = norm ** -(2.0 * smoothness + dim)

    def excess(cut: float) -> float:
        within = norm <= cut
        share = usual[within] / usual[within].sum()
        worst = _worst(norm[within], share, smoothness, noise, cut)
        return norm[within] ** (2.0 * smoothness) @ (worst - share)

    low, high = 2.0, float(CUTOFFS[dim][1])
    if excess(high) < 0:
        return math.inf
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return low


def _worst(
    norm: np.ndarray, usual: np.ndarray, smoothness: float, noise: float, cut: float
) -> np.ndarray:
    """E|c_k|² of the worst case at each |k| up to κ = `cut`; `usual` is |k|^(−(2β+d))."""
    variance = noise * ((cut / norm) ** smoothness - 1.0)
    low = norm < 2.0
    variance[low] = usual[low] * (1.0 - variance[~low].sum()) / usual[low].sum()
    return variance


def _norms(wave_vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((wave_vectors.astype(float) ** 2).sum(axis=1))


def default_cutoff(dim: int, smoothness: float, noise: float | None = None) -> int:
    """Largest |k| of a target on a `dim`-dimensional support; a low degree for β = ∞.

    Of the worst case at a `noise` of ε² the last whole number up to κ.

    Doubled from its smallest value until the cut tail holds a share of at most 2e-4 of the
    variance (3e-3 above two dimensions), or the largest affordable value is reached (the data
    certificate records the tail).

    Raises:
        ValueError: if `dim` has no default (it is above 4).
    """
    if math.isinf(smoothness):
        return TRIGONOMETRIC_DEGREE
    if noise is not None:
        return int(worst_cut(dim, smoothness, noise))
    if dim not in CUTOFFS:
        raise ValueError(f"targets of intrinsic dimension {dim} are not supported; allowed: 1 to 4")
    cutoff, largest = CUTOFFS[dim]
    while cutoff < largest and cut_tail_energy(dim, cutoff, smoothness) > _TAIL_SHARES[dim]:
        cutoff = min(2 * cutoff, largest)
    return cutoff


def frequencies(dim: int, cutoff: int) -> np.ndarray:
    """Integer vectors k with 0 < |k| ≤ cutoff, shape [n_frequencies, dim], in lexical order."""
    axis = np.arange(-cutoff, cutoff + 1)
    grid = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    square = (grid**2).sum(axis=1)
    return grid[(square > 0) & (square <= cutoff**2)]


def mode_variances(
    wave_vectors: np.ndarray, smoothness: float, noise: float | None = None
) -> np.ndarray:
    """E|c_k|² of each frequency, shape [n_frequencies], normalized to sum 1.

    Proportional to |k|^(−(2β+d)); equal for every k where β = ∞ (a trigonometric polynomial). Of
    the worst case at a `noise` of ε² the frequencies must be those up to its `default_cutoff`.
    """
    if math.isinf(smoothness):
        return np.full(len(wave_vectors), 1.0 / len(wave_vectors))
    dim, norm = wave_vectors.shape[1], _norms(wave_vectors)
    variance = norm ** -(2.0 * smoothness + dim)
    if noise is not None:
        return _worst(norm, variance, smoothness, noise, worst_cut(dim, smoothness, noise))
    return variance / variance.sum()


def cut_tail_energy(dim: int, cutoff: int, smoothness: float) -> float:
    """Share of the uncut series' variance at |k| > cutoff; 0 for β = ∞.

    The lattice sum beyond the cut-off is replaced by its integral,
    Σ_{|k|>K} |k|^(−(2β+d)) ≈ S_d K^(−2β) / (2β), S_d the area of the unit sphere.
    """
    if math.isinf(smoothness):
        return 0.0
    kept = (_norms(frequencies(dim, cutoff)) ** -(2.0 * smoothness + dim)).sum()
    sphere = 2.0 * math.pi ** (dim / 2) / math.gamma(dim / 2)
    tail = sphere * cutoff ** (-2.0 * smoothness) / (2.0 * smoothness)
    return tail / (kept + tail)
