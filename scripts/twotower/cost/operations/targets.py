"""Frequencies of targets, and how often they are computed."""

from collections.abc import Sequence
from functools import lru_cache

from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS
from twotower.theory import spectrum

_cutoff = lru_cache(maxsize=1024)(spectrum.default_cutoff)  # many data sets share it


def target_cutoff(data: dict, tower: str) -> int:
    """Largest |k| of one tower of a data set's targets."""
    return _cutoff(coordinate_dim(data, tower), *spectrum.law_of(data, tower))


def box(dim: int, cutoff: int) -> int:
    """Frequencies in a `fourier.Box`."""
    return (cutoff + 1) * (2 * cutoff + 1) ** (dim - 1)


def target_waves(data: dict, points: Sequence[float]) -> float:
    """Frequencies times points where both towers' embeddings are computed."""
    total = 0.0
    for tower, count in zip(TOWERS, points, strict=True):
        dim = coordinate_dim(data, tower)
        cutoff = target_cutoff(data, tower)
        total += count * box(dim, cutoff) * data["rank"]
    return total
