"""How fast this machine is. Only this module of the cost model loads compiled loops."""

import time
from collections.abc import Callable

import numpy as np

from twotower.kernels import code_folder

_PRODUCT, _LOOPS = 2.38e-3, 5.0e-4
"""Seconds of both trials on the reference machine, when `operations.work.SECONDS` were measured."""

_TRIALS = 9


def pace() -> float:
    """Time that this machine takes for a piece of work, in units of the reference machine's time.

    The geometric mean of two paces: of a product of matrices, and of the squared error of shallow
    towers with one covariate in compiled loops. Where those are not compiled yet, which takes
    seconds, the product stands alone. Measuring takes less than a second.

    Each is the best of several trials, in seconds of the processor, so that other programs hardly
    matter.
    """
    matrix = np.random.default_rng(0).standard_normal((400, 400))
    product = _best(lambda: matrix @ matrix) / _PRODUCT
    if code_folder.missing([code_folder.fit_of_towers("erm", 1, 1, 2, 1, "float64")]):
        return product
    return (product * _best(_loops()) / _LOOPS) ** 0.5


def _loops() -> Callable[[], object]:
    """The squared error of four networks of 48 units on 8,192 pairs each."""
    from twotower.kernels.sorted_pairs import SortedPairs  # here, since numba takes half a second

    random, width, rank = np.random.default_rng(0), 48, 2
    pairs = SortedPairs(*random.standard_normal((3, 4, 8192)))
    parameters = random.standard_normal((4, 2 * (2 * width + (width + 1) * rank)))
    return lambda: pairs.squared_error(parameters, rank)


def _best(work: Callable[[], object]) -> float:
    trials = []
    for _ in range(_TRIALS):
        began = time.process_time()
        work()
        trials.append(time.process_time() - began)
    return min(trials)
