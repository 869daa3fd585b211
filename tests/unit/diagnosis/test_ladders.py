"""Ladders against closed forms: errors of n/(n − ν), and floors that a power falls to."""

import numpy as np
import pytest

from twotower.diagnosis import ladders


@pytest.mark.parametrize("weights", [0, 10, 300])
def test_half_and_all_ratings_tell_what_unlimited_ones_leave(weights):
    n, floor = 1000, 0.7
    half, whole = (floor * size / (size - weights) for size in (n / 2, n))
    assert ladders.unlimited(np.array([half]), np.array([whole])) == pytest.approx(floor)


def test_noise_takes_no_more_than_a_third_off():
    """Half as many ratings had a smaller error by chance, or a boundless one."""
    whole = np.array([1.0, 1.0])
    found = ladders.unlimited(np.array([0.5, np.inf]), whole)
    assert (found <= 1.5).all() and (found >= 0.5).all()


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 4.0])
def test_a_power_is_carried_on_to_its_floor(exponent):
    sizes = np.array([2.0, 8.0, 16.0, 32.0, 64.0])
    floor, gap = 0.4, 0.2 * 16.0**exponent
    values = floor + gap * sizes**-exponent
    spread = 1e-3 + ladders.BENT * (values - values.min())
    found, end = ladders.gap(sizes, values[None], spread, 16.0, np.array([1.5]))
    assert found == pytest.approx(0.2, rel=0.15)
    assert end == pytest.approx(floor, abs=0.03)


def test_a_flat_or_rising_ladder_has_no_gap():
    sizes, usual = np.array([2.0, 4.0, 8.0]), np.array([1.5, 1.5])
    values = np.array([[1.0, 1.0, 1.0], [1.0, 1.1, 1.2]])
    found, end = ladders.gap(sizes, values, np.ones(3), 4.0, usual)
    assert found.tolist() == [0.0, 0.0]
    assert end == pytest.approx([1.0, 1.1])


def test_one_rung_is_its_own_end():
    found, end = ladders.gap(np.array([4.0]), np.array([[0.3]]), np.ones(1), 4.0, np.ones(1))
    assert (found[0], end[0]) == (0.0, 0.3)
