"""Real series in the orthonormal basis 1, √2 cos 2π⟨k, t⟩, √2 sin 2π⟨k, t⟩, k of a half space.

Its normal equations are real and of the same size as those of the complex exponentials, and its
coefficients have the same norm. They hold C(k ± l) and S(k ± l) alone, where
Σ_n w_n exp(−2πi⟨k, t_n⟩) = C(k) − i S(k).
"""

from functools import lru_cache

import numpy as np

from twotower.methods.lattice_sums import places
from twotower.theory.fourier import half_space
from twotower.theory.spectrum import frequencies

_ROOT = np.sqrt(2.0)


class Basis:
    """The functions with |k| ≤ cutoff in `dim` dimensions: 1, then cosines, then sines.

    Attributes:
        size: how many.
        waves: frequencies of both signs, 0 first, integers [size, dim].
    """

    def __init__(self, dim: int, cutoff: int):
        self.dim, self.cutoff = dim, cutoff
        waves = frequencies(dim, cutoff)
        self.waves = np.concatenate([np.zeros((1, dim), dtype=int), waves])
        waves = waves[half_space(waves)]
        self.size, self._half = 1 + 2 * len(waves), len(waves)
        self._lattice = (2 * cutoff + 1) ** dim
        self._plus, self._minus = places(waves, cutoff), places(-waves, cutoff)
        self._single = places(waves, 2 * cutoff)
        self._sums = places(waves[:, None] + waves[None], 2 * cutoff)
        self._differences = places(waves[:, None] - waves[None], 2 * cutoff)

    def right(self, sums: np.ndarray) -> np.ndarray:
        """Sums over a lattice of `cutoff`, complex [m, lattice], as float64 [m, size]."""
        waves = sums[:, self._plus]
        constant = sums[:, self._lattice // 2 :][:, :1].real
        return np.concatenate([constant, _ROOT * waves.real, -_ROOT * waves.imag], axis=1)

    def gram(self, sums: np.ndarray) -> np.ndarray:
        """Sums of weights over a lattice of 2·`cutoff`, complex [lattice], as the sums of weighted
        products of any two functions: float64 [size, size].
        """
        cosine, sine, half = sums.real.copy(), -sums.imag, self._half
        cosines, sines = slice(1, 1 + half), slice(1 + half, None)
        result = np.empty((self.size, self.size))
        result[0, 0] = cosine[len(cosine) // 2]
        result[0, cosines] = result[cosines, 0] = _ROOT * cosine[self._single]
        result[0, sines] = result[sines, 0] = _ROOT * sine[self._single]
        apart, together = cosine[self._differences], cosine[self._sums]
        result[cosines, cosines] = apart + together
        result[sines, sines] = apart - together
        mixed = sine[self._differences] + sine[self._sums]
        result[sines, cosines], result[cosines, sines] = mixed, mixed.T
        return result

    def on_lattice(self, coefficients: np.ndarray) -> np.ndarray:
        """Real coefficients [m, size] as complex ones [m, lattice] of exponentials."""
        cosines, sines = np.split(coefficients[:, 1:], 2, axis=1)
        result = np.zeros((len(coefficients), self._lattice), dtype=complex)
        result[:, self._lattice // 2] = coefficients[:, 0]
        result[:, self._plus] = (cosines - 1j * sines) / _ROOT
        result[:, self._minus] = (cosines + 1j * sines) / _ROOT
        return result


@lru_cache(maxsize=2)
def basis(dim: int, cutoff: int) -> Basis:
    """The basis; its tables of places are kept while its cut-off is tried, for both towers."""
    return Basis(dim, cutoff)
