"""The tower of one side under random effects: random ReLU units, and output weights with ridges.

The towers are fitted with a weight for each id, the square root of its number of ratings: who is
rated often is liked more, so that a tower for which each id counts once is wrong about the ids that
most ratings are of (informative cluster sizes). Weights equal to the numbers themselves would be
unbiased for a new rating, and leave few ids that count.
"""

from collections.abc import Iterator

import numpy as np
import torch

from twotower.towers.closed_form.hidden_layers import random_hidden_layers

MOST_KEPT = 2**25
"""Features that are kept between rounds, of all ids; more are computed anew, part by part."""
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
        most_kept: features that are kept.
    """

    def __init__(
        self,
        covariates: np.ndarray,
        counts: np.ndarray,
        width: int,
        outputs: int,
        rng: np.random.Generator,
        most_kept: int = MOST_KEPT,
    ):
        self._hidden = []
        if width:
            batch = torch.from_numpy(covariates)[None]
            self._hidden = random_hidden_layers(batch, width, 1, [rng])
        self._covariates, self._kept, m = covariates, [], len(covariates)
        features = covariates.shape[1] + width
        size = max(1, most_kept // features)
        self._parts = [slice(start, start + size) for start in range(0, m, size)]
        self._importance = np.sqrt(counts) / np.sqrt(counts).mean()
        weighted = self._sum(lambda part: self._importance[part] @ self._raw(covariates[part]))
        self._center = weighted / m
        mean = self._sum(lambda part: self._raw(covariates[part]).sum(axis=0)) / m
        square = self._sum(lambda part: np.square(self._raw(covariates[part]) - mean).sum(axis=0))
        scale = np.sqrt(square / m)
        self._scale = np.where(scale > 1e-9, scale, np.inf)
        if len(self._parts) == 1:
            [(_, kept)] = self._features()
            self._kept = [(kept, kept.T * self._importance)]
        gram = sum(weighted @ kept for _, kept, weighted in self._weighted())
        values, self._vectors = np.linalg.eigh(gram)
        self._values = np.maximum(values, 0.0)
        self._spread = sum(
            np.square(kept @ self._vectors).sum(axis=0) for _, kept in self._features()
        )
        self._weights = np.zeros((features, outputs))
        self._intercept = np.zeros(outputs)
        self._ridge = np.full(outputs, 1.0 * m)

    def fit(self, embeddings: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """Fit to embeddings [m, outputs] that spread with a precision [outputs] about the tower.

        The ridge of each output follows from the evidence (MacKay 1992). Returns for each
        output the sum over ids of the fit's own variance, [outputs].
        """
        self._intercept = self._importance @ embeddings / len(embeddings)
        right = sum(
            weighted @ (embeddings[part] - self._intercept)
            for part, _, weighted in self._weighted()
        )
        rotated = self._vectors.T @ right
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
        parts = [self._intercept + kept @ self._weights for _, kept in self._features()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def at(self, covariates: np.ndarray) -> np.ndarray:
        """Outputs at covariates [n, D]: [n, outputs]."""
        return self._intercept + self._standard(covariates) @ self._weights

    def _sum(self, of_part) -> np.ndarray:
        return sum(of_part(part) for part in self._parts)

    def _features(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Parts of the known ids, and their features."""
        for part, kept, _ in self._weighted() if self._kept else ():
            yield part, kept
        for part in () if self._kept else self._parts:
            yield part, self._standard(self._covariates[part])

    def _weighted(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Parts of the known ids, their features, and these weighted and transposed."""
        if self._kept:
            yield self._parts[0], *self._kept[0]
            return
        for part, features in self._features():
            yield part, features, features.T * self._importance[part]

    def _standard(self, covariates: np.ndarray) -> np.ndarray:
        return (self._raw(covariates) - self._center) / self._scale

    def _raw(self, covariates: np.ndarray) -> np.ndarray:
        values = covariates
        for weight, bias in self._hidden:
            values = np.maximum(values @ weight[0].numpy() + bias[0].numpy(), 0.0)
        return np.concatenate([covariates, values], axis=1) if self._hidden else covariates
