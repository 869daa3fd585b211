"""Piecewise-linear functions of one variable by their values at sorted nodes, and sums over points.

A function that is linear between nodes t_0 ≤ … ≤ t_{K−1} has at a point x of the interval
[t_k, t_{k+1}) the value (1 − a) v_k + a v_{k+1}, where a = (x − t_k) / (t_{k+1} − t_k): its hat
functions there are 1 − a and a. All points lie between the first node and the last. Nodes may
coincide: no point lies in an interval without a length.
"""

import numpy as np

from twotower.kernels.compiled import compiled

_BUCKETS = 8  # for each node, of equal length: most hold no node, so that their points are found


@compiled
def lookup(nodes):
    """What `_interval` needs to find points among nodes [K].

    Returns:
        For each bucket the interval where it begins, [buckets + 1]; inverse lengths of the
        intervals [K − 1], 0 where there is no length; buckets per unit.
    """
    count = len(nodes)
    buckets = _BUCKETS * count
    span = nodes[count - 1] - nodes[0]
    scale = buckets / span if span > 0.0 else 0.0
    begins = np.zeros(buckets + 1, np.int64)
    for k in range(1, count - 1):
        begins[min(max(int((nodes[k] - nodes[0]) * scale), 0), buckets - 1) + 1] += 1
    for bucket in range(buckets):
        begins[bucket + 1] += begins[bucket]
    inverse = np.zeros(count - 1)
    for k in range(count - 1):
        length = nodes[k + 1] - nodes[k]
        if length > 1.0e-290:
            inverse[k] = 1.0 / length
    return begins, inverse, scale


@compiled
def _interval(x, nodes, begins, scale):
    """The last interval that begins at or before x."""
    bucket = min(max(int((x - nodes[0]) * scale), 0), len(begins) - 2)
    low, high = begins[bucket], begins[bucket + 1]
    while low < high:  # nodes low + 1 to high lie in the bucket
        middle = (low + high + 1) >> 1
        if nodes[middle] <= x:
            low = middle
        else:
            high = middle - 1
    return low


@compiled
def interpolate(x, nodes, begins, inverse, scale, values, out):
    """Values [n, p] at points [n] of functions with values [K, p] at the nodes."""
    for i in range(len(x)):
        k = _interval(x[i], nodes, begins, scale)
        a = (x[i] - nodes[k]) * inverse[k]
        for r in range(values.shape[1]):
            out[i, r] = values[k, r] + a * (values[k + 1, r] - values[k, r])


@compiled
def add_moments(x, nodes, begins, inverse, scale, sums):
    """Add to sums [K − 1, 3] over the points of each interval: (1 − a)², a(1 − a), a²."""
    for i in range(len(x)):
        k = _interval(x[i], nodes, begins, scale)
        a = (x[i] - nodes[k]) * inverse[k]
        b = 1.0 - a
        sums[k, 0] += b * b
        sums[k, 1] += a * b
        sums[k, 2] += a * a


@compiled
def add_equations(x, nodes, begins, inverse, scale, other, ratings, sums):
    """Add the sums over points of the normal equations of a least-squares fit.

    The fit is of ratings [n] by Σ_r f_r(x) e_r with e = `other`, [n, p]. A row of sums, one for
    each interval, holds for each pair s ≤ r, in the order (0, 0), (1, 0), (1, 1), …, three moments
    as in `add_moments`, weighted by e_r e_s; then for each r the sums of rating·e_r·(1 − a) and
    rating·e_r·a.
    """
    rank = other.shape[1]
    for i in range(len(x)):
        k = _interval(x[i], nodes, begins, scale)
        a = (x[i] - nodes[k]) * inverse[k]
        b = 1.0 - a
        row = sums[k]
        bb, ab, aa = b * b, a * b, a * a
        place = 0
        for r in range(rank):
            for s in range(r + 1):
                weight = other[i, r] * other[i, s]
                row[place] += weight * bb
                row[place + 1] += weight * ab
                row[place + 2] += weight * aa
                place += 3
        for r in range(rank):
            weight = other[i, r] * ratings[i]
            row[place] += weight * b
            row[place + 1] += weight * a
            place += 2


@compiled
def add_cross(
    x, nodes, begins, inverse, scale, x2, nodes2, begins2, inverse2, scale2, ratings, sums
):
    """Add rating · hat_k(x) · hat_l(x2) of each pair of points to sums [K, K2]."""
    for i in range(len(x)):
        k = _interval(x[i], nodes, begins, scale)
        l = _interval(x2[i], nodes2, begins2, scale2)  # noqa: E741
        right = ratings[i] * (x[i] - nodes[k]) * inverse[k]
        left = ratings[i] - right
        b = (x2[i] - nodes2[l]) * inverse2[l]
        c = 1.0 - b
        sums[k, l] += left * c
        sums[k, l + 1] += left * b
        sums[k + 1, l] += right * c
        sums[k + 1, l + 1] += right * b
