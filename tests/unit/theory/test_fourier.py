"""Fast Fourier sums against the sums written out."""

import numpy as np
import pytest

from twotower.theory import spectrum
from twotower.theory.fourier import Moments, half_space, synthesize

CASES = [(1, 1), (1, 40), (1, 1000), (2, 7), (3, 4)]  # dimension, cut-off


def phases(points, waves):
    return np.exp(2j * np.pi * points @ waves.T)


@pytest.mark.parametrize(("dim", "cutoff"), CASES)
def test_half_space_holds_one_of_each_pair(dim, cutoff):
    waves = spectrum.frequencies(dim, cutoff)
    kept = half_space(waves)
    both = np.concatenate([waves[kept], -waves[kept]])
    assert 2 * kept.sum() == len(waves)
    assert {tuple(k) for k in both.tolist()} == {tuple(k) for k in waves.tolist()}


@pytest.mark.parametrize(("dim", "cutoff"), CASES)
@pytest.mark.parametrize("n", [1, 2500])  # one point, and more than one chunk
def test_synthesize_is_the_series(dim, cutoff, n):
    rng = np.random.default_rng(dim)
    waves = spectrum.frequencies(dim, cutoff)
    waves = waves[half_space(waves)]
    coefficients = rng.standard_normal((3, len(waves), 2)) @ [1.0, 1.0j]
    points = 3.0 * rng.random((n, dim)) - 1.0  # beyond one period, on both sides of 0
    direct = 2.0 * (phases(points, waves) @ coefficients.T).real
    found = synthesize(points, waves, coefficients)
    assert found.shape == (n, 3)
    np.testing.assert_allclose(found, direct, rtol=0, atol=1e-12 * np.abs(coefficients).sum())


@pytest.mark.parametrize(("dim", "cutoff"), CASES)
def test_moments_are_the_sums_at_frequencies_of_any_sign(dim, cutoff):
    rng = np.random.default_rng(dim)
    points, weights = rng.random((2500, dim)), rng.standard_normal((2500, 2))
    waves = rng.integers(-cutoff, cutoff + 1, size=(5, 4, dim))
    waves[0, 0] = 0
    waves[0, 1], waves[0, 2] = cutoff, -cutoff
    direct = weights.T @ phases(points, -waves.reshape(-1, dim))
    found = Moments(points, weights, cutoff).at(waves)
    assert found.shape == (2, 5, 4)
    scale = np.abs(weights).sum()
    np.testing.assert_allclose(found.reshape(2, -1), direct, rtol=0, atol=1e-12 * scale)


def test_values_and_moments_invert_each_other_on_a_regular_grid():
    waves = spectrum.frequencies(2, 3)
    waves = waves[half_space(waves)]
    coefficients = np.random.default_rng(0).standard_normal((1, len(waves), 2)) @ [1.0, 1.0j]
    axis = np.arange(8) / 8
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    values = synthesize(grid, waves, coefficients)
    np.testing.assert_allclose(Moments(grid, values, 3).at(waves) / 64, coefficients, atol=1e-13)
