"""Squared error and gradient of towers with one hidden layer and one covariate, in O(n + W log W).

Such a tower is piecewise linear. With the covariates in order its kinks cut the pairs into
stretches, in each of which a slope and an intercept give the embedding. A unit is active on one
side of its kink, so that its gradient follows from sums over that side: of the loss's derivatives
by the embedding, and of the same times the covariate. The price of a pair is the same for all
widths.

Everything is in float64. Networks are computed one after another, each with the same bits alone
and in any batch.
"""

import numpy as np

from twotower.kernels.compiled import compiled


class SortedPairs:
    """Pairs [B, n] in the order of their users' covariates, and that of their items'."""

    def __init__(self, users: np.ndarray, items: np.ndarray, ratings: np.ndarray) -> None:
        """Take one covariate of each side and the ratings, all float64 [B, n]."""
        orders = [_order(row) for row in users]
        users, items, self._ratings = (_ordered(each, orders) for each in (users, items, ratings))
        orders = [_order(row) for row in items]
        self._covariates = np.stack([users, _ordered(items, orders)])
        self._places = np.stack(orders).astype(np.int32)  # of ordered items among ordered users

    def squared_error(self, parameters: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Losses [B] and gradients [B, n_parameters] of the networks given by rows
        [B, n_parameters] in the order of `networks.Towers.flat`.
        """
        losses, gradients = np.empty(len(parameters)), np.empty_like(parameters)
        _squared_error(*self._pairs, *_towers(parameters, rank), losses, gradients)
        return losses, gradients

    def curvatures(self, parameters: np.ndarray, rank: int) -> np.ndarray:
        """Means over the pairs of (∂R/∂θ)² for every parameter θ, [B, n_parameters]."""
        found = np.empty_like(parameters)
        _curvatures(*self._pairs, *_towers(parameters, rank), found)
        return found

    @property
    def _pairs(self) -> tuple[np.ndarray, ...]:
        return self._covariates, self._places, self._ratings


def _ordered(column: np.ndarray, orders: list[np.ndarray]) -> np.ndarray:
    return np.stack([row[order] for row, order in zip(column, orders, strict=True)])


def _order(row: np.ndarray) -> np.ndarray:
    """Indices that sort a row, equal values by index; the fast sort leaves those in any order."""
    order = np.argsort(row)
    ordered = row[order]
    return np.argsort(row, kind="stable") if (ordered[1:] == ordered[:-1]).any() else order


def _towers(parameters: np.ndarray, rank: int) -> tuple[np.ndarray, ...]:
    """Parameters by tower, [2, B, ·]: weights and biases [·, 2, W], outputs [·, W + 1, p] with
    the constant last, kinks [·, W] in order, and their units.

    A unit is not active on its kink, as in torch. One that begins there comes after the pairs on
    it, one that ends there before them, and before those that begin.
    """
    towers = parameters.reshape(len(parameters), 2, -1).swapaxes(0, 1)
    width = (towers.shape[2] - rank) // (rank + 2)
    hidden = np.ascontiguousarray(towers[:, :, : 2 * width]).reshape(2, -1, 2, width)
    outputs = np.ascontiguousarray(towers[:, :, 2 * width :]).reshape(2, -1, width + 1, rank)
    weight, bias = hidden[:, :, 0], hidden[:, :, 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        kinks = -bias / weight  # a constant unit's is infinite, or none
    units = np.lexsort((weight >= 0, kinks))
    return hidden, outputs, np.take_along_axis(kinks, units, axis=2), units


@compiled
def _squared_error(covariates, places, ratings, hidden, outputs, kinks, units, losses, gradients):
    batch, n = ratings.shape
    width, rank = units.shape[2], outputs.shape[3]
    half = (2 + rank) * width + rank
    values, other = np.empty((2, rank, n)), np.empty((n, rank))
    cuts, sums = np.empty((2, width + 1), np.int64), np.empty((rank, 2, width + 1))
    for b in range(batch):
        towers = hidden[:, b], outputs[:, b], kinks[:, b], units[:, b]
        _forward(covariates[:, b], places[b], *towers, cuts, values, other)
        losses[b] = _residuals(values[0], other, ratings[b])
        _gather(other, places[b], values[1])
        for side in range(2):
            _sum(covariates[side, b], values[side], cuts[side], sums)
            out = gradients[b, side * half : (side + 1) * half]
            _gradient(hidden[side, b], outputs[side, b], units[side, b], sums, out)


@compiled
def _curvatures(covariates, places, ratings, hidden, outputs, kinks, units, found):
    batch, n = ratings.shape
    width, rank = units.shape[2], outputs.shape[3]
    half = (2 + rank) * width + rank
    values, other = np.empty((2, rank, n)), np.empty((n, rank))
    products = np.empty((rank * (rank + 1) // 2, n))
    cuts = np.empty((2, width + 1), np.int64)
    sums = np.empty((len(products), 3, width + 1))
    for b in range(batch):
        towers = hidden[:, b], outputs[:, b], kinks[:, b], units[:, b]
        _forward(covariates[:, b], places[b], *towers, cuts, values, other)
        for side in range(2):
            at = 0
            for q in range(rank):
                for r in range(q + 1):
                    for i in range(n):
                        if side == 0:
                            products[at, i] = other[i, q] * other[i, r] / n
                        else:
                            place = places[b, i]
                            products[at, i] = values[0, q, place] * values[0, r, place] / n
                    at += 1
            _sum(covariates[side, b], products, cuts[side], sums)
            out = found[b, side * half : (side + 1) * half]
            _curvature(hidden[side, b], outputs[side, b], units[side, b], sums, out)


@compiled
def _forward(covariates, places, hidden, outputs, kinks, units, cuts, values, other):
    """Cuts and embeddings of both towers of a network: values [2, p, n] in the order of each side's
    covariates, and the items' [n, p] in the users' order too.
    """
    for side in range(2):
        _cut(covariates[side], kinks[side], hidden[side], units[side], cuts[side])
        tower = hidden[side], outputs[side], units[side]
        _embed(covariates[side], *tower, cuts[side], values[side])
    _scatter(values[1], places, other)


@compiled
def _cut(covariates, kinks, hidden, units, cuts):
    """How many of the covariates, in order, lie before each kink; all of them after the last."""
    n, at = covariates.size, 0
    for index in range(units.size):
        kink = kinks[index]
        if hidden[0, units[index]] < 0:
            while at < n and covariates[at] < kink:
                at += 1
        else:
            while at < n and covariates[at] <= kink:
                at += 1
        cuts[index] = at
    cuts[units.size] = n


@compiled
def _embed(covariates, hidden, outputs, units, cuts, out):
    """Embeddings [p, n] by a running slope and intercept."""
    width = units.size
    for q in range(out.shape[0]):
        slope, intercept = 0.0, outputs[width, q]
        for unit in range(width):
            if hidden[0, unit] < 0 or (hidden[0, unit] == 0 and hidden[1, unit] > 0):
                slope += hidden[0, unit] * outputs[unit, q]
                intercept += hidden[1, unit] * outputs[unit, q]
        start = 0
        for index in range(width + 1):
            for i in range(start, cuts[index]):
                out[q, i] = intercept + slope * covariates[i]
            start = cuts[index]
            if index < width:
                unit = units[index]
                if hidden[0, unit] != 0:
                    sign = 1.0 if hidden[0, unit] > 0 else -1.0
                    slope += sign * hidden[0, unit] * outputs[unit, q]
                    intercept += sign * hidden[1, unit] * outputs[unit, q]


@compiled
def _scatter(values, places, out):
    """Values [p, n] of the ordered items, to the places [n, p] of their pairs."""
    for i in range(places.size):
        for q in range(values.shape[0]):
            out[places[i], q] = values[q, i]


@compiled
def _gather(values, places, out):
    """The inverse of `_scatter`."""
    for i in range(places.size):
        for q in range(out.shape[0]):
            out[q, i] = values[places[i], q]


@compiled
def _residuals(users, items, ratings):
    """The loss; embeddings [p, n] and [n, p] become the loss's derivatives by them."""
    rank, n = users.shape
    loss = 0.0
    for i in range(n):
        residual = -ratings[i]
        for q in range(rank):
            residual += users[q, i] * items[i, q]
        loss += residual * residual
        residual *= 2.0 / n
        for q in range(rank):
            value = users[q, i]
            users[q, i] = residual * items[i, q]
            items[i, q] = residual * value
    return loss / n


@compiled
def _sum(covariates, values, cuts, sums):
    """Sums of values [m, n] times powers of the covariate, over the pairs before each kink, all
    pairs last: [m, powers, W + 1].
    """
    powers = sums.shape[1]
    for row in range(values.shape[0]):
        total, first, second = 0.0, 0.0, 0.0
        start = 0
        for index in range(cuts.size):
            for i in range(start, cuts[index]):
                value = values[row, i]
                total += value
                first += value * covariates[i]
            if powers == 3:
                for i in range(start, cuts[index]):
                    second += values[row, i] * (covariates[i] * covariates[i])
                sums[row, 2, index] = second
            sums[row, 0, index], sums[row, 1, index] = total, first
            start = cuts[index]


@compiled
def _active(sums, index, weight, bias):
    """Of sums up to each kink, that over the pairs where the unit of a kink is active."""
    last = sums[sums.size - 1]
    if weight == 0:
        return last if bias > 0 else 0.0
    return sums[index] if weight < 0 else last - sums[index]


@compiled
def _gradient(hidden, outputs, units, sums, out):
    """A tower's gradient, from the sums of derivatives by its embedding."""
    width, rank = units.size, outputs.shape[1]
    for q in range(rank):
        out[(2 + rank) * width + q] = sums[q, 0, width]
    for index in range(width):
        unit = units[index]
        weight, bias = hidden[0, unit], hidden[1, unit]
        by_weight, by_bias = 0.0, 0.0
        for q in range(rank):
            none = _active(sums[q, 0], index, weight, bias)
            one = _active(sums[q, 1], index, weight, bias)
            by_weight += outputs[unit, q] * one
            by_bias += outputs[unit, q] * none
            out[2 * width + unit * rank + q] = weight * one + bias * none
        out[unit], out[width + unit] = by_weight, by_bias


@compiled
def _curvature(hidden, outputs, units, sums, out):
    """A tower's curvatures, from the means of products of the other's components."""
    width, rank = units.size, outputs.shape[1]
    for index in range(width):
        unit = units[index]
        weight, bias = hidden[0, unit], hidden[1, unit]
        by_weight, by_bias, at = 0.0, 0.0, 0
        for q in range(rank):
            for r in range(q + 1):
                none = _active(sums[at, 0], index, weight, bias)
                one = _active(sums[at, 1], index, weight, bias)
                two = _active(sums[at, 2], index, weight, bias)
                share = outputs[unit, q] * outputs[unit, r] * (1.0 if r == q else 2.0)
                by_weight += share * two
                by_bias += share * none
                if r == q:
                    square = weight * (weight * two + 2.0 * bias * one) + bias * bias * none
                    out[2 * width + unit * rank + q] = square
                    out[(2 + rank) * width + q] = sums[at, 0, width]
                at += 1
        out[unit], out[width + unit] = by_weight, by_bias
