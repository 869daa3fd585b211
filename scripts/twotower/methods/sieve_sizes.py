"""Sizes of the reference estimator, for whoever plans it without loading numba."""

import math

ALTERNATIONS = 10  # at most, at one cut-off
SPAN = 16  # grid points that are stored of a window: its own, and zeros
FINENESS = 8  # grid points to the shortest wave
SMALLEST_GRIDS = {1: 128, 2: 32}  # by axes
LARGEST_TABLE = 64  # cut-off up to which tables of both axes are made: a grid of 1024 × 1024


def grid_size(dim: int, cutoff: int) -> int:
    """Grid points to the period of each axis, a power of two."""
    return max(SMALLEST_GRIDS[dim], 1 << math.ceil(math.log2(FINENESS * cutoff)))


def window_bytes(n: int, dim: int) -> int:
    """Bytes of the windows of n points on a grid."""
    return n * dim * 8 * (SPAN + 2)
