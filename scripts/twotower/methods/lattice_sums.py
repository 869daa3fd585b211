"""Fourier sums of one tower's points, both ways, at every frequency of a lattice.

A lattice holds all |k_j| ≤ cutoff, flattened: [(2·cutoff + 1)^d]. On one or two axes the sums go
over a regular grid by a nonuniform fast Fourier transform: each point is spread over few grid
points by a window, a fast transform follows, and the window's own transform is divided out. The
window is the exponential of a semicircle (Barnett, Magland, af Klinteberg, SIAM J. Sci. Comput. 41,
2019); at four grid points to the shortest half wave and 14 to the window its error is a rounding.
More axes have the sums written out.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from twotower.kernels import gridding
from twotower.methods.sieve_sizes import FINENESS, SPAN, grid_size, window_bytes
from twotower.theory.fourier import Moments, half_space, synthesize

WIDTH = 14  # grid points under a window
TILE = SPAN - WIDTH + 1  # first grid points to the side of a tile, whose windows start as one
DEGREE = 14  # of the polynomials that stand in for the window
ROWS = 1 << 15  # points a time
_DECAY = 0.97 * math.pi * WIDTH * (1 - 1 / FINENESS)
_STEPS = 64  # to a grid point, of the trapezoidal sum of the window's transform


def lattice(dim: int, cutoff: int) -> np.ndarray:
    """All frequencies |k_j| ≤ cutoff in their order: integers [(2·cutoff + 1)^dim, dim]."""
    axis = np.arange(-cutoff, cutoff + 1)
    return np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)


def places(frequencies: np.ndarray, cutoff: int) -> np.ndarray:
    """Where frequencies [..., dim] stand in a lattice."""
    steps = (2 * cutoff + 1) ** np.arange(frequencies.shape[-1])[::-1]
    return (frequencies + cutoff) @ steps


def tower_points(points: np.ndarray, kept_bytes: int) -> "GriddedPoints | DirectPoints":
    """The sums at points [n, d]; windows are kept where all of them take no more bytes."""
    if points.shape[1] <= 2:
        return GriddedPoints(points, kept_bytes)
    return DirectPoints(points)


class GriddedPoints:
    """Sums at points [n, d] with d ≤ 2, in units of the period; columns may be mapped files."""

    def __init__(self, points: np.ndarray, kept_bytes: int):
        self._points, self.dim = points, points.shape[1]
        self._size, self._windows = 0, {}
        self._kept = window_bytes(*points.shape) <= kept_bytes

    def windows(self, rows: slice, size: int) -> tuple[np.ndarray, ...]:
        """Points of those rows on a grid, see `gridded`."""
        if size != self._size:
            self._size, self._windows = size, {}
        found = self._windows.get(rows.start)
        if found is None:
            columns = self._points[rows].T
            found = gridded(columns if self.dim == 2 else [None, columns[0]], size)
            if self._kept:
                self._windows[rows.start] = found
        return found

    def series(self, coefficients: np.ndarray, cutoff: int) -> Callable[[slice], np.ndarray]:
        """Values [n, n_series] at rows of a series with Hermitian coefficients
        [n_series, lattice].
        """
        size = grid_size(self.dim, 2 * cutoff)
        scaled = coefficients / _transforms(self.dim, cutoff, size)
        scaled = scaled.reshape(len(scaled), -1, 2 * cutoff + 1)[:, :, cutoff:]
        if self.dim == 2:
            waves = np.zeros((len(scaled), size, cutoff + 1), dtype=complex)
            waves[:, np.arange(-cutoff, cutoff + 1)] = scaled
            scaled = np.fft.ifft(waves, axis=1) * size
        periods = np.moveaxis(np.fft.irfft(scaled, size) * size, 0, -1)
        rows = np.arange(size + SPAN - 1) % size if self.dim == 2 else np.zeros(1, dtype=int)
        columns = np.arange(size + SPAN - 1) % size
        grid = empty_grid(self.dim, size, len(coefficients))
        grid[:] = periods[rows[:, None], columns].reshape(len(rows), -1)

        def values(part: slice) -> np.ndarray:
            windows = self.windows(part, size)
            found = np.empty((len(windows[0]), len(coefficients)))
            gridding.interpolate(*windows, grid, found)
            return found

        return values

    def sums(self, n_products: int, n_right: int, cutoff: int) -> "GridSums":
        """Sums that are still empty, see `GridSums`."""
        return GridSums(self.windows, self.dim, n_products, n_right, cutoff)


class GridSums:
    """Σ_n w_n exp(−2πi⟨k, t_n⟩) of `n_products` real weights at |k_j| ≤ 2·cutoff and of `n_right`
    others at |k_j| ≤ cutoff.
    """

    def __init__(self, windows, dim: int, n_products: int, n_right: int, cutoff: int):
        self._windows, self._dim, self._cutoff = windows, dim, cutoff
        self._n_products, self._size = n_products, grid_size(dim, 2 * cutoff)
        self._grid = empty_grid(dim, self._size, n_products + n_right)

    def add(self, rows: slice, products: np.ndarray, right: np.ndarray) -> None:
        """Add those rows of points, with weights [rows, n_products] and [rows, n_right]."""
        weights = np.concatenate([products, right], axis=1)
        gridding.spread(*self._windows(rows, self._size), weights, self._grid)

    def lattices(self) -> tuple[np.ndarray, np.ndarray]:
        """Complex [n_products, lattice of 2·cutoff] and [n_right, lattice of cutoff]."""
        periods = fold(self._grid, self._size)
        return tuple(
            lattice_transform(part, self._dim, cutoff, self._size)
            for part, cutoff in (
                (periods[: self._n_products], 2 * self._cutoff),
                (periods[self._n_products :], self._cutoff),
            )
        )


class DirectPoints:
    """The same at points of any dimension, the sums written out."""

    def __init__(self, points: np.ndarray):
        self._points, self.dim = points, points.shape[1]

    def series(self, coefficients: np.ndarray, cutoff: int) -> Callable[[slice], np.ndarray]:
        """As of `GriddedPoints`."""
        waves = lattice(self.dim, cutoff)
        constant = coefficients[:, len(waves) // 2].real
        present = np.flatnonzero(np.abs(coefficients).max(axis=0))
        present = present[(waves[present] != 0).any(axis=1)]
        present = present[half_space(waves[present])]
        waves, kept = waves[present], coefficients[:, present]
        if not len(present):
            return lambda part: np.broadcast_to(constant, (len(self._points[part]), len(constant)))
        return lambda part: constant + synthesize(self._points[part], waves, kept)

    def sums(self, n_products: int, n_right: int, cutoff: int) -> "DirectSums":
        """As of `GriddedPoints`."""
        return DirectSums(self._points, cutoff)


class DirectSums:
    """As `GridSums`."""

    def __init__(self, points: np.ndarray, cutoff: int):
        self._points, self._cutoff, self._moments = points, cutoff, None

    def add(self, rows: slice, products: np.ndarray, right: np.ndarray) -> None:
        """As of `GridSums`."""
        points, weights = self._points[rows], (products, right)
        if self._moments is None:
            cutoffs = (2 * self._cutoff, self._cutoff)
            self._moments = [Moments(points, *each) for each in zip(weights, cutoffs, strict=True)]
        else:
            for moments, each in zip(self._moments, weights, strict=True):
                moments.add(points, each)

    def lattices(self) -> tuple[np.ndarray, np.ndarray]:
        """As of `GridSums`."""
        dim = self._points.shape[1]
        return tuple(
            moments.at(lattice(dim, cutoff))
            for moments, cutoff in zip(self._moments, (2 * self._cutoff, self._cutoff), strict=True)
        )


def empty_grid(dim: int, size: int, n_series: int) -> np.ndarray:
    """A grid of zeros as `gridding` wants it: a period and what windows reach beyond it."""
    length = size + SPAN - 1
    return np.zeros((length if dim == 2 else 1, length * n_series))


def fold(grid: np.ndarray, size: int) -> np.ndarray:
    """One period [n_series, rows, size] of a grid, what reaches beyond it added."""
    over = SPAN - 1
    grid = grid.reshape(len(grid), size + over, -1)
    if len(grid) > 1:
        grid[:over] += grid[size:]
        grid = grid[:size]
    grid[:, :over] += grid[:, size:]
    return np.ascontiguousarray(np.moveaxis(grid[:, :size], -1, 0))


def lattice_transform(periods: np.ndarray, dim: int, cutoff: int, size: int) -> np.ndarray:
    """Transforms [n, lattice] of grids [n, rows, columns], the window's own divided out."""
    half = np.fft.rfft(periods)[:, :, : cutoff + 1]
    if dim == 2:
        half = np.fft.fft(half, axis=1)[:, np.arange(-cutoff, cutoff + 1)]
    mirrored = half[:, ::-1, :0:-1].conj()
    whole = np.concatenate([mirrored, half], axis=2).reshape(len(half), -1)
    return whole / _transforms(dim, cutoff, size)


def gridded(columns: list[np.ndarray | None], size: int) -> tuple[np.ndarray, ...]:
    """What `gridding` wants of points [n] on two axes: their order, and on each axis the first
    indices and windows. A grid of one row stands in for an axis that is None.

    Points are taken tile by tile, all of one tile with the same first indices.
    """
    axes = [None if each is None else _windows(each, size) for each in columns]
    n = len(columns[1])
    single = np.zeros(n, dtype=np.int32)
    rows, columns = (single if axis is None else axis[0] // TILE for axis in axes)
    count = size // TILE + 1
    narrow = np.uint16 if count**2 <= 1 << 16 else np.uint32  # sorted ten times as fast
    order = np.argsort((rows * count + columns).astype(narrow), kind="stable").astype(np.int32)
    found = [order]
    for axis in axes:
        if axis is None:
            found += single, np.ones((n, 1))
        else:
            first, offsets, places = axis
            values = np.zeros((n, SPAN))
            gridding.windows(order, offsets, places, _polynomials(), values)
            found += first[order], values
    return tuple(found)


def _windows(column: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """Of points of one axis: first grid indices of their tiles, where in [−1, 1] between two grid
    points they stand, and zeros before their windows: [n] each.
    """
    scaled = (column - np.floor(column)) * size
    first = np.ceil(scaled - WIDTH / 2)
    wrapped = (first % size).astype(np.int32)
    places = wrapped % TILE
    return wrapped - places, 2.0 * (first - scaled + WIDTH / 2) - 1.0, places


@cache
def _polynomials() -> np.ndarray:
    """The window at each of its grid points, for offsets in [−1, 1]: [DEGREE + 1, WIDTH], the
    highest power first. Their error is a rounding of the window's largest value.
    """
    angles = np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1)
    nodes = _cosines(angles)
    found = []
    for first in np.arange(WIDTH) - WIDTH / 2:
        values = _semicircle(first + 0.5 * (nodes + 1.0))
        terms = _cosines(np.arange(DEGREE + 1)[:, None] * angles)
        series = 2.0 / (DEGREE + 1) * (terms * values).sum(axis=1)
        series[0] *= 0.5
        found.append(np.polynomial.chebyshev.cheb2poly(series)[::-1])
    return np.ascontiguousarray(np.stack(found, axis=1))


def _semicircle(distances: np.ndarray) -> np.ndarray:
    height = np.sqrt(np.maximum(0.0, 1.0 - np.square(distances * (2 / WIDTH))))
    return np.exp(_DECAY * (height - 1.0) + 0.0j).real


def _cosines(angles: np.ndarray) -> np.ndarray:
    """Complex exponentials are the C library's; real ones are numpy's own, by processor."""
    return np.exp(1.0j * angles).real


@cache
def _axis_transform(cutoff: int, size: int) -> np.ndarray:
    """The window's transform at |k| ≤ cutoff, by the trapezoidal rule."""
    nodes = np.arange(-WIDTH * _STEPS // 2, WIDTH * _STEPS // 2 + 1) / _STEPS
    angles = 2 * np.pi / size * np.arange(-cutoff, cutoff + 1)[:, None] * nodes
    return (_cosines(angles) * _semicircle(nodes)).sum(axis=1) / _STEPS


@cache
def _transforms(dim: int, cutoff: int, size: int) -> np.ndarray:
    """The same on a lattice."""
    axis = _axis_transform(cutoff, size)
    return axis if dim == 1 else np.outer(axis, axis).reshape(-1)
