"""Sizes that choose how the closed form is computed, for whoever plans it without loading torch."""

KEPT_BYTES = {"cpu": 1 << 28, "cuda": 1 << 32}
"""What both towers' features of a batch may take in memory, by kind of device; larger ones are
computed anew in every pass."""

ELEMENTS, FEWEST_ROWS = {"cpu": 1 << 15, "cuda": 1 << 24}, 256
"""Dense features in a chunk of pairs: of a network, of a batch on a card; and the fewest pairs,
since a product over few would be slow."""

SOLVED_SIZE = 151
"""Dense features up to which the normal equations are solved; more take conjugate gradients."""

FEW_PAIRS = 64
"""Pairs for each feature below which sums over pairs are noisy, and iterations slow."""

STEPS = {"few": 10, "many": 4}
"""Of conjugate gradients, for few pairs and for many: whitened features are nearly white under
weights too. Two rounds leave the training loss within 2e-3 of that of exact solutions where n is
28 M, and within 2e-6 where it is 100 M."""

DESIGN_POINTS = 2048
"""Data points among which kinks and directions of hidden units are chosen."""

CANDIDATES_PER_UNIT, FEWEST_CANDIDATES = 4, 64
"""Units of which those are kept that span the most."""


SETTLED, MOST_ROUNDS = 5.0e-4, 24
"""Of alternating least squares: the fall of the mean squared error in a round, as a share of the
ratings' variance, below which a network has settled; and rounds after which it stops anyway."""


def pairs_are(n: int, size: int) -> str:
    """Whether n pairs are "few" or "many" for so many features."""
    return "few" if n < FEW_PAIRS * size else "many"


FEWEST_UNITS = 4
"""Of the towers that the spectral fit starts, and no fewer than their components."""


def widths(full: int, n: int, rank: int) -> list[int]:
    """Hidden units of the towers that are fitted to n pairs one after the other: each about twice
    those of the one before, up to the full width, from one that has many pairs.
    """
    found = [full]
    while pairs_are(n, found[0] + 1) == "few" and found[0] // 2 >= max(FEWEST_UNITS, rank):
        found.insert(0, (found[0] + 1) // 2)
    return found
