"""Sizes up to which the loops serve, for whoever plans towers without loading numba."""

MOST_PAIRS = 1 << 18
"""Beyond so many pairs of a network the sorted copies of `sorted_pairs`, 28 bytes a pair, are not
made: 7 MiB."""

MOST_COVARIATES, MOST_COMPONENTS = 16, 8
"""Beyond so many covariates of a side, or components of an embedding, a library for matrices is
faster than `fused`."""

ROWS = 128
"""Pairs in a chunk of `fused`; the last one takes as long as the others."""
