"""Kinds of operations, and what one of each takes."""

from collections import Counter

Work = Counter

SECONDS = {
    "product": 2.6e-11,  # a floating-point operation of a matrix product
    "element": 5.7e-9,  # a hidden unit at a pair, forward and back, by matrices
    "fused": 5.2e-11,  # a floating-point operation of a fused pass in float64
    "deep": 3.5e-11,  # the same in a pass over several layers
    "sorted": 8.3e-9,  # a component at a pair, in order of the covariates, forward and back
    "sorting": 1.6e-7,  # a pair sorted by both covariates
    "kink": 5.8e-7,  # a hidden unit of a network among sorted pairs, whatever their number
    "hat": 6.8e-9,  # a pair among hat functions
    "unit": 3.2e-9,  # a hidden unit at a pair, forward
    "skinny": 4.7e-10,  # a feature at a pair in a product with few columns
    "pivot": 2.2e-10,  # an operation of a pivoted Cholesky factor
    "factorization": 6.0e-11,  # of an eigendecomposition, singular values or a solve
    "number": 2.8e-10,  # a parameter read by a minimizer
    "call": 2.8e-5,  # an operation on a batch of tensors, whatever their size
    "round": 4.2e-5,  # a round of batched operations on one chunk of pairs
    "draw": 1.5e-8,  # a pair drawn for a minibatch
    "gathered": 6.0e-9,  # a number of it gathered
    "compared": 1.8e-8,  # a pair of ratings in the pairwise loss, forward and back
    "choice": 5.0e-10,  # a component of a candidate of a click, forward and back
    "forward": 2.0e-9,  # a hidden unit at a point, by numpy
    "wave": 2.0e-10,  # a frequency at a point, where targets are drawn
    "series": 7.0e-10,  # a frequency at a point, where the reference is judged
    "judged": 1.4e-7,  # a point there, whatever the frequencies
    "moment": 4.5e-10,  # the same in the reference estimator, with three axes or more
    "tap": 1.0e-10,  # a grid point under a window, a weight
    "window": 2.2e-7,  # a window, along one axis
    "transform": 4.7e-9,  # a grid point of a fast transform
    "point": 5.0e-8,  # a point in a half-step of the reference estimator
    "lookup": 3.8e-9,  # an entry of its normal equations
    "half_step": 2.3e-4,  # the part of it that no size changes, an axis
    "neighbour": 7.5e-8,  # a neighbour found, in one dimension
    "listed": 1.5e-7,  # an item in the list of one user
    "scored": 1.5e-8,  # an item among those of which one user's best are taken
    "free": 2.0e-8,  # a score of free embeddings in one step
    "clustered": 6.0e-6,  # an item of an approximate index
    "byte": 3.0e-9,  # of a file of data, read or written
    "torch": 2.0,  # starting Python with torch and numba
    "start": 0.7,  # and without
    "second": 1.0,  # measured as such
}
"""Seconds of one operation on one core of the reference machine."""


def seconds(work: Work, pace: float = 1.0) -> float:
    """Seconds of the work on one core; `pace` is that of the machine, see `probe.pace`."""
    return pace * sum(count * SECONDS[kind] for kind, count in work.items())
