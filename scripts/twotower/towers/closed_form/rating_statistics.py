"""Range, variance and ridge of all ratings of a sample, which may be larger than memory."""

import torch

from twotower.base import mapped_pages
from twotower.data import equal_ratings

_STRETCH = 1 << 20  # rows


def largest(ratings: torch.Tensor) -> torch.Tensor:
    """The largest absolute rating of each replicate, [B], of ratings [B, n]."""
    parts = mapped_pages.parts(_STRETCH, ratings)
    return torch.stack([ratings[:, part].abs().amax(dim=1) for part in parts]).amax(dim=0)


def variances(ratings: torch.Tensor) -> torch.Tensor:
    """The variance of each replicate's ratings (n − 1 in the denominator), [B], of [B, n].

    Stretches are put together by their means and sums of squares (Chan, Golub & LeVeque 1979).
    """
    if ratings.shape[1] <= _STRETCH:
        return torch.stack([row.var() for row in ratings])  # row by row: bits alone = batch
    count, mean, squares = 0, ratings.new_zeros(len(ratings)), ratings.new_zeros(len(ratings))
    for part in mapped_pages.parts(_STRETCH, ratings):
        more = part.stop - part.start
        found = [torch.var_mean(row, correction=0) for row in ratings[:, part]]
        variance, center = (torch.stack(values) for values in zip(*found, strict=True))
        change = center - mean
        squares += more * variance + change.square() * (count * more / (count + more))
        mean += change * (more / (count + more))
        count += more
    return squares / (count - 1)


def ridges(ratings: torch.Tensor) -> torch.Tensor:
    """Penalties of a first least-squares fit to ratings [B, n], of the order of the noise variance
    over n, the signal's taken in: [B]; small ones where all ratings are equal.
    """
    variance, square = variances(ratings), largest(ratings).square()
    equal = variance <= equal_ratings.SPREAD**2 * square
    return torch.where(equal, _smallest(ratings), variance / ratings.shape[1])


def ridges_after(ratings: torch.Tensor, error: torch.Tensor, parameters: int) -> torch.Tensor:
    """Penalties of a fit to ratings [B, n] after one that left mean squared errors [B]: [B].

    The noise variance over n, estimated as error · n / (n − parameters); as `ridges` where
    parameters are more than half of the ratings, and the errors say little.
    """
    n = ratings.shape[1]
    if 2 * parameters > n:
        return ridges(ratings)
    return torch.maximum(error / (n - parameters), _smallest(ratings))


def _smallest(ratings: torch.Tensor) -> torch.Tensor:
    """Penalties that only keep equations solvable, [B]."""
    square = largest(ratings).square()
    return torch.where(square > 0, equal_ratings.PENALTY * square, 1.0)
