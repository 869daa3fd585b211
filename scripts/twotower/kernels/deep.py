"""Squared error and gradient of towers with any number of hidden layers, in one pass over pairs.

As `kernels.fused`, for sizes that are known when it runs. Inner layers are products of matrices,
taken in small tiles while a chunk of pairs stays in cache. Values of units stand in rows,
[units, pairs of the chunk]; layers are padded with units of weight 0, so that tiles are whole.
"""

import numpy as np

from twotower.kernels import limits
from twotower.kernels.compiled import compiled

_ROWS, _TILE = limits.ROWS, limits.TILE  # constants in machine code


@compiled
def added(users, items, ratings, parameters, shape, is_squared, total, losses, gradients):
    """Add the losses [B] and gradients [B, n_parameters] of B networks over n pairs.

    The arguments are covariates [B, n, D_u] and [B, n, D_i], ratings [B, n] and parameters
    [B, n_parameters] in the order of `networks.Towers.flat`, all of one float type; hidden layers,
    units and components; whether to add each pair's (∂R/∂θ)² in place of the loss's gradient;
    and the total number of pairs, of which these may be a part.
    """
    depth, width, rank = shape
    sizes = np.empty((2, depth + 2), np.int64)
    sizes[:, 0] = users.shape[2], items.shape[2]
    sizes[:, 1:-1], sizes[:, -1] = width, rank
    largest = -(-sizes.max() // _TILE) * _TILE
    number = ratings.dtype
    weights = np.zeros((2, depth + 1, largest, largest), number)
    biases = np.zeros((2, depth + 1, largest), number)
    slopes, bias_slopes = np.zeros_like(weights), np.zeros_like(biases)
    values = np.zeros((2, depth + 2, largest, _ROWS), number)
    for b in range(len(ratings)):
        _copied(parameters[b], sizes, weights, biases, False)
        slopes.fill(0)
        bias_slopes.fill(0)
        for start in range(0, ratings.shape[1], _ROWS):
            rows = min(_ROWS, ratings.shape[1] - start)
            _transpose(users[b, start : start + rows], values[0, 0])
            _transpose(items[b, start : start + rows], values[1, 0])
            for side in range(2):
                _forward(weights[side], biases[side], values[side], sizes[side])
            f, g = values[0, -1], values[1, -1]
            if is_squared:
                _swap(f, g, rank, rows)
            else:
                losses[b] += _residuals(f, g, ratings[b, start : start + rows], rank, total)
            for side in range(2):
                _back(
                    weights[side],
                    values[side],
                    sizes[side],
                    is_squared,
                    slopes[side],
                    bias_slopes[side],
                )
        _copied(gradients[b], sizes, slopes, bias_slopes, True)


@compiled
def _copied(row, sizes, weights, biases, is_back):
    """Copy one network's parameters from their row to padded layers, or add those to the row."""
    at = 0
    for side in range(2):
        for layer in range(sizes.shape[1] - 1):
            inputs, outputs = sizes[side, layer], sizes[side, layer + 1]
            for k in range(inputs + 1):
                line = weights[side, layer, k] if k < inputs else biases[side, layer]
                for j in range(outputs):
                    if is_back:
                        row[at] += line[j]
                    else:
                        line[j] = row[at]
                    at += 1


@compiled
def _transpose(covariates, out):
    """Covariates [rows, D] as [D, rows of a chunk], 0 beyond them."""
    zero = out.dtype.type(0)
    for k in range(covariates.shape[1]):
        for i in range(_ROWS):
            out[k, i] = covariates[i, k] if i < len(covariates) else zero


@compiled
def _forward(weights, biases, values, sizes):
    """Values of all layers [depth + 2, units, rows], from the covariates in the first."""
    layers, zero = len(weights), values.dtype.type(0)
    for layer in range(layers):
        out = values[layer + 1]
        outputs = _padded(sizes[layer + 1])
        for j in range(outputs):
            for i in range(_ROWS):
                out[j, i] = biases[layer, j]
        _add_product(weights[layer].T, values[layer], out, _padded(sizes[layer]), outputs)
        if layer < layers - 1:
            for j in range(outputs):
                for i in range(_ROWS):
                    out[j, i] = zero if out[j, i] < zero else out[j, i]  # NaN stays


@compiled
def _residuals(f, g, ratings, rank, total):
    """The loss; embeddings [rank, rows] become its derivatives by them, 0 beyond the ratings."""
    number = f.dtype.type
    loss, factor = number(0), number(2) / number(total)
    for i in range(_ROWS):
        residual = number(0)
        if i < ratings.size:
            residual -= ratings[i]
            for q in range(rank):
                residual += f[q, i] * g[q, i]
        loss += residual * residual
        residual *= factor
        for q in range(rank):
            f[q, i], g[q, i] = residual * g[q, i], residual * f[q, i]
    return loss / total


@compiled
def _swap(f, g, rank, rows):
    """The derivatives of the score by one embedding are the other's values, 0 beyond the rows."""
    zero = f.dtype.type(0)
    for q in range(rank):
        for i in range(_ROWS):
            f[q, i], g[q, i] = (g[q, i], f[q, i]) if i < rows else (zero, zero)


@compiled
def _back(weights, values, sizes, is_squared, slopes, bias_slopes):
    """Add a tower's gradient; the last layer of its values holds that of the embedding.

    Each layer's values become the loss's derivatives by them. A unit at 0 passes nothing on.
    """
    zero, below = values.dtype.type(0), np.empty_like(values[0])
    for layer in range(len(weights) - 1, -1, -1):
        hidden, upstream = values[layer], values[layer + 1]
        inputs, outputs = _padded(sizes[layer]), _padded(sizes[layer + 1])
        if layer:
            for k in range(inputs):
                for i in range(_ROWS):
                    below[k, i] = zero
            _add_product(weights[layer], upstream, below, outputs, inputs)
        if is_squared:
            _square(hidden, inputs)
            _square(upstream, outputs)
        _add_outer(hidden, upstream, slopes[layer], inputs, outputs)
        for j in range(outputs):
            total = zero
            for i in range(_ROWS):
                total += upstream[j, i]
            bias_slopes[layer, j] += total
        if layer:
            for k in range(inputs):
                for i in range(_ROWS):
                    hidden[k, i] = zero if hidden[k, i] <= zero else below[k, i]


@compiled
def _square(values, count):
    for k in range(count):
        for i in range(_ROWS):
            values[k, i] *= values[k, i]


@compiled
def _padded(size):
    return -(-size // _TILE) * _TILE


@compiled
def _add_product(weight, values, out, inputs, outputs):
    """Add Σ_k w[j, k] values[k] to out[j], in tiles of two outputs and four inputs."""
    for j in range(0, outputs, 2):
        one, two = weight[j], weight[j + 1]
        for k in range(0, inputs, 4):
            a, b, c, d = one[k], one[k + 1], one[k + 2], one[k + 3]
            p, q, r, s = two[k], two[k + 1], two[k + 2], two[k + 3]
            for i in range(_ROWS):
                w, x, y, z = values[k, i], values[k + 1, i], values[k + 2, i], values[k + 3, i]
                out[j, i] += a * w + b * x + c * y + d * z
                out[j + 1, i] += p * w + q * x + r * y + s * z


@compiled
def _add_outer(left, right, out, inputs, outputs):
    """Add Σ_i left[k, i] right[j, i] to out[k, j], in tiles of two by two."""
    zero = left.dtype.type(0)
    for k in range(0, inputs, 2):
        for j in range(0, outputs, 2):
            a, b, c, d = zero, zero, zero, zero
            for i in range(_ROWS):
                w, x, y, z = left[k, i], left[k + 1, i], right[j, i], right[j + 1, i]
                a += w * y
                b += w * z
                c += x * y
                d += x * z
            out[k, j] += a
            out[k, j + 1] += b
            out[k + 1, j] += c
            out[k + 1, j + 1] += d
