"""Towers with identities: what covariates leave open, an embedding of each user and item learns.

    R(u, i) = μ + b_u + b_i + ⟨p_u, q_i⟩,    (b_u, p_u) = f(x_u) + e_u,    (b_i, q_i) = f̃(x_i) + e_i

f and f̃ are ReLU towers of one hidden layer whose hidden units are drawn as `erm` draws them; e is
shrunk towards 0, each component by a variance of its own, so that an id without ratings is served
by its covariates alone. Output layers, embeddings and variances are fitted by alternating least
squares with ridge, in the variational form: the embeddings' covariances enter each other's normal
equations, and strengths of shrinkage follow from the data (Y. J. Lim & Y. W. Teh, *Variational
Bayesian Approach to Movie Rating Prediction*, 2007; the prior means are those of D. Agarwal &
B.-C. Chen, *Regression-based Latent Factor Models*, 2009).

The towers are fitted with a weight for each id, the square root of its number of ratings: who is
rated often is liked more, so that a tower for which each id counts once is wrong about the ids that
most ratings are of (informative cluster sizes). Weights equal to the numbers themselves would be
unbiased for a new rating, and leave few ids that count.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse

from twotower.towers.closed_form.hidden_layers import random_hidden_layers

_START = 0.1  # sd of the first embeddings; ratings have sd 1 within a fit
_WEAK = 1.0e-3  # weight of the prior on each variance
_LEAST = 1.0e-12


class Tower:
    """One side's tower: features of its covariates, and output weights with a ridge each.

    Args:
        covariates: float64 [m, D] of the known ids.
        counts: [m], how many ratings each of them has.
        width: random hidden units; beside them the covariates pass unchanged, as two units of
            opposite sign would pass them.
        outputs: components.
        rng: draws the hidden units.
    """

    def __init__(
        self,
        covariates: np.ndarray,
        counts: np.ndarray,
        width: int,
        outputs: int,
        rng: np.random.Generator,
    ):
        self._hidden = []
        if width:
            batch = torch.from_numpy(covariates)[None]
            self._hidden = random_hidden_layers(batch, width, 1, [rng])
        features = self._raw(covariates)
        self._importance = np.sqrt(counts) / np.sqrt(counts).mean()
        self._center = self._mean(features)
        scale = features.std(axis=0)
        self._scale = np.where(scale > 1e-9, scale, np.inf)
        self._features = (features - self._center) / self._scale
        self._weighted = self._features.T * self._importance
        values, self._vectors = np.linalg.eigh(self._weighted @ self._features)
        self._values = np.maximum(values, 0.0)
        self._spread = np.square(self._features @ self._vectors).sum(axis=0)
        self._weights = np.zeros((features.shape[1], outputs))
        self._intercept = np.zeros(outputs)
        self._ridge = np.full(outputs, 1.0 * len(covariates))

    def fit(self, embeddings: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """Fit to embeddings [m, outputs] that spread with a precision [outputs] about the tower.

        The ridge of each output follows from the evidence (MacKay 1992). Returns for each
        output the sum over ids of the fit's own variance, [outputs].
        """
        self._intercept = self._mean(embeddings)
        rotated = self._vectors.T @ (self._weighted @ (embeddings - self._intercept))
        spread = np.zeros(len(precision))
        for k, strength in enumerate(precision):
            stiff = strength * self._values
            for _ in range(3):
                weights = strength * rotated[:, k] / (self._ridge[k] + stiff)
                effective = (stiff / (self._ridge[k] + stiff)).sum()
                ridge = effective / max(np.square(weights).sum(), _LEAST)
                self._ridge[k] = np.clip(ridge, 1e-3, 1e12)
            weights = strength * rotated[:, k] / (self._ridge[k] + stiff)
            self._weights[:, k] = self._vectors @ weights
            of_intercept = np.square(self._importance).mean() / strength
            spread[k] = (self._spread / (self._ridge[k] + stiff)).sum() + of_intercept
        return spread

    def known(self) -> np.ndarray:
        """Outputs at the known ids, [m, outputs]."""
        return self._intercept + self._features @ self._weights

    def at(self, covariates: np.ndarray) -> np.ndarray:
        """Outputs at covariates [n, D]: [n, outputs]."""
        features = (self._raw(covariates) - self._center) / self._scale
        return self._intercept + features @ self._weights

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """Weighted mean of values [m, k] over the ids, [k]."""
        return self._importance @ values / len(values)

    def _raw(self, covariates: np.ndarray) -> np.ndarray:
        values = covariates
        for weight, bias in self._hidden:
            values = np.maximum(values @ weight[0].numpy() + bias[0].numpy(), 0.0)
        return np.concatenate([covariates, values], axis=1) if self._hidden else covariates


class _Side:
    """Users or items that have ratings: means [m, p + 1] and covariances of (bias, embedding)."""

    def __init__(self, ids: np.ndarray, covariates: np.ndarray, width: int, rank: int, rng):
        self.ids, first, self.places = np.unique(ids, return_index=True, return_inverse=True)
        counts = np.bincount(self.places)
        self.tower = Tower(covariates[first], counts, width, rank + 1, rng)
        self.mean = _START * rng.standard_normal((len(self.ids), rank + 1))
        self.mean[:, 0] = 0.0
        self.covariance = np.zeros((len(self.ids), rank + 1, rank + 1))
        self.precision = np.ones(rank + 1)

    def moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the other side's normal equations need, with z = (1, embedding) and bias b:
        E[z] [m, p + 1], E[z zᵀ] [m, (p + 1)²], E[z b] [m, p + 1]."""
        z = self.mean.copy()
        z[:, 0] = 1.0
        second = z[:, :, None] * z[:, None, :]
        second[:, 1:, 1:] += self.covariance[:, 1:, 1:]
        with_bias = z * self.mean[:, :1]
        with_bias[:, 1:] += self.covariance[:, 0, 1:]
        return z, second.reshape(len(z), -1), with_bias

    def update(self, gram: np.ndarray, right: np.ndarray, noise_precision: float) -> None:
        """Posterior from the sums over each id's ratings, then the tower and the variances."""
        normal = noise_precision * gram
        size = normal.shape[1]
        normal[:, range(size), range(size)] += self.precision
        right = noise_precision * right + self.precision * self.tower.known()
        self.covariance = np.linalg.inv(normal)
        self.mean = np.einsum("mij,mj->mi", self.covariance, right)
        spread = self.tower.fit(self.mean, self.precision)
        deviation = np.square(self.mean - self.tower.known()).sum(axis=0)
        variance = np.einsum("mii->i", self.covariance)
        self.precision = (len(self.ids) + _WEAK) / (deviation + variance + spread + _WEAK)

    def at(self, ids: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """(bias, embedding) of ids [n]: the tower alone for those without ratings."""
        place = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        known = self.ids[place] == ids
        found = self.mean[place]
        if not known.all():
            found[~known] = self.tower.at(covariates[~known])
        return found


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
) -> Hybrid:
    """Fit to ratings [n] of ids [n] with covariates [n, D_u] and [n, D_i].

    Args:
        rank: p.
        width: random hidden units of each tower.
        rounds: of alternation.
        rng: draws hidden units and first embeddings.
    """
    user = _Side(users, x_users, width, rank, rng)
    item = _Side(items, x_items, width, rank, rng)
    level, scale = float(ratings.mean()), float(ratings.std()) or 1.0
    centered = (ratings - level) / scale
    shape = (len(user.ids), len(item.ids))
    places = (user.places, item.places)
    counts = sparse.csr_array((np.ones(len(ratings)), places), shape=shape)
    totals = sparse.csr_array((centered, places), shape=shape)
    square = float(np.square(centered).sum())
    noise_precision = len(ratings) / max(square, _LEAST)
    sides = ((user, item, counts, totals), (item, user, counts.T.tocsr(), totals.T.tocsr()))
    for _ in range(rounds):
        for own, other, count, total in sides:
            z, second, with_bias = other.moments()
            gram = (count @ second).reshape(len(own.ids), rank + 1, rank + 1)
            right = total @ z - count @ with_bias
            own.update(gram.copy(), right, noise_precision)
        error = square + _rest(own, other, count, total, gram, right)
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


def _rest(own: _Side, other: _Side, count, total, gram: np.ndarray, right: np.ndarray) -> float:
    """Expected squared error, less the sum of squared ratings, by the sums of the last update."""
    bias = other.mean[:, 0]
    bias_square = np.square(bias) + other.covariance[:, 0, 0]
    seen = np.asarray(count.sum(axis=0)).ravel()
    error = (seen * bias_square).sum() - 2.0 * (np.asarray(total.sum(axis=0)).ravel() * bias).sum()
    second = own.mean[:, :, None] * own.mean[:, None, :] + own.covariance
    return float(error - 2.0 * (own.mean * right).sum() + (gram * second).sum())
