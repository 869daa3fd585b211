"""What ratings in stars tell, against ratings that were drawn."""

import numpy as np
import pytest

from cells import data_spec
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.predictions.rating_law import RatingLaw, rating_law, star_moments


def test_ratings_that_are_not_bent_are_what_they_are():
    spec = data_spec(noise_sd=0.3, noise="student")
    assert rating_law(1, spec, draw_target(1, spec, 0), 0) == RatingLaw(1.0, 0.3**2)


@pytest.mark.parametrize("noise", ["normal", "student"])
@pytest.mark.parametrize("noise_sd", [0.5, 2.0])
def test_moments_of_stars_are_those_of_drawn_stars(noise, noise_sd):
    spec = data_spec(noise=noise, noise_sd=noise_sd, rating_scale="stars")
    signal = np.array([-2.2, -0.4, 0.0, 1.1])
    drawn = ratings.noise(1, spec, 0)(np.repeat(signal, 100_000)).reshape(4, -1)
    for found, due in zip(star_moments(signal, noise_sd, noise), (drawn, drawn**2), strict=True):
        assert found == pytest.approx(due.mean(axis=1), abs=0.015)


def test_stars_without_noise_are_rounded():
    mean, square = star_moments(np.array([-9.0, -0.6, 0.4, 1.7]), 0.0, "normal")
    assert mean.tolist() == [-2.0, -1.0, 0.0, 2.0] and square.tolist() == [4.0, 1.0, 0.0, 4.0]


def test_the_law_is_the_regression_of_ratings_on_the_truth():
    spec = data_spec(rating_scale="stars")
    target = draw_target(1, spec, 0)
    law = rating_law(1, spec, target, 0)
    pairs = ratings.draw_training(1, spec, {0: target}, 100_000)
    signal, rated = pairs["signal"][0], pairs["ratings"][0]
    slope = (signal * rated).sum() / (signal**2).sum()
    assert law.slope == pytest.approx(slope, abs=0.02) and 0.6 < slope < 0.95
    assert law.noise_variance == pytest.approx(np.square(rated - slope * signal).mean(), rel=0.03)
