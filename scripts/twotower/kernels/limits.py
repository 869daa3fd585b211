"""Sizes up to which the loops serve, for whoever plans towers without loading numba."""

MOST_PAIRS = 1 << 18
"""Beyond so many pairs of a network the sorted copies of `sorted_pairs`, 28 bytes a pair, are not
made: 7 MiB."""

MOST_COVARIATES, MOST_COMPONENTS = 16, 8
"""Beyond so many covariates of a side, or components of an embedding, a library for matrices is
faster than `fused`."""

MOST_DEEP_UNITS = 128
"""In wider layers than this a library's matrix products are as fast as the loops of `deep`."""

TILE = 4
"""Layers of `deep` are padded to a multiple of so many units."""

ROWS = 128
"""Pairs in a chunk of `fused` and `deep`; the last one takes as long as the others."""
