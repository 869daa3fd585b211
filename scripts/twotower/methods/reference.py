"""The reference estimator: a two-tower sieve in the target's own basis, without networks.

Each tower is a Fourier series in the intrinsic coordinates, cut at |k| ≤ cutoff; the rank-p fit
is alternating least squares; the cut-off is the one that does best on held-out ratings. It knows
the support and the basis, but neither β nor the coefficients: it shows which slope these ratings
allow. Coefficients c of series Σ_k c_k exp(2πi⟨k, t⟩) are complex and Hermitian.

`alternation` holds the least squares, `real_basis` their normal equations, `pair_sums` and
`lattice_sums` the sums over ratings that these are made of: the normal equations of a half-step
hold sums that depend on k ± l alone, so that no product of two columns is formed.
"""

from dataclasses import dataclass

import numpy as np

from twotower.theory.fourier import half_space, synthesize
from twotower.theory.spectrum import frequencies

HELD_OUT_SHARE = 0.2
KEPT_BYTES = 1 << 26  # of what is computed once from one tower's points; of more nothing is kept
PATIENCE = 2  # cut-offs tried beyond the best one


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
    # Here, since numba and scipy.linalg take a second, and a study is planned without them.
    from twotower.methods.alternation import alternate
    from twotower.methods.lattice_sums import places
    from twotower.methods.pair_sums import PairSums

    kept = len(ratings) - int(HELD_OUT_SHARE * len(ratings))
    fitted = PairSums(users[:kept], items[:kept], ratings[:kept], KEPT_BYTES)
    held_out = PairSums(users[kept:], items[kept:], ratings[kept:], KEPT_BYTES)
    bound = max(fitted.largest, held_out.largest)
    best, best_cutoff, best_error, worse = None, 0, np.inf, 0
    series, last = None, 0
    for cutoff in cutoffs(4096):
        widest_tower = max(len(_index_set(x.shape[1], cutoff)) for x in (users, items))
        if best is not None and widest_tower * rank > kept // 2:
            break
        series, last = alternate(fitted, rank, cutoff, series, last), cutoff
        error = held_out.squared_error(series["user"], series["item"], cutoff, bound)
        if error < best_error:
            best, best_cutoff, best_error, worse = series, cutoff, error, 0
        else:
            worse += 1
            if worse == PATIENCE:
                break
    del fitted, held_out  # and what they keep
    whole = PairSums(users, items, ratings, KEPT_BYTES)
    series = alternate(whole, rank, best_cutoff, best, best_cutoff)
    return Sieve(
        best_cutoff,
        *(
            series[tower][:, places(_index_set(points.shape[1], best_cutoff), best_cutoff)].T
            for tower, points in (("user", users), ("item", items))
        ),
    )


def _index_set(dim: int, cutoff: int) -> np.ndarray:
    """k = 0 first, then all frequencies with 0 < |k| ≤ cutoff: [n_frequencies, dim]."""
    return np.concatenate([np.zeros((1, dim), dtype=int), frequencies(dim, cutoff)])


def _values(points: np.ndarray, coefficients: np.ndarray, cutoff: int) -> np.ndarray:
    """The series at points [n, d]: float64 [n, p]."""
    waves = _index_set(points.shape[1], cutoff)[1:]
    kept = half_space(waves)
    return coefficients[0].real + synthesize(points, waves[kept], coefficients[1:][kept].T)


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
        tensors[f"{n:09d}/bound"] = np.array([np.abs(row[:n]).max() for row in data["ratings"]])
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
