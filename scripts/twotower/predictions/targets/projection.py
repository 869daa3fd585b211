"""What hidden units can express of a true embedding: its exact projection on them, without ratings.

The units are those that the closed form draws for the very fit: their kinks lie on users and items
of its ratings, which are known before any rating is. The projection is least squares over a dense
set of points of the support, whitened as the fits are.
"""

from dataclasses import dataclass

import numpy as np
import torch

from twotower.base.seeds import fit_stream, generator
from twotower.data.ratings import draw_covariates
from twotower.data.supports import coordinate_dim, coordinates_on
from twotower.data.targets import Embedding, Target
from twotower.predictions.sizes import PROJECTION_POINTS
from twotower.study.settings import data_settings
from twotower.theory import kronecker
from twotower.towers import networks
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.whitening import whitening_map


@dataclass(frozen=True)
class Parts:
    """Second moments [p, p] of a tower's embedding on the units and beside them."""

    kept: np.ndarray
    rest: np.ndarray


class Projector:
    """One tower of one target, ready to be projected on units of any number.

    Args:
        seed: the study's.
        cell: settings of the cell (`Cell.spec`).
        target: its target of this replicate.
        tower: "user" or "item".
        replicate: its number.
    """

    def __init__(self, seed: int, cell: dict, target: Target, tower: str, replicate: int):
        self._key = seed, cell, replicate
        self._tower, self._target = tower, target
        rng = generator(seed, cell, f"{tower}_projection", replicate)
        uniform = _evenly(PROJECTION_POINTS, coordinate_dim(cell, tower), rng)
        self._covariates, values = _on_support(cell, tower, getattr(target, tower), uniform)
        self._values = torch.from_numpy(values)
        self._seen = np.empty((0, 0))
        self._known: dict[tuple[int, int], Parts] = {}

    def parts(self, width: int, n_ratings: int) -> Parts:
        """On the units of a layer, and a constant, that arm erm draws for so many ratings."""
        drawn = width, n_ratings
        if drawn not in self._known:
            hidden = self._hidden_layers(*drawn)
            self._known[drawn] = projected(hidden, self._covariates, self._values)
        return self._known[drawn]

    def _hidden_layers(self, width: int, n_ratings: int) -> list:
        seed, cell, replicate = self._key
        if len(self._seen) < n_ratings:
            data = data_settings(cell)
            place = (self._target, replicate, self._tower)
            self._seen = draw_covariates(seed, data, *place, n_ratings)
        design = torch.from_numpy(self._seen[None, :n_ratings])
        fit = (seed, cell, "erm", n_ratings, width, f"{self._tower}_hidden", replicate)
        return random_hidden_layers(design, width, cell["depth"], [fit_stream(*fit)])


def projected(hidden: list, covariates: torch.Tensor, values: torch.Tensor) -> Parts:
    """Least squares of values on the outputs of hidden layers and a constant.

    Args:
        hidden: layers of one network, as `random_hidden_layers` gives them.
        covariates: [n, D].
        values: [n, p].
    """
    units = networks.activations(hidden, covariates[None])[-1].relu_()[0]
    features = torch.cat([units, torch.ones_like(units[:, :1])], dim=1)
    count = len(features)
    whitening = whitening_map((features.T @ features / count)[None])[0]
    coefficients = whitening.T @ (features.T @ values) / count
    rest = values - features @ (whitening @ coefficients)
    return Parts((coefficients.T @ coefficients).numpy(), (rest.T @ rest / count).numpy())


def _on_support(
    cell: dict, tower: str, embedding: Embedding, uniform: np.ndarray
) -> tuple[torch.Tensor, np.ndarray]:
    """Covariates [n, D] and values [n, p] at points given by uniform numbers [n, d]."""
    coordinates = coordinates_on(cell, tower, uniform)
    covariates = torch.from_numpy(embedding.support.covariates(coordinates))
    return covariates, embedding.values(coordinates)


def _evenly(count: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Points [count, dim] that fill the unit cube evenly, shifted at random."""
    return kronecker.points(count, dim, rng.random(dim))
