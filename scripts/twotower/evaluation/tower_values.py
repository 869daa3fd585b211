"""Towers on file and their values by numpy alone: a job that evaluates them loads no torch.

Arithmetic is float64; values differ from those of `towers.networks` by roundings. Each network is
taken by itself, so that it has the same bits in any batch.
"""

from collections.abc import Iterator

import numpy as np

from twotower.base import mapped_pages
from twotower.data.groups import TOWERS

ELEMENTS = 1 << 17  # of a hidden layer that are held at a time

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Weights [B, n_in, n_out] and biases [B, 1, n_out] of B towers, float64."""


def fits_in(
    tensors: dict[str, np.ndarray],
) -> Iterator[tuple[int, str, dict[str, Layers], np.ndarray]]:
    """Every fit of a weight file, as `towers.weights.fits_in`: size, start, layers by tower, M."""
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        prefix = name.removesuffix("/bound")
        n_ratings, start = prefix.split("/")
        towers = {tower: _layers(tensors, f"{prefix}/{tower}") for tower in TOWERS}
        yield int(n_ratings), start, towers, tensors[name]


def _layers(tensors: dict[str, np.ndarray], place: str) -> Layers:
    layers = []
    while f"{place}/{len(layers)}/weight" in tensors:
        parts = (tensors[f"{place}/{len(layers)}/{part}"] for part in ("weight", "bias"))
        layers.append(tuple(part.astype(np.float64, copy=False) for part in parts))
    return layers


def embeddings(layers: Layers, covariates: np.ndarray) -> np.ndarray:
    """One tower's outputs [B, n, p] at covariates [B, n, D]."""
    return np.moveaxis(_components(layers, covariates), 1, 2)


def _components(layers: Layers, covariates: np.ndarray) -> np.ndarray:
    """The same as [B, p, n]: points stand in a row, so that a product with few units is long."""
    batch, n, _ = covariates.shape
    found = np.empty((batch, layers[-1][0].shape[2], n))
    rows = max(32, ELEMENTS // max(weight.shape[2] for weight, _ in layers))
    for part in mapped_pages.parts(rows, covariates):
        for b in range(batch):
            values = np.ascontiguousarray(covariates[b, part].T, dtype=np.float64)
            for index, (weight, bias) in enumerate(layers):
                # One covariate's product has no sums, and numpy's multiplication is faster.
                product = np.multiply if len(values) == 1 else np.matmul
                values = product(weight[b].T, values)
                values += bias[b].T
                if index < len(layers) - 1:
                    np.maximum(values, 0.0, out=values)
            found[b, :, part] = values
    return found


def scores(towers: dict[str, Layers], users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Unclipped R(x_u, x_i) of n pairs: [B, n] from covariates [B, n, D_u] and [B, n, D_i].

    Example:
        >>> linear = [(np.ones((1, 3, 2)), np.zeros((1, 1, 2)))]
        >>> pair = {"user": linear, "item": linear}
        >>> scores(pair, np.ones((1, 2, 3)), np.ones((1, 2, 3))).tolist()
        [[18.0, 18.0]]
    """
    values = _components(towers["user"], users)
    values *= _components(towers["item"], items)
    return values.sum(axis=1)
