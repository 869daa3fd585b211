"""Fourier series at scattered points, and sums over scattered points at every frequency.

Both directions run as matrix products: exp(2πi⟨k, t⟩) is a product over the axes of the support,
and on a single axis the frequency is split as k = block·q + r, so that n points and K frequencies
cost n·K multiplications at matrix-product speed but only n·√K complex exponentials.

Everything is real-valued in space, so only half of the frequencies is kept: those whose first
nonzero component is positive. The other half are their complex conjugates.
"""

import math

import numpy as np

_CHUNK_ELEMENTS = 1 << 21  # of the largest intermediate array; keeps the memory flat
_MOST_ROWS = 2048  # points a time


def half_space(frequencies: np.ndarray) -> np.ndarray:
    """Mask [n_frequencies] of those whose first nonzero component is positive."""
    first = (frequencies != 0).argmax(axis=1)
    return frequencies[np.arange(len(frequencies)), first] > 0


class Box:
    """The integer frequencies 0 ≤ k_1 ≤ cutoff, |k_j| ≤ cutoff on the further axes.

    One dimension is treated as two axes, quotient and remainder of k by a block length.
    """

    def __init__(self, dim: int, cutoff: int):
        self.dim, self.cutoff = dim, cutoff
        if dim == 1:
            self.block = math.isqrt(cutoff) + 1
            self.shape = (cutoff // self.block + 1, self.block)
        else:
            self.shape = (cutoff + 1,) + (2 * cutoff + 1,) * (dim - 1)

    def index(self, frequencies: np.ndarray) -> tuple[np.ndarray, ...]:
        """Where frequencies [..., dim] with k_1 ≥ 0 stand in arrays of shape `self.shape`."""
        if self.dim == 1:
            return np.divmod(frequencies[..., 0], self.block)
        offset = np.array([0] + [self.cutoff] * (self.dim - 1))
        return tuple(np.moveaxis(frequencies + offset, -1, 0))

    def exponentials(self, points: np.ndarray) -> list[np.ndarray]:
        """exp(2πi k_j t_j) for each axis j: complex arrays [n_points, shape[j]]."""
        base = np.exp(2j * math.pi * points)
        if self.dim == 1:
            blocks = np.exp(2j * math.pi * self.block * points[:, 0])
            return [_powers(blocks, self.shape[0]), _powers(base[:, 0], self.shape[1])]
        positive = [_powers(base[:, axis], self.cutoff + 1) for axis in range(self.dim)]
        return positive[:1] + [
            np.concatenate([powers[:, :0:-1].conj(), powers], axis=1) for powers in positive[1:]
        ]


def _rows(columns: int) -> int:
    """Points to process a time where each needs an intermediate row of so many columns."""
    return min(_MOST_ROWS, max(16, _CHUNK_ELEMENTS // columns))


def _powers(base: np.ndarray, count: int) -> np.ndarray:
    """base^0 … base^(count − 1), shape [len(base), count], by doubling: few roundings, no exp."""
    powers = np.empty((len(base), count), dtype=complex)
    powers[:, 0] = 1.0
    done, step = 1, base
    while done < count:
        more = min(done, count - done)
        np.multiply(powers[:, :more], step[:, None], out=powers[:, done : done + more])
        done += more
        step = step * step
    return powers


def synthesize(points: np.ndarray, frequencies: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Values 2 Re Σ_k c_k exp(2πi⟨k, t⟩), the sum over a half space, of several series.

    Args:
        points: [n_points, dim] in units of the period.
        frequencies: integers [n_frequencies, dim] within the half space.
        coefficients: complex [n_series, n_frequencies].

    Returns:
        float64 [n_points, n_series].
    """
    n_series = len(coefficients)
    box = Box(points.shape[1], int(np.abs(frequencies).max()))
    grid = np.zeros((n_series, *box.shape), dtype=complex)
    grid[(slice(None), *box.index(frequencies))] = 2.0 * coefficients
    # [last axis, series × other axes]: contracted first, as one matrix product a chunk
    matrix = np.ascontiguousarray(np.moveaxis(grid, -1, 0).reshape(box.shape[-1], -1))
    values = np.empty((len(points), n_series))
    rows = _rows(matrix.shape[1])
    for start in range(0, len(points), rows):
        factors = box.exponentials(points[start : start + rows])
        partial = factors[-1] @ matrix
        for factor in factors[-2::-1]:
            partial = partial.reshape(len(factor), -1, factor.shape[1]) @ factor[:, :, None]
        values[start : start + rows] = partial.reshape(-1, n_series).real
    return values


class Moments:
    """Sums m_w(k) = Σ_n w_n exp(−2πi⟨k, t_n⟩) of real weights at every |k_j| ≤ cutoff.

    Args:
        points: [n_points, dim] in units of the period.
        weights: float [n_points, n_weights].
        cutoff: largest component of a frequency that will be asked for.
    """

    def __init__(self, points: np.ndarray, weights: np.ndarray, cutoff: int):
        self._box = Box(points.shape[1], cutoff)
        self._sums = np.zeros((weights.shape[1], *self._box.shape), dtype=complex)
        self.add(points, weights)

    def add(self, points: np.ndarray, weights: np.ndarray) -> None:
        """Add the sums over further points and their weights."""
        total = self._sums.reshape(-1, self._box.shape[-1])
        rows = _rows(len(total))
        for start in range(0, len(points), rows):
            factors = [f.conj() for f in self._box.exponentials(points[start : start + rows])]
            left = weights[start : start + rows].astype(complex)
            for factor in factors[:-1]:
                left = (left[:, :, None] * factor[:, None, :]).reshape(len(left), -1)
            total += left.T @ factors[-1]

    def at(self, frequencies: np.ndarray) -> np.ndarray:
        """The sums at frequencies [..., dim] of any sign: complex [n_weights, ...]."""
        mirrored = frequencies[..., 0] < 0
        sign = np.where(mirrored, -1, 1)[..., None]
        sums = self._sums[(slice(None), *self._box.index(frequencies * sign))]
        return np.where(mirrored, sums.conj(), sums)
