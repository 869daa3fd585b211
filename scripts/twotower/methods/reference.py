"""The reference estimator: a two-tower sieve in the target's own basis, without networks.

Each tower is a Fourier series in the intrinsic coordinates, cut at |k| ≤ cutoff; the rank-p fit
is alternating least squares; the cut-off is the one that does best on held-out ratings. It knows
the support and the basis, but neither β nor the coefficients: it shows which slope these ratings
allow. Coefficients c of series Σ_k c_k exp(2πi⟨k, t⟩) are complex and Hermitian.

The normal equations of a half-step hold sums Σ_n w_n exp(−2πi⟨k − l, t_n⟩) that depend on k − l
alone, so that one pass over the data at doubled cut-off replaces all products of pairs of columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twotower.base import mapped_pages
from twotower.data import equal_ratings
from twotower.theory.fourier import Moments, half_space, synthesize
from twotower.theory.spectrum import frequencies

HELD_OUT_SHARE = 0.2
ALTERNATIONS = 10
TOLERANCE = 1.0e-4  # relative fall of the squared error at which alternation stops
PATIENCE = 2  # cut-offs tried beyond the best one
WINDOW = 1 << 19  # pairs whose values are held at a time


@dataclass(frozen=True)
class Sieve:
    """A fitted pair of series.

    Attributes:
        cutoff: largest |k|.
        user, item: complex [n_frequencies, p] over all |k| ≤ cutoff (k = 0 included).
    """

    cutoff: int
    user: np.ndarray
    item: np.ndarray

    @property
    def n_functions(self) -> int:
        """Basis functions of the user tower."""
        return len(self.user)

    def embeddings(self, tower: str, coordinates: np.ndarray) -> np.ndarray:
        """One tower's values [n, p] at intrinsic coordinates [n, d]."""
        return _values(coordinates, getattr(self, tower), self.cutoff)

    def scores(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Unclipped predictions [n] at intrinsic coordinates [n, d_u] and [n, d_i]."""
        return (self.embeddings("user", users) * self.embeddings("item", items)).sum(axis=1)


def cutoffs(largest: int) -> list[int]:
    """Candidate cut-offs: every one up to 4, then three to the octave."""
    grid = [1, 2, 3, 4]
    while grid[-1] < largest:
        grid.append(max(grid[-1] + 1, round(grid[-1] * 2 ** (1 / 3))))
    return grid


def fit(users: np.ndarray, items: np.ndarray, ratings: np.ndarray, rank: int) -> Sieve:
    """The sieve with the cut-off chosen on held-out ratings, refitted to all of them.

    The last fifth is held out: pairs are in random order.

    Args:
        users, items: intrinsic coordinates [n, d_u] and [n, d_i].
        ratings: [n].
        rank: p.

    Example:
        >>> t, s = np.random.default_rng(0).random((2, 200, 1))
        >>> sieve = fit(t, s, np.cos(2 * np.pi * (t - s))[:, 0], rank=2)
        >>> float(np.abs(sieve.scores(np.array([[0.3]]), np.array([[0.3]])) - 1.0)[0]) < 0.01
        True
    """
    kept = len(ratings) - int(HELD_OUT_SHARE * len(ratings))
    bound = _largest(ratings)
    best, best_error, worse = None, np.inf, 0
    sieve = None
    for cutoff in cutoffs(4096):
        widest_tower = max(len(_index_set(x.shape[1], cutoff)) for x in (users, items))
        if best is not None and widest_tower * rank > kept // 2:
            break
        sieve = _alternate(users[:kept], items[:kept], ratings[:kept], rank, cutoff, sieve)
        error = _held_out_error(sieve, users[kept:], items[kept:], ratings[kept:], bound)
        if error < best_error:
            best, best_error, worse = sieve, error, 0
        else:
            worse += 1
            if worse == PATIENCE:
                break
    return _alternate(users, items, ratings, rank, best.cutoff, best)


def _windows(*columns: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Columns [n, …] a window of rows at a time."""
    for part in mapped_pages.parts(WINDOW, *(column[None] for column in columns)):
        yield [column[part] for column in columns]


def _largest(ratings: np.ndarray) -> float:
    return max(np.abs(window).max() for (window,) in _windows(ratings))


def _variance(ratings: np.ndarray) -> float:
    mean = sum(window.sum() for (window,) in _windows(ratings)) / len(ratings)
    squares = (np.square(window - mean).sum() for (window,) in _windows(ratings))
    return sum(squares) / len(ratings)


def _held_out_error(sieve: Sieve, users, items, ratings, bound: float) -> float:
    total = 0.0
    for points, others, rated in _windows(users, items, ratings):
        predicted = np.clip(sieve.scores(points, others), -bound, bound)
        total += np.square(predicted - rated).sum()
    return total / len(ratings)


def _index_set(dim: int, cutoff: int) -> np.ndarray:
    """k = 0 first, then all frequencies with 0 < |k| ≤ cutoff: [n_frequencies, dim]."""
    return np.concatenate([np.zeros((1, dim), dtype=int), frequencies(dim, cutoff)])


def _values(points: np.ndarray, coefficients: np.ndarray, cutoff: int) -> np.ndarray:
    """The series at points [n, d]: float64 [n, p]."""
    waves = _index_set(points.shape[1], cutoff)[1:]
    kept = half_space(waves)
    return coefficients[0].real + synthesize(points, waves[kept], coefficients[1:][kept].T)


class _Series:
    """One tower's series and its values, a window of pairs at a time; the last is kept."""

    def __init__(self, coefficients: np.ndarray, cutoff: int):
        self.coefficients, self._cutoff = coefficients, cutoff
        self._window, self._kept = None, None

    def values(self, points: np.ndarray, window: int) -> np.ndarray:
        """[n, p] at the points of that window; samples of one window have them computed once."""
        if self._window != window:
            self._window, self._kept = window, _values(points, self.coefficients, self._cutoff)
        return self._kept


def _alternate(users, items, ratings, rank, cutoff, start: Sieve | None) -> Sieve:
    functions = (len(_index_set(points.shape[1], cutoff)) for points in (users, items))
    if start is None or start.user.shape[1] < min(rank, *functions):
        _, item = _spectral_start(users, items, ratings, rank, cutoff)
    else:
        item = _extended(start.item, items.shape[1], start.cutoff, cutoff)
    variance, square = _variance(ratings), _largest(ratings) ** 2
    ridge = variance / len(ratings)
    if variance <= equal_ratings.SPREAD**2 * square:
        ridge = equal_ratings.PENALTY * square or 1.0
    item = _Series(item, cutoff)
    error = np.inf
    for _ in range(ALTERNATIONS):
        user = _Series(_half_step(users, items, item, ratings, cutoff, ridge), cutoff)
        item = _Series(_half_step(items, users, user, ratings, cutoff, ridge), cutoff)
        previous, total = error, 0.0
        for window, (points, others, rated) in enumerate(_windows(users, items, ratings)):
            predicted = (user.values(points, window) * item.values(others, window)).sum(axis=1)
            total += np.square(predicted - rated).sum()
        error = total / len(ratings)
        if error > (1.0 - TOLERANCE) * previous:
            break
    return Sieve(cutoff, user.coefficients, item.coefficients)


def _half_step(points, others, series: _Series, ratings, cutoff, ridge) -> np.ndarray:
    """Least-squares coefficients [n_frequencies, p] of one tower; `series` is that of the other,
    whose coordinates are `others`.
    """
    # Here, since it takes a fifth of a second, and a study is planned without it.
    from scipy.linalg import solve

    n, rank = len(ratings), series.coefficients.shape[1]
    waves = _index_set(points.shape[1], cutoff)
    size = len(waves)
    pairs = [(r, s) for r in range(rank) for s in range(r + 1)]
    products = right = None
    for window, (own, other, rated) in enumerate(_windows(points, others, ratings)):
        fixed = series.values(other, window)
        squares = np.stack([fixed[:, r] * fixed[:, s] for r, s in pairs], axis=1)
        weighted = fixed * rated[:, None]
        if products is None:
            products = Moments(own, squares, 2 * cutoff)
            right = Moments(own, weighted, cutoff)
        else:
            products.add(own, squares)
            right.add(own, weighted)
    gram = products.at(waves[:, None, :] - waves[None, :, :]) / n
    normal = np.empty((rank, size, rank, size), dtype=complex)
    for block, (r, s) in zip(gram, pairs, strict=True):
        normal[r, :, s] = normal[s, :, r] = block
    normal = normal.reshape(rank * size, rank * size)
    normal[np.diag_indices(rank * size)] += ridge
    sums = right.at(waves) / n
    solution = solve(normal, sums.reshape(-1), assume_a="her", overwrite_a=True)
    return solution.reshape(rank, size).T


def _spectral_start(users, items, ratings, rank, cutoff):
    """Singular vectors of the cross-moment E[conj ψ(x_u) r ψ(x_i)ᵀ], the basis orthonormal."""
    cross = 0.0
    for own, other, rated in _windows(users, items, ratings):
        left, right = (
            np.exp(-2j * np.pi * points @ _index_set(points.shape[1], cutoff).T)
            for points in (own, other)
        )
        cross = cross + left.T @ (right * rated[:, None])
    u, singular, v = np.linalg.svd(cross / len(ratings))
    root = np.sqrt(singular[:rank])
    return _hermitian(u[:, :rank] * root, users, cutoff), _hermitian(
        v[:rank].T * root, items, cutoff
    )


def _hermitian(coefficients, points, cutoff):
    """Singular vectors of a Hermitian-symmetric matrix are so only up to a phase: take it out."""
    waves = _index_set(points.shape[1], cutoff)
    order = {tuple(k): j for j, k in enumerate(waves.tolist())}
    mirror = np.array([order[tuple(-k)] for k in waves])
    overlap = (coefficients * coefficients[mirror]).sum(axis=0)
    coefficients = coefficients * np.exp(-0.5j * np.angle(overlap))
    return 0.5 * (coefficients + coefficients[mirror].conj())


def _extended(coefficients, dim, old_cutoff, cutoff):
    """The same series in the larger index set."""
    old, new = _index_set(dim, old_cutoff), _index_set(dim, cutoff)
    inside = (new.astype(float) ** 2).sum(axis=1) <= old_cutoff**2
    result = np.zeros((len(new), coefficients.shape[1]), dtype=complex)
    assert inside.sum() == len(old)
    result[inside] = coefficients  # both index sets are in lexical order after k = 0
    return result


def fit_sizes(
    data: dict[str, np.ndarray], sample_sizes: list[int], rank: int
) -> dict[str, np.ndarray]:
    """Reference fits of every size and replicate as named tensors, the inverse of `sieves_of`.

    Args:
        data: `user_coordinates` [B, n, d_u], `item_coordinates` and `ratings` [B, n].
        sample_sizes: sizes, of which each fit takes the first rows.
        rank: p.

    Returns:
        For each size n, nine digits long, `n/user/b` and `n/item/b`, the real and imaginary parts
        [n_frequencies, p, 2] of replicate b; `n/cutoff` [B] and `n/bound` [B], the largest
        absolute rating.
    """
    tensors = {}
    for n in sample_sizes:
        cutoffs = []
        for b, (users, items, ratings) in enumerate(
            zip(data["user_coordinates"], data["item_coordinates"], data["ratings"], strict=True)
        ):
            sieve = fit(users[:n], items[:n], ratings[:n], rank)
            cutoffs.append(sieve.cutoff)
            for tower in ("user", "item"):
                coefficients = getattr(sieve, tower)
                parts = np.stack([coefficients.real, coefficients.imag], axis=-1)
                tensors[f"{n:09d}/{tower}/{b}"] = parts
        tensors[f"{n:09d}/cutoff"] = np.array(cutoffs)
        tensors[f"{n:09d}/bound"] = np.array([_largest(row[:n]) for row in data["ratings"]])
    return tensors


def sieves_of(tensors: dict[str, np.ndarray], n_ratings: int) -> list[Sieve]:
    """Fits of all replicates at one size, from the tensors of `fit_sizes`.

    Raises:
        KeyError: if there are none of this size.
    """
    prefix = f"{n_ratings:09d}"
    return [
        Sieve(
            int(cutoff),
            *(
                tensors[f"{prefix}/{tower}/{b}"] @ np.array([1.0, 1.0j])
                for tower in ("user", "item")
            ),
        )
        for b, cutoff in enumerate(tensors[f"{prefix}/cutoff"])
    ]
