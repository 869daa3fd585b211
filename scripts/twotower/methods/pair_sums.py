"""The sums over pairs that alternating least squares asks for, at the same pairs again and again.

Where both towers have one axis, sums of weights that are series in the other tower's coordinate
follow from those of the pairs' own frequencies, Σ_n exp(−2πi(k t_n + l s_n)), with and without
the ratings: two tables a grid, and no half-step returns to the pairs. Otherwise each half-step
reads the other tower's values and spreads their products, a block of pairs at a time.
"""

from collections.abc import Iterator

import numpy as np

from twotower.base import mapped_pages
from twotower.kernels import gridding
from twotower.methods import lattice_sums
from twotower.methods.lattice_sums import places, tower_points
from twotower.methods.sieve_sizes import FINENESS, LARGEST_TABLE, grid_size


class PairSums:
    """Sums over pairs of points [n, d_u] and [n, d_i] and their ratings [n].

    Series are complex coefficients [n_series, lattice], see `lattice_sums`. Columns may be mapped
    files; of each tower at most `kept_bytes` are held from one pass to the next.

    Attributes:
        points: by tower, its sums.
        largest: largest absolute rating.
        variance, mean_square: of the ratings.
    """

    def __init__(
        self, users: np.ndarray, items: np.ndarray, ratings: np.ndarray, kept_bytes: int
    ) -> None:
        self.points = {
            tower: tower_points(points, kept_bytes)
            for tower, points in (("user", users), ("item", items))
        }
        self._columns, self._ratings = (users, items, ratings), ratings
        self.largest = max(np.abs(ratings[part]).max() for part in self._blocks())
        mean = sum(ratings[part].sum() for part in self._blocks()) / len(ratings)
        squares = sum(np.square(ratings[part] - mean).sum() for part in self._blocks())
        self.variance = squares / len(ratings)
        self.mean_square = self.variance + mean**2
        self._tables = None

    def __len__(self) -> int:
        return len(self._ratings)

    def _blocks(self) -> Iterator[slice]:
        return mapped_pages.parts(lattice_sums.ROWS, *(each[None] for each in self._columns))

    def half_step(self, tower: str, other: np.ndarray, cutoff: int):
        """Means that one tower's normal equations are made of, the other's series given.

        Returns:
            Those of products f_r f_s, s ≤ r, complex [pairs of components, lattice of 2·cutoff],
            and of f_r times the rating, [components, lattice of cutoff].
        """
        if self._one_axis_each and cutoff <= LARGEST_TABLE:
            return self._from_tables(tower, other, cutoff)
        fixed = {"user": "item", "item": "user"}[tower]
        rank = len(other)
        first, second = np.tril_indices(rank)
        sums = self.points[tower].sums(len(first), rank, cutoff)
        values = self.points[fixed].series(other, cutoff)
        for part in self._blocks():
            found = values(part)
            products = found[:, first] * found[:, second]
            sums.add(part, products, found * self._ratings[part][:, None])
        return tuple(lattice / len(self._ratings) for lattice in sums.lattices())

    def squared_error(self, user, item, cutoff: int, bound: float = np.inf) -> float:
        """Mean squared difference of predictions, clipped to ±bound, and ratings."""
        series = [
            self.points[tower].series(coefficients, cutoff)
            for tower, coefficients in (("user", user), ("item", item))
        ]
        total = 0.0
        for part in self._blocks():
            predicted = (series[0](part) * series[1](part)).sum(axis=1)
            total += np.square(np.clip(predicted, -bound, bound) - self._ratings[part]).sum()
        return total / len(self._ratings)

    def cross_moments(self, user_waves: np.ndarray, item_waves: np.ndarray) -> np.ndarray:
        """Means of the ratings times conjugate exponentials of both towers, at given waves."""
        users, items, ratings = self._columns
        total = np.zeros((len(user_waves), len(item_waves)), dtype=complex)
        for part in self._blocks():
            left = np.exp(-2j * np.pi * users[part] @ user_waves.T)
            right = np.exp(-2j * np.pi * items[part] @ item_waves.T)
            total += left.T @ (right * ratings[part][:, None])
        return total / len(ratings)

    @property
    def _one_axis_each(self) -> bool:
        return all(points.dim == 1 for points in self.points.values())

    def _from_tables(self, tower: str, other: np.ndarray, cutoff: int):
        size = grid_size(1, 2 * cutoff)
        if self._tables is None or self._tables[0] != size:
            self._tables = size, *self._table_pair(size)
        tables = []
        for table, reach in zip(self._tables[1:], (2 * cutoff, cutoff), strict=True):
            middle = len(table) // 2
            near = slice(middle - reach, middle + reach + 1)
            table = table[near, near] if tower == "user" else table[near, near].T
            tables.append(table[:, ::-1])  # a series' frequency l meets exp(−2πi·(−l)·s)
        products = [
            np.convolve(other[r], other[s])
            for r, s in zip(*np.tril_indices(len(other)), strict=True)
        ]
        return (tables[0] @ np.stack(products).T).T, (tables[1] @ other.T).T

    def _table_pair(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Means of exp(−2πi(k t + l s)), |k|, |l| ≤ size / 8, and with ratings, ≤ size / 16."""
        grid = lattice_sums.empty_grid(2, size, 2)
        for part in self._blocks():
            windows = lattice_sums.gridded([each[part][:, 0] for each in self._columns[:2]], size)
            ratings = self._ratings[part]
            weights = np.stack([np.ones(len(ratings)), ratings], axis=1)
            gridding.spread(*windows, weights, grid)
        periods = lattice_sums.fold(grid, size)
        reach = size // FINENESS
        tables = lattice_sums.lattice_transform(periods, 2, reach, size) / len(self._ratings)
        return tuple(table.reshape(2 * reach + 1, -1) for table in tables)


def extended(series: np.ndarray, dim: int, old_cutoff: int, cutoff: int) -> np.ndarray:
    """The same series on the lattice of a larger cut-off."""
    result = np.zeros((len(series), (2 * cutoff + 1) ** dim), dtype=complex)
    result[:, places(lattice_sums.lattice(dim, old_cutoff), cutoff)] = series
    return result
