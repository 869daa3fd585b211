"""What ratings tell of R*, whose means may be bent: rounded and clipped to stars.

A fit of few components follows a multiple a·R* of the truth where the ratings' mean is g(R*): the
rest g(R*) − a R* acts as noise beside that of the ratings about their mean.
"""

from dataclasses import dataclass

import numpy as np

from twotower.data.ratings import MEAN_STARS, STARS, STUDENT_DEGREES, draw_pairs
from twotower.data.targets import Target
from twotower.predictions.sizes import RATING_PAIRS


@dataclass(frozen=True)
class RatingLaw:
    """The ratings of one target.

    Attributes:
        slope: a, E[r R*] over E R*².
        noise_variance: E (r − a R*)².
    """

    slope: float
    noise_variance: float


def rating_law(seed: int, data: dict, target: Target, replicate: int) -> RatingLaw:
    """Exact for ratings that are not bent; else a mean over drawn pairs.

    Args:
        seed: the study's.
        data: the cell's data settings (`Cell.data_spec`).
        target: of this replicate.
    """
    noise_sd = float(data["noise_sd"])
    if data.get("rating_scale", "exact") == "exact":
        return RatingLaw(1.0, noise_sd**2)
    signal = draw_pairs(seed, data, target, replicate, RATING_PAIRS, "rating_law")["signal"]
    mean, square = star_moments(signal, noise_sd, data.get("noise", "normal"))
    slope = (signal * mean).sum() / (signal**2).sum()
    return RatingLaw(float(slope), float((square - slope * signal * mean).mean()))


def star_moments(signal: np.ndarray, noise_sd: float, noise: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean square of ratings in stars, less the middle, at signals [n]: [n] each.

    Each star is passed where signal and noise exceed a threshold.
    """
    from scipy.special import ndtr, stdtr

    stars = np.arange(STARS[0], STARS[1] + 1) - float(MEAN_STARS)
    past = (signal[:, None] - (stars[:-1] + 0.5)) / max(noise_sd, 1e-300)
    if noise == "student":
        scale = np.sqrt(STUDENT_DEGREES / (STUDENT_DEGREES - 2.0))
        chances = stdtr(STUDENT_DEGREES, past * scale)
    else:
        chances = ndtr(past)
    mean = stars[0] + chances @ np.diff(stars)
    return mean, stars[0] ** 2 + chances @ np.diff(stars**2)
