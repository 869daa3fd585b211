"""The joint regressor: brute force, and the rate of the sum of dimensions."""

import numpy as np

from twotower.methods import joint


def test_predictions_are_means_over_the_nearest():
    rng = np.random.default_rng(0)
    pairs, ratings, fresh = rng.random((300, 3)), rng.standard_normal(300), rng.random((20, 3))
    found = joint.predictions(pairs, ratings, 7, fresh)
    distance = np.linalg.norm(fresh[:, None] - pairs[None], axis=2)
    nearest = np.argsort(distance, axis=1)[:, :7]
    np.testing.assert_allclose(found, ratings[nearest].mean(axis=1))


def test_the_number_of_neighbours_follows_the_noise():
    rng = np.random.default_rng(0)
    pairs = rng.random((2000, 2))
    smooth = np.sin(6 * pairs[:, 0]) * pairs[:, 1]
    noisy = smooth + 3 * rng.standard_normal(2000)
    assert joint.chosen_neighbours(pairs, smooth, 512) <= 16
    assert joint.chosen_neighbours(pairs, noisy, 512) >= 64
    assert joint.chosen_neighbours(pairs, noisy, 8) == 8


def test_the_rate_is_that_of_the_joined_dimensions():
    """A Lipschitz function of 2 + 2 coordinates: n^(−2/(2 + 4)) at best."""
    rng = np.random.default_rng(1)
    fresh = rng.random((2000, 4))

    def truth(x):
        return np.abs(x - 0.5).sum(axis=1) * 4

    sizes, risks = [1000, 4000, 16_000], []
    for n in sizes:
        pairs = rng.random((n, 4))
        ratings = truth(pairs) + rng.standard_normal(n)
        count = joint.chosen_neighbours(pairs, ratings, 256)
        risks.append(
            np.square(joint.predictions(pairs, ratings, count, fresh) - truth(fresh)).mean()
        )
    slope = np.polyfit(np.log(sizes), np.log(risks), 1)[0]
    assert -0.55 < slope < -0.25
