"""Pivoted Cholesky: which functions span the most, found one after another.

Each pick is the function farthest from the span of those before it. Its column of the Gram matrix,
less what the picks before it explain, shortens the distances (`residual`) of all others. Distances
are compared in single precision: where some are equal but for rounding the first function is
picked, in whatever way its column was computed. Units that look both ways from one kink are such.
"""

import numpy as np

from twotower.kernels.compiled import compiled

_ROUNDING = 1.0e-15  # of the largest residual at first: what is left is no direction


@compiled
def _farthest(residual):
    """The first of the largest residuals."""
    pick, largest = 0, np.float32(residual[0])
    for c in range(1, len(residual)):
        if np.float32(residual[c]) > largest:
            pick, largest = c, np.float32(residual[c])
    return pick


@compiled
def _eliminate(column, pick, done, smallest, factor, residual):
    """Take the pick's part out of the residuals [C], and mark it by −1.

    `column` [C] is the pick's of the Gram matrix; factor [C, count] has columns of earlier picks.
    """
    pivot = residual[pick]
    scale = 1.0 / np.sqrt(pivot) if pivot > smallest else 0.0
    for c in range(len(residual)):
        if residual[c] < 0.0:
            continue
        explained = 0.0
        for j in range(done):
            explained += factor[c, j] * factor[pick, j]
        entry = (column[c] - explained) * scale
        factor[c, done] = entry
        residual[c] = max(residual[c] - entry * entry, 0.0)
    residual[pick] = -1.0


@compiled
def spread(gram, count):
    """Picks [count] among functions of a Gram matrix [C, C]."""
    residual = np.diag(gram).copy()
    smallest = _ROUNDING * residual.max()
    factor = np.empty((len(gram), count))
    picks = np.empty(count, np.int64)
    for done in range(count):
        picks[done] = _farthest(residual)
        _eliminate(gram[picks[done]], picks[done], done, smallest, factor, residual)
    return picks


@compiled
def spread_on_a_line(kinks, slopes, nodes, place, diagonal, beside, count):
    """Picks among C units max(slope·(x − kink), 0) of one variable.

    Columns of the Gram matrix are made as they are needed, in O(C): between sorted kinks all
    units are linear, so that second moments of the hat functions there are all that counts. No sum
    has terms of both signs.

    Args:
        kinks, slopes: [C].
        nodes: sorted, [K]; all kinks are among them, and all points lie between.
        place: [C], which node a unit's kink is.
        diagonal, beside: Σ hat_k², [K], and Σ hat_k hat_{k+1}, [K − 1], over the points.
        count: how many units to pick.
    """
    units, size = len(kinks), len(nodes)
    values, pushed = np.empty(size), np.empty(size)
    above, below = np.empty(size), np.empty(size)
    column, residual = np.empty(units), np.empty(units)
    factor = np.empty((units, count))
    picks = np.empty(count, np.int64)
    for c in range(units):
        total, before = 0.0, 0.0
        for k in range(size):
            value = max(slopes[c] * (nodes[k] - kinks[c]), 0.0)
            total += diagonal[k] * value * value
            if k:
                total += 2.0 * beside[k - 1] * before * value
            before = value
        residual[c] = total
    smallest = _ROUNDING * residual.max()
    for done in range(count):
        pick = _farthest(residual)
        picks[done] = pick
        for k in range(size):
            values[k] = max(slopes[pick] * (nodes[k] - kinks[pick]), 0.0)
        for k in range(size):
            pushed[k] = diagonal[k] * values[k]
            if k:
                pushed[k] += beside[k - 1] * values[k - 1]
            if k < size - 1:
                pushed[k] += beside[k] * values[k + 1]
        above[size - 1], below[0] = 0.0, 0.0  # Σ (t_l − t_k)₊ pushed_l, and Σ (t_k − t_l)₊ …
        total = 0.0
        for k in range(size - 2, -1, -1):
            total += pushed[k + 1]
            above[k] = above[k + 1] + (nodes[k + 1] - nodes[k]) * total
        total = 0.0
        for k in range(1, size):
            total += pushed[k - 1]
            below[k] = below[k - 1] + (nodes[k] - nodes[k - 1]) * total
        for c in range(units):
            reach = above[place[c]] if slopes[c] > 0.0 else below[place[c]]
            column[c] = abs(slopes[c]) * reach
        _eliminate(column, pick, done, smallest, factor, residual)
    return picks
