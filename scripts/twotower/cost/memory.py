"""Peak memory of the jobs that touch every rating, in bytes: none grows with large samples."""

from twotower.base import mapped_pages, tensors
from twotower.data import ratings
from twotower.methods import reference
from twotower.towers import chunks

BASE = {"start": 100e6, "torch": 400e6, "methods": 450e6}
"""Bytes of Python and its libraries: without torch, with torch, with torch and other methods."""

NUMBER = 8
"""Bytes of a number."""


def columns(file: float, part: float) -> float:
    """Bytes that a job holds of the part of a file of ratings that it reads; of a mapped file, one
    window. Half as much is added for copies, and for pages that are mapped around those in use.
    """
    return 1.5 * (min(part, mapped_pages.WINDOW) if file >= tensors.MAPPED_BYTES else part)


def drawing(data: dict, n: int, tried: float, columns: int) -> float:
    """Peak of `ratings.fill_training`, which tries this many points of this many columns."""
    peak = BASE["start"] + 3 * min(tried, ratings.CHUNK) * (columns + 2 * data["rank"]) * NUMBER
    if "control" in data:  # a column, and the same in another order
        widest = max(data["user_ambient_dim"], data["item_ambient_dim"])
        peak += n * (1 + 2 * widest) * NUMBER
    return peak


def training(fits: dict, certificate: int) -> float:
    """Peak of `training_job.train` beside its ratings: the largest solve, and an oracle's start."""
    largest = fits[max(fits)]
    start = fits.get(certificate, largest)
    solve = 8 * (largest.rank * (largest.width + 1)) ** 2
    embedded = min(start.n, chunks.STRETCH) * (start.depth * start.width + start.rank)
    return BASE["torch"] + largest.batch * (solve + embedded) * NUMBER


def sieve(rank: int, n: int, functions: float) -> float:
    """Peak of `reference.fit` beside its ratings: what it keeps of both towers' points on a sample
    and on a held-out fifth, grids, real equations and the places that these are gathered from.
    """
    values = 2.4 * min(n * 2 * 18 * NUMBER, reference.KEPT_BYTES) + 80e6
    return BASE["start"] + values + 4 * 8 * (rank * functions) ** 2 + 40 * functions**2
