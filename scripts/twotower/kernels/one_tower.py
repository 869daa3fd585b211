"""Embeddings by one tower with one hidden layer, and gradients by its parameters, in `fused`'s way.

Networks are computed one after another. Each has the same bits alone and in any batch.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from twotower.kernels import fused, limits
from twotower.kernels.compiled import compiled

_ROWS = limits.ROWS  # a constant in machine code


@cache
def embeddings(dim: int, rank: int) -> Callable:
    """The compiled pass for towers of these sizes, which are constants in its machine code.

    It takes covariates [B, n, dim] and the tower's parameters [B, n_parameters] in the order of
    `networks.Towers.flat`, and writes embeddings [B, n, rank]: all of one float type.
    """
    forward = fused.forward(dim, rank)

    @compiled
    def written(covariates, parameters, out):
        batch, n, _ = covariates.shape
        width = (parameters.shape[1] - rank) // (dim + 1 + rank)
        x = np.zeros((dim, _ROWS), out.dtype)
        f = np.empty((rank, _ROWS), out.dtype)
        for b in range(batch):
            for start in range(0, n, _ROWS):
                rows = min(_ROWS, n - start)
                for i in range(rows):
                    for k in range(dim):
                        x[k, i] = covariates[b, start + i, k]
                forward(x, parameters[b], width, f)
                for i in range(rows):
                    for q in range(rank):
                        out[b, start + i, q] = f[q, i]

    return written


@cache
def gradient(dim: int, rank: int) -> Callable:
    """As `embeddings`, but it takes derivatives of a loss by the embeddings, [B, n, rank], and adds
    those by the parameters to the last argument, [B, n_parameters].
    """
    back = fused.back(dim, rank, False)

    @compiled
    def added(covariates, parameters, slopes, total):
        batch, n, _ = covariates.shape
        width = (parameters.shape[1] - rank) // (dim + 1 + rank)
        x = np.zeros((dim, _ROWS), total.dtype)
        f = np.empty((rank, _ROWS), total.dtype)
        hidden = np.empty(_ROWS, total.dtype)
        below = np.empty(_ROWS, total.dtype)
        for b in range(batch):
            for start in range(0, n, _ROWS):
                rows = min(_ROWS, n - start)
                f[:, rows:] = 0  # the rest of the last chunk, whatever it holds
                for i in range(rows):
                    for k in range(dim):
                        x[k, i] = covariates[b, start + i, k]
                    for q in range(rank):
                        f[q, i] = slopes[b, start + i, q]
                back(x, parameters[b], width, f, hidden, below, total[b])

    return added
