"""The most that one core does with the instructions that the project's loops are compiled for."""

import time

import numba
import numpy as np


@numba.njit(fastmath={"contract"}, error_model="numpy")
def _chains(values, factor, summand, rounds):
    """Eight independent chains of products and sums in each lane: none waits for another's."""
    for _ in range(rounds):
        for lane in range(values.shape[1]):
            a, b, c, d = values[0, lane], values[1, lane], values[2, lane], values[3, lane]
            e, f, g, h = values[4, lane], values[5, lane], values[6, lane], values[7, lane]
            for _ in range(16):
                a = a * factor + summand
                b = b * factor + summand
                c = c * factor + summand
                d = d * factor + summand
                e = e * factor + summand
                f = f * factor + summand
                g = g * factor + summand
                h = h * factor + summand
            values[0, lane], values[1, lane], values[2, lane], values[3, lane] = a, b, c, d
            values[4, lane], values[5, lane], values[6, lane], values[7, lane] = e, f, g, h


def fma_peak(precision: str, runs: int = 9) -> float:
    """Floating-point operations a second of processor time, two a fused product and sum: the best
    of several runs.
    """
    kind = np.dtype(precision).type
    values = np.ones((8, 64), kind)
    _chains(values, kind(0.999), kind(0.001), 1)
    rounds, seconds = 8000, []
    for _ in range(runs):
        began = time.process_time()
        _chains(values, kind(0.999), kind(0.001), rounds)
        seconds.append(time.process_time() - began)
    return 2 * 16 * values.size * rounds / min(seconds)


def operations(n: int, width: int, inputs: int, rank: int) -> int:
    """Operations of one network's loss and gradient, both towers of depth one: 2(2D + 3p + 1) for
    each pair and unit of a tower.

    Forwards a unit takes D products and sums for its value and p for the outputs; backwards p for
    the output weights' gradient, p for the derivative by the unit, D for its weights' gradient and
    one for its bias. What is done once a pair is not counted.
    """
    return 2 * n * width * 2 * (2 * inputs + 3 * rank + 1)
