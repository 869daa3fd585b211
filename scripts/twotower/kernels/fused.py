"""Squared error and gradient of towers with one hidden layer, in one pass over the pairs.

Products of such towers are skinny, so that a library for matrices spends most of its time on
memory. Here a chunk of pairs stays in the fastest cache while every hidden unit passes over it,
forward and back; a unit's activations are computed again on the way back rather than kept.

Networks are computed one after another. Each has the same bits alone and in any batch.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from twotower.kernels import limits
from twotower.kernels.compiled import compiled

_ROWS = limits.ROWS  # a constant in machine code


@cache
def squared_error(user_dim: int, item_dim: int, rank: int) -> Callable:
    """The compiled pass for towers of these sizes, which are constants in its machine code.

    Its arguments are covariates [B, n, D_u] and [B, n, D_i], ratings [B, n], parameters
    [B, n_parameters] in the order of `networks.Towers.flat`, all of one float type, then the
    total number of pairs, of which these may be a part, and losses [B] and gradients
    [B, n_parameters], to which it adds.
    """
    return _batch(user_dim, item_dim, rank, False)


@cache
def curvatures(user_dim: int, item_dim: int, rank: int) -> Callable:
    """As `squared_error`, but it adds each pair's (∂R/∂θ)² in place of the loss's gradient; the
    ratings and the number of pairs do not matter.
    """
    return _batch(user_dim, item_dim, rank, True)


def _batch(user_dim: int, item_dim: int, rank: int, is_squared: bool) -> Callable:
    network = one_network(user_dim, item_dim, rank, is_squared)

    @compiled
    def added(users, items, ratings, parameters, total, losses, gradients):
        for b in range(len(ratings)):
            pairs = users[b], items[b], ratings[b]
            losses[b] += network(*pairs, parameters[b], total, gradients[b])

    return added


@cache
def one_network(user_dim: int, item_dim: int, rank: int, is_squared: bool = False) -> Callable:
    """As `squared_error` for one network, for use in other compiled loops; it returns the loss."""
    forward_user, forward_item = forward(user_dim, rank), forward(item_dim, rank)
    back_user = back(user_dim, rank, is_squared)
    back_item = back(item_dim, rank, is_squared)

    @compiled
    def network(users, items, ratings, parameters, total, gradient):
        n = len(ratings)
        number = ratings.dtype
        width = (parameters.size - 2 * rank) // (user_dim + item_dim + 2 * (rank + 1))
        middle = (user_dim + 1 + rank) * width + rank
        user, item = parameters[:middle], parameters[middle:]
        x = np.zeros((user_dim, _ROWS), number)
        y = np.zeros((item_dim, _ROWS), number)
        f = np.empty((rank, _ROWS), number)
        g = np.empty((rank, _ROWS), number)
        residual = np.empty(_ROWS, number)
        hidden = np.empty(_ROWS, number)
        below = np.empty(_ROWS, number)
        loss = 0.0
        for start in range(0, n, _ROWS):
            rows = min(_ROWS, n - start)
            for i in range(rows):
                for k in range(user_dim):
                    x[k, i] = users[start + i, k]
                for k in range(item_dim):
                    y[k, i] = items[start + i, k]
            forward_user(x, user, width, f)
            forward_item(y, item, width, g)
            if is_squared:
                f[:, rows:] = 0  # the rest of the last chunk, whatever it holds
                g[:, rows:] = 0
                back_user(x, user, width, g, hidden, below, gradient[:middle])
                back_item(y, item, width, f, hidden, below, gradient[middle:])
                continue
            residual[:] = 0
            for q in range(rank):
                for i in range(_ROWS):
                    residual[i] += f[q, i] * g[q, i]
            for i in range(rows):
                residual[i] -= ratings[start + i]
            residual[rows:] = 0
            square = number.type(0)
            for i in range(_ROWS):
                square += residual[i] * residual[i]
            loss += square / total
            for i in range(_ROWS):
                residual[i] *= number.type(2) / number.type(total)
            for q in range(rank):
                for i in range(_ROWS):
                    value = f[q, i]
                    f[q, i] = residual[i] * g[q, i]
                    g[q, i] = residual[i] * value
            back_user(x, user, width, f, hidden, below, gradient[:middle])
            back_item(y, item, width, g, hidden, below, gradient[middle:])
        return loss

    return network


@cache
def forward(dim: int, rank: int) -> Callable:
    """Embeddings [rank, rows] of a chunk of covariates [dim, rows], two units at a time."""

    @compiled
    def forward(x, tower, width, out):
        zero = x.dtype.type(0)
        weight = tower[: dim * width].reshape(dim, width)
        bias = tower[dim * width : (dim + 1) * width]
        outputs = tower[(dim + 1) * width : (dim + 1 + rank) * width].reshape(width, rank)
        for q in range(rank):
            out[q, :] = tower[(dim + 1 + rank) * width + q]
        for unit in range(0, width - 1, 2):
            one, two = bias[unit], bias[unit + 1]
            for i in range(_ROWS):
                left, right = one, two
                for k in range(dim):
                    left += weight[k, unit] * x[k, i]
                    right += weight[k, unit + 1] * x[k, i]
                left = zero if left < 0 else left  # what is no number stays none
                right = zero if right < 0 else right
                for q in range(rank):
                    out[q, i] += outputs[unit, q] * left + outputs[unit + 1, q] * right
        if width % 2:
            one = bias[width - 1]
            for i in range(_ROWS):
                left = one
                for k in range(dim):
                    left += weight[k, width - 1] * x[k, i]
                left = zero if left < 0 else left
                for q in range(rank):
                    out[q, i] += outputs[width - 1, q] * left

    return forward


@cache
def back(dim: int, rank: int, is_squared: bool) -> Callable:
    """Adds a tower's gradient over a chunk, from that of its embeddings, `upstream` [rank, rows].

    A unit at 0, its kink on the point, passes nothing on, as in torch.
    """

    @compiled
    def back(x, tower, width, upstream, hidden, below, gradient):
        zero = x.dtype.type(0)
        weight = tower[: dim * width].reshape(dim, width)
        bias = tower[dim * width : (dim + 1) * width]
        outputs = tower[(dim + 1) * width : (dim + 1 + rank) * width].reshape(width, rank)
        for q in range(rank):
            total = zero
            for i in range(_ROWS):
                total += upstream[q, i] ** 2 if is_squared else upstream[q, i]
            gradient[(dim + 1 + rank) * width + q] += total
        for unit in range(width):
            one = bias[unit]
            total = zero
            for i in range(_ROWS):
                value = one
                for k in range(dim):
                    value += weight[k, unit] * x[k, i]
                passed = zero
                for q in range(rank):
                    passed += outputs[unit, q] * upstream[q, i]
                passed = zero if value <= 0 else passed
                hidden[i] = zero if value < 0 else value
                if is_squared:
                    passed *= passed
                    hidden[i] *= hidden[i]
                below[i] = passed
                total += passed
            gradient[dim * width + unit] += total
            for q in range(rank):
                total = zero
                for i in range(_ROWS):
                    up = upstream[q, i]
                    total += hidden[i] * (up * up if is_squared else up)
                gradient[(dim + 1) * width + unit * rank + q] += total
            for k in range(dim):
                total = zero
                for i in range(_ROWS):
                    total += below[i] * (x[k, i] * x[k, i] if is_squared else x[k, i])
                gradient[k * width + unit] += total

    return back
