"""Towers with identities: what covariates leave open, an embedding of each user and item learns.

    R(u, i) = μ + b_u + b_i + ⟨p_u, q_i⟩,    (b_u, p_u) = f(x_u) + e_u,    (b_i, q_i) = f̃(x_i) + e_i

f and f̃ are ReLU towers of one hidden layer whose hidden units are drawn as `erm` draws them; e is
shrunk towards 0, each component by a variance of its own, so that an id without ratings is served
by its covariates alone. Output layers, embeddings and variances are fitted by alternating least
squares with ridge, in the variational form: the embeddings' covariances enter each other's normal
equations, and strengths of shrinkage follow from the data (Y. J. Lim & Y. W. Teh, *Variational
Bayesian Approach to Movie Rating Prediction*, 2007; the prior means are those of D. Agarwal &
B.-C. Chen, *Regression-based Latent Factor Models*, 2009).

Covariances of embeddings are (rank + 1)² numbers for each id. The side with fewer ids keeps them;
where the other side's would take too much, it is updated part by part: each part adds what the
smaller side needs of it to sums, and its covariances are given up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from twotower.data.pairs import Rows
from twotower.real.effect_towers import Tower

_START = 0.1  # sd of the first embeddings; ratings have sd 1 within a fit
_WEAK = 1.0e-3  # weight of the prior on each variance
_LEAST = 1.0e-12
MOST_HELD = 2**24
"""Numbers of the covariances that are computed at a time."""


class _Side:
    """Users or items that have ratings: means [m, p + 1] and covariances of (bias, embedding).

    Args:
        ids: int64 [n], of each rating.
        covariates: `[rows]` gives those of some ratings, [k, D].
        width, rank, rng: of the tower, and for the first embeddings.
        most: numbers of the covariances that are computed at a time.
    """

    def __init__(
        self, ids: np.ndarray, covariates: np.ndarray | Rows, width: int, rank: int, rng, most: int
    ):
        self.ids, first, self.places = np.unique(ids, return_index=True, return_inverse=True)
        counts, m = np.bincount(self.places), len(self.ids)
        self.tower = Tower(covariates[first], counts, width, rank + 1, rng)
        self.mean = _START * rng.standard_normal((m, rank + 1))
        self.mean[:, 0] = 0.0
        self.bias_variance = np.zeros(m)
        self.precision = np.ones(rank + 1)
        size = max(1, most // (rank + 1) ** 2)
        self.parts = [slice(start, min(start + size, m)) for start in range(0, m, size)]
        self.covariance: np.ndarray | None = None
        self.sums: _Sums | None = None

    def keep_covariances(self) -> None:
        """Keep the covariances of all ids, at first 0; without this none are kept."""
        size = self.mean.shape[1]
        self.covariance = np.zeros((len(self.ids), size, size))

    def moments(self, part: slice, covariance: np.ndarray) -> tuple[np.ndarray, ...]:
        """What the other side's normal equations need, with z = (1, embedding) and bias b:
        E[z] [m, p + 1], E[z zᵀ] [m, (p + 1)²], E[z b] [m, p + 1], of a part of the ids."""
        mean = self.mean[part]
        z = mean.copy()
        z[:, 0] = 1.0
        second = z[:, :, None] * z[:, None, :]
        second[:, 1:, 1:] += covariance[:, 1:, 1:]
        with_bias = z * mean[:, :1]
        with_bias[:, 1:] += covariance[:, 0, 1:]
        return z, second.reshape(len(z), -1), with_bias

    def update(
        self, sums: "_Sums", noise_precision: float, told: "_Told | None"
    ) -> tuple[float, float]:
        """Posterior from the sums over each id's ratings, then the tower and the variances.

        Args:
            told: gathers what the other side needs, where covariances are given up.

        Returns:
            Σ ⟨mean, right⟩ and Σ ⟨gram, second moments⟩ over the ids: their part of the expected
            squared error of the ratings.
        """
        known, size = self.tower.known(), self.mean.shape[1]
        variance, fitted, squares = np.zeros(size), 0.0, 0.0
        for part in self.parts:
            gram, right = sums(part)
            normal = noise_precision * gram
            normal[:, range(size), range(size)] += self.precision
            shrunk = noise_precision * right + self.precision * known[part]
            covariance = np.linalg.inv(normal)
            self.mean[part] = np.einsum("mij,mj->mi", covariance, shrunk)
            variance += np.einsum("mii->i", covariance)
            self.bias_variance[part] = covariance[:, 0, 0]
            fitted += (self.mean[part] * right).sum()
            second = self.mean[part][:, :, None] * self.mean[part][:, None, :]
            second += covariance
            second *= gram
            squares += second.sum()
            if self.covariance is not None:
                self.covariance[part] = covariance
            if told is not None:
                told.add(part, *self.moments(part, covariance))
        spread = self.tower.fit(self.mean, self.precision)
        deviation = np.square(self.mean - self.tower.known()).sum(axis=0)
        self.precision = (len(self.ids) + _WEAK) / (deviation + variance + spread + _WEAK)
        return fitted, squares

    def at(self, ids: np.ndarray, covariates: np.ndarray | Rows) -> np.ndarray:
        """(bias, embedding) of ids [n]: the tower alone for those without ratings."""
        place = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        known = self.ids[place] == ids
        found = self.mean[place]
        if not known.all():
            found[~known] = self.tower.at(covariates[~known])
        return found


_Sums = Callable[[slice], tuple[np.ndarray, np.ndarray]]
"""Sums over the ratings of each id in a part: Σ E[z zᵀ] [m, p + 1, p + 1] and Σ E[z (R − b)]
[m, p + 1], with z and b of the other side."""


class _Told:
    """`_Sums` of one side that gather while the other side is updated, part by part.

    Args:
        count, total: sparse [own ids, other ids], the number of ratings of each pair and their sum;
            own is the side that is updated.
        size: p + 1.
    """

    def __init__(self, count: sparse.csr_array, total: sparse.csr_array, size: int):
        self._count, self._total, self._size = count, total, size
        self._gram = np.zeros((count.shape[1], size * size))
        self._right = np.zeros((count.shape[1], size))

    def add(self, part: slice, z: np.ndarray, second: np.ndarray, with_bias: np.ndarray) -> None:
        """Add the moments of a part of the side that is updated."""
        count, total = self._count[part].T.tocsr(), self._total[part].T.tocsr()
        rated = np.flatnonzero(np.diff(count.indptr))
        count, total = count[rated], total[rated]
        self._gram[rated] += count @ second
        self._right[rated] += total @ z - count @ with_bias

    def __call__(self, part: slice) -> tuple[np.ndarray, np.ndarray]:
        return self._gram[part].reshape(-1, self._size, self._size), self._right[part]


def _held_sums(other: _Side, count: sparse.csr_array, total: sparse.csr_array) -> _Sums:
    """`_Sums` from a side that keeps its covariances; `count` and `total` as in `_Told`."""
    z, second, with_bias = other.moments(slice(None), other.covariance)
    size = z.shape[1]

    def sums(part: slice) -> tuple[np.ndarray, np.ndarray]:
        rated, summed = count[part], total[part]
        gram = (rated @ second).reshape(-1, size, size)
        return gram, summed @ z - rated @ with_bias

    return sums


@dataclass(frozen=True)
class Hybrid:
    """A fitted model.

    Attributes:
        level, scale: mean and sd of the training ratings; the two sides are in units of the sd.
        user, item: the two sides.
        low, high: the range of the training ratings, to which predictions are clipped.
        noise_sd: of ratings about the model.
    """

    level: float
    scale: float
    user: _Side
    item: _Side
    low: float
    high: float
    noise_sd: float

    def predict(
        self, users: np.ndarray, items: np.ndarray, x_users: np.ndarray, x_items: np.ndarray
    ) -> np.ndarray:
        """Ratings of pairs, float64 [n], from ids [n] and covariates [n, D_u] and [n, D_i]."""
        return self._scores(self.user.at(users, x_users), self.item.at(items, x_items))

    def predict_unknown(self, x_users: np.ndarray, x_items: np.ndarray) -> np.ndarray:
        """Ratings of pairs, float64 [n], by covariates [n, D_u] and [n, D_i] alone: the towers."""
        return self._scores(self.user.tower.at(x_users), self.item.tower.at(x_items))

    def _scores(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        scores = u[:, 0] + v[:, 0] + (u[:, 1:] * v[:, 1:]).sum(axis=1)
        return (self.level + self.scale * scores).clip(self.low, self.high)


def fit(
    users: np.ndarray,
    items: np.ndarray,
    x_users: np.ndarray,
    x_items: np.ndarray,
    ratings: np.ndarray,
    rank: int,
    width: int,
    rounds: int,
    rng: np.random.Generator,
    most_held: int = MOST_HELD,
) -> Hybrid:
    """Fit to ratings [n] of ids [n] with covariates [n, D_u] and [n, D_i].

    Args:
        x_users, x_items: the covariates, or what gives those of some ratings by `[rows]`.
        rank: p.
        width: random hidden units of each tower.
        rounds: of alternation.
        rng: draws hidden units and first embeddings.
        most_held: numbers of covariances that are computed at a time; the larger side gives its
            own up where they are more.
    """
    user = _Side(users, x_users, width, rank, rng, most_held)
    item = _Side(items, x_items, width, rank, rng, most_held)
    larger = max(user, item, key=lambda side: len(side.ids))
    for side in (user, item):
        if side is not larger or len(side.parts) == 1:
            side.keep_covariances()
    level, scale = float(ratings.mean()), float(ratings.std()) or 1.0
    centered = (ratings - level) / scale
    shape = (len(user.ids), len(item.ids))
    places = (user.places, item.places)
    counts = sparse.csr_array((np.ones(len(ratings)), places), shape=shape)
    totals = sparse.csr_array((centered, places), shape=shape)
    square = float(np.square(centered).sum())
    noise_precision = len(ratings) / max(square, _LEAST)
    sides = ((user, item, counts, totals), (item, user, counts.T.tocsr(), totals.T.tocsr()))
    if item.covariance is None:  # users are updated first, and need what items say
        item.sums = _Told(*sides[1][2:], rank + 1)
        for part in item.parts:
            nothing = np.zeros((part.stop - part.start, rank + 1, rank + 1))
            item.sums.add(part, *item.moments(part, nothing))
    for _ in range(rounds):
        for own, other, count, total in sides:
            sums = other.sums or _held_sums(other, count, total)
            told = _Told(count, total, rank + 1) if own.covariance is None else None
            fitted, squares = own.update(sums, noise_precision, told)
            own.sums = told
        error = square + float(_of_biases(other, count, total) - 2.0 * fitted + squares)
        noise_precision = len(ratings) / max(error, _LEAST * len(ratings))
    return Hybrid(
        level=level,
        scale=scale,
        user=user,
        item=item,
        low=float(ratings.min()),
        high=float(ratings.max()),
        noise_sd=scale * noise_precision**-0.5,
    )


def _of_biases(other: _Side, count: sparse.csr_array, total: sparse.csr_array) -> float:
    """What the expected squared error has from the other side's biases alone."""
    bias = other.mean[:, 0]
    bias_square = np.square(bias) + other.bias_variance
    seen = np.asarray(count.sum(axis=0)).ravel()
    return (seen * bias_square).sum() - 2.0 * (np.asarray(total.sum(axis=0)).ravel() * bias).sum()
