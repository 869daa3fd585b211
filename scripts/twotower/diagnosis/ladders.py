"""What a ladder of widths, or of embedding dimensions, tells of its unreachable end.

Of each rung the error that unlimited ratings would leave comes first. Half of the ratings and all
of them give it: least squares on n ratings with ν weights has the expected error G n / (n − ν), so
that 1/E falls by a straight line in 1/n. These values then fall to a floor like a power of the
width, as Theorem 1 has it, and it is that power which is fitted.
"""

import numpy as np

EXPONENTS = np.exp(np.linspace(np.log(0.3), np.log(6.0), 25))
"""Of the power, tried one after another; for each the floor and the scale follow in closed form."""
USUAL, SPREAD = 1.5, 0.6
"""A prior for the exponent, log-normal: 2β/d lies between 0.5 and 4 for β of 0.5 to 2 and d of 1
and 2, and a few rungs hardly tell it."""
LEAST = 1.0e-3
"""Of the error, added to each spread: no fit is closer to a power than that."""
BENT = 0.1
"""Of how far a rung lies above the best one: towers of few units do not follow the power yet."""


def unlimited(half: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The error that unlimited ratings would leave: 1 / (2/E(n) − 1/E(n/2)).

    Never above that of all ratings by more than half of it, whatever the noise says.

    Example:
        >>> n, weights = 1000, 100  # of G = 1
        >>> float(unlimited(500 / (500 - weights), n / (n - weights)).round(6))
        1.0
    """
    return 1.0 / np.maximum(2.0 / whole - 1.0 / half, 2.0 / (3.0 * whole))


def unlimited_likelihood(half: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The log loss that unlimited clicks would leave: 2 E(n) − E(n/2), at least half of E(n).

    Maximum likelihood with ν weights on n clicks costs ν / (2n) nats more than the best weights.

    Example:
        >>> n, weights = 1000, 100  # of a best log loss of 3
        >>> unlimited_likelihood(np.array([3 + weights / n]), np.array([3 + weights / (2 * n)]))
        array([3.])
    """
    return np.maximum(2.0 * whole - half, 0.5 * whole)


def gap(
    sizes: np.ndarray, values: np.ndarray, spread: np.ndarray, at: float, usual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far the value at a size lies above the end of its ladder, [m], never below 0, and the
    end itself, [m].

    value(s) = floor + scale · s^(−a), by weighted least squares with a prior on a.

    Args:
        sizes: [k], of the rungs.
        values: [m, k].
        spread: [k], standard deviations.
        at: the size.
        usual: [m], the middle of the prior on a: drawn anew for each draw of a bootstrap, it
            carries what is not known of the exponent into the intervals.
    """
    if len(sizes) < 2:
        return np.zeros(len(values)), values.mean(axis=1)
    weight = np.square(1.0 / spread)
    weight = weight / weight.sum()
    powers = (sizes / at) ** -EXPONENTS[:, None]  # [exponents, k]
    centered = powers - (powers @ weight)[:, None]
    middle = values - (values @ weight)[:, None]
    moment = (np.square(centered) * weight).sum(axis=1)
    scale = np.maximum((middle * weight) @ centered.T / moment, 0.0)  # [m, exponents]
    residual = middle[:, None] - scale[..., None] * centered
    misfit = np.square(residual / spread).sum(axis=2)
    prior = np.square((np.log(EXPONENTS) - np.log(usual)[:, None]) / SPREAD)
    best = (misfit + prior).argmin(axis=1)
    chosen = scale[np.arange(len(values)), best]
    return chosen, values @ weight - chosen * (powers @ weight)[best]
