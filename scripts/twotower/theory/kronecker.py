"""Kronecker sequences: points that fill the unit cube evenly, any number of them."""

import numpy as np


def steps(dim: int) -> np.ndarray:
    """Steps [dim] of the sequence k · steps modulo 1, k = 0, 1, …

    They are powers of 1/x, x^(dim+1) = x + 1, the golden ratio and its kin (Roberts 2018).
    """
    x = 2.0
    for _ in range(64):  # a contraction
        x = (1.0 + x) ** (1.0 / (dim + 1))
    return x ** -np.arange(1.0, dim + 1.0)


def points(count: int, dim: int, shift: np.ndarray | float = 0.0) -> np.ndarray:
    """The first points of the sequence, [count, dim], moved by a shift modulo 1."""
    return (shift + np.arange(count)[:, None] * steps(dim)) % 1.0
