"""Ratings that are all equal: how floating point shows it, and what a fit to them needs."""

import numpy as np

SPREAD = 1.0e-12
"""A range of ratings that is no larger, as a share of the largest one, is rounding alone; so is a
standard deviation."""
PENALTY = 1.0e-9
"""Of least squares, as a share of the largest rating's square: the variance that penalties are made
of is 0, and any small one will do."""


def are_equal(ratings: np.ndarray) -> bool:
    """Whether n ≥ 1 ratings [n] are all equal."""
    return bool(np.ptp(ratings) <= SPREAD * np.abs(ratings).max())
