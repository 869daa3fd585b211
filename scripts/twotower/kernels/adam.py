"""Steps of Adam on minibatches, for towers with one hidden layer (Kingma & Ba, ICLR 2015).

All steps of a block run in one call, so that no time goes to starting operations on small arrays.
Networks are trained one after another, each with the same bits alone and in any batch.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from twotower.kernels import fused
from twotower.kernels.compiled import compiled

DECAYS = (0.9, 0.999)
"""Of the running means of the gradient and of its square; PyTorch's defaults, as the next."""

FLOOR = 1.0e-8
"""Added to the root of the mean square."""


@cache
def steps(user_dim: int, item_dim: int, rank: int) -> Callable:
    """The compiled steps for towers of these sizes.

    They take the minibatches of S steps, covariates [B, S, m, D_u] and [B, S, m, D_i] and ratings
    [B, S, m], and change in place parameters [B, n_parameters] in the order of
    `networks.Towers.flat` and the means of the gradient and its square, of the same shape: all of
    one float type. The learning rates are [S], float64. The last argument counts earlier steps.
    """
    network = fused.one_network(user_dim, item_dim, rank)

    @compiled
    def taken(users, items, ratings, parameters, means, squares, rates, done):
        batch, count, size = ratings.shape
        number = ratings.dtype
        keep, keep_square = number.type(DECAYS[0]), number.type(DECAYS[1])
        fresh, fresh_square = number.type(1.0 - DECAYS[0]), number.type(1.0 - DECAYS[1])
        floor = number.type(FLOOR)
        gradient = np.empty(parameters.shape[1], number)
        for b in range(batch):
            for step in range(count):
                gradient[:] = 0
                pairs = users[b, step], items[b, step], ratings[b, step]
                network(*pairs, parameters[b], size, gradient)
                age = done + step + 1
                rate = number.type(rates[step] / (1.0 - DECAYS[0] ** age))
                scale = number.type(1.0 / np.sqrt(1.0 - DECAYS[1] ** age))
                for j in range(gradient.size):
                    slope = gradient[j]
                    mean = keep * means[b, j] + fresh * slope
                    square = keep_square * squares[b, j] + fresh_square * slope * slope
                    means[b, j], squares[b, j] = mean, square
                    parameters[b, j] -= rate * mean / (np.sqrt(square) * scale + floor)

    return taken
