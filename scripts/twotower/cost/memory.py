"""Peak memory of the jobs that touch every rating, in bytes: none grows with large samples."""

from collections.abc import Iterable

from twotower.base import mapped_pages, tensors
from twotower.cost.operations import closed_form
from twotower.cost.operations.fit_size import Certificate, FitSize
from twotower.data import ratings
from twotower.methods import reference
from twotower.towers import chunks
from twotower.towers.closed_form import limits

BASE = {"start": 140e6, "torch": 500e6, "methods": 500e6}
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


def training(fits: dict[int, FitSize], certificate: Certificate, closes: bool) -> float:
    """Peak of `training_job.train` beside its ratings: that of its largest fit.

    Args:
        fits: by sample size.
        certificate: sizes at which an oracle is fitted too, to more ratings.
        closes: whether the arm's own fits begin with the closed form.
    """
    peaks = [_evaluated(fit) + (_closed_form(fit) if closes else 0.0) for fit in fits.values()]
    oracles = [certificate.oracle(fits[size], max(fits)) for size in certificate.sizes]
    peaks += [_evaluated(oracle) + _closed_form(oracle) for oracle in oracles]
    return BASE["torch"] + max(peaks)


def clicks(fits: Iterable[FitSize]) -> float:
    """What fits to clicks hold beside `training`: covariates of users and catalogue in order,
    embeddings of both sides with what is derived of them, and offsets.
    """
    return max(
        fit.batch
        * NUMBER
        * sum(
            points * (dim + 4 + 4 * fit.rank)
            for dim, points in zip(fit.dims, (fit.n, fit.catalogue), strict=True)
        )
        for fit in fits
    )


def _evaluated(fit: FitSize) -> float:
    """Of the squared error: pairs that are copied in order or side by side, and the minimizers'
    ten last steps, or minibatches of a block of steps.
    """
    columns = sum(fit.dims) + 1
    match fit.way(sorts=True):
        case "sorted":
            copies = fit.n * (28 * fit.batch + 48 + 24)  # of one network work arrays, an order
        case "fused" | "deep":
            copies = min(fit.n, chunks.STRETCH) * columns * fit.batch * NUMBER
        case _:
            copies = 0.0
    blocks = 2 * chunks.BLOCK * 256 * columns * fit.batch * NUMBER
    return copies + blocks + 30 * fit.weights * fit.batch * NUMBER


def _closed_form(fit: FitSize) -> float:
    """Of the closed form: its largest solve, dense features where they are kept, embeddings."""
    solve = 7 * (fit.rank * fit.features) ** 2 * fit.batch * NUMBER
    dense = sum(not fit.by_hats(dim) for dim in fit.dims)
    # chunks of features that are not kept leave gaps between what is: as much is held at last
    kept = min(dense * fit.feature_bytes, limits.KEPT_BYTES["cpu"])
    embedded = 3 * min(fit.n, chunks.STRETCH) * fit.rank * fit.batch * NUMBER
    candidates = closed_form.candidates(fit.width)
    drawn = (limits.DESIGN_POINTS + candidates) * candidates * fit.batch * NUMBER
    return max(solve + kept + embedded, drawn if dense else 0.0)


def sieve(rank: int, n: int, functions: float) -> float:
    """Peak of `reference.fit` beside its ratings: what it keeps of both towers' points on a sample
    and on a held-out fifth, grids, real equations and the places that these are gathered from.
    """
    values = 2.4 * min(n * 2 * 18 * NUMBER, reference.KEPT_BYTES) + 80e6
    return BASE["start"] + values + 4 * 8 * (rank * functions) ** 2 + 40 * functions**2
