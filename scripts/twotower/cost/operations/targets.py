"""Frequencies of targets, and how often they are computed."""

from collections.abc import Sequence
from functools import lru_cache

from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS
from twotower.theory import spectrum

target_cutoff = lru_cache(maxsize=1024)(spectrum.default_cutoff)
"""Largest |k| of a target, by dimension and smoothness; many data sets share it."""


def box(dim: int, cutoff: int) -> int:
    """Frequencies in a `fourier.Box`."""
    return (cutoff + 1) * (2 * cutoff + 1) ** (dim - 1)


def target_waves(data: dict, points: Sequence[float]) -> float:
    """Frequencies times points where both towers' embeddings are computed."""
    total = 0.0
    for tower, count in zip(TOWERS, points, strict=True):
        dim = coordinate_dim(data, tower)
        cutoff = target_cutoff(dim, spectrum.smoothness_of(data, tower))
        total += count * box(dim, cutoff) * data["rank"]
    return total
