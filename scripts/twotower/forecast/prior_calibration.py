"""The numbers on drift in `prior`, as published slopes give them."""

import math

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm


def calibrated(n_min, n_max, slope, steepening, low, high) -> tuple[float, float, float]:
    """(flattening, typical drift, its spread) of published slopes, by maximum likelihood.

    Over D doublings the slope of the upper half minus that of the lower half is normal around
    flattening · |slope| · D/2, with variance (drift · slope)² D/3 under the random walk (means over
    adjacent stretches of length D/2), beside the squared error of its 95% interval.

    Args:
        n_min, n_max, slope, steepening, low, high: columns of a table of rates, shape [curves].
    """
    doublings = np.log2(np.asarray(n_max, float) / np.asarray(n_min, float))[:, None]
    error = (np.asarray(high, float) - np.asarray(low, float))[:, None] / (2 * norm.ppf(0.975))
    size, seen = np.abs(np.asarray(slope, float))[:, None], np.asarray(steepening, float)[:, None]
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)

    def loss(parameters):
        drift = np.exp(parameters[1] + np.exp(parameters[2]) * nodes)
        sd = np.hypot(size * drift * np.sqrt(doublings / 3), error)
        density = norm.pdf(seen, parameters[0] * size * doublings / 2, sd) @ weights
        return -np.log(density + 1e-300).sum()

    tries = [
        minimize(loss, [0.05, drift, spread], method="Nelder-Mead", options={"maxiter": 4000})
        for drift in (-3.0, -2.0)
        for spread in (-1.0, 0.0)
    ]
    found = min(tries, key=lambda tried: tried.fun).x
    return float(found[0]), math.exp(found[1]), math.exp(found[2])
