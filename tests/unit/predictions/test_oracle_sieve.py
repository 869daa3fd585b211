"""The oracle sieve against sums over all frequencies and all pairs of cut-offs, one by one."""

import math

import numpy as np
import pytest

from cells import data_spec
from twotower.data.targets import draw_target
from twotower.methods.reference import cutoffs
from twotower.predictions import least_squares
from twotower.predictions.oracle_sieve import oracle_sieve

SIZES = [64, 512, 4096, 65536]


def kept(embedding, cutoff):
    """Second moment of a tower cut at a frequency, and its number of functions."""
    inside = np.sqrt((embedding.frequencies**2).sum(axis=1)) <= cutoff
    coefficients = embedding.coefficients[:, inside]
    return 2 * (coefficients @ coefficients.conj().T).real, 1 + 2 * int(inside.sum())


def brute_force(target, n, noise_variance):
    tried = cutoffs(int(max(np.abs(e.frequencies).max() for e in (target.user, target.item))))
    equal = target.user.frequencies.shape == target.item.frequencies.shape
    best = math.inf
    for one in tried:
        for other in [one] if equal else tried:
            (user, m), (item, k) = kept(target.user, one), kept(target.item, other)
            lost, parameters = 1.0 - np.trace(user @ item), 2 * (m + k) - 4
            if n > parameters + 1:
                risk = lost + (noise_variance + lost) * parameters / (n - parameters - 1)
                best = min(best, risk)
    return best


@pytest.mark.parametrize(("dims", "smoothness"), [((1, 1), 1.0), ((2, 2), 2.0), ((1, 2), 1.0)])
def test_risks_are_the_smallest_over_cut_offs(dims, smoothness):
    spec = data_spec(*dims, smoothness=smoothness)
    target = draw_target(1, spec, 0)
    due = oracle_sieve(target, SIZES, 0.25)
    assert due.risk == pytest.approx([brute_force(target, n, 0.25) for n in SIZES], rel=1e-9)
    assert (np.diff(due.risk) < 0).all() and (np.diff(due.functions) >= 0).all()


def test_nothing_is_lost_beyond_the_last_frequency():
    """A trigonometric polynomial is one of 5 functions a tower: an ordinary regression is left."""
    target = draw_target(1, data_spec(smoothness="inf"), 0)
    due = oracle_sieve(target, [4096, 65536], 1.0)
    assert due.lost.tolist() == [0.0, 0.0] and due.functions.tolist() == [5, 5]
    assert due.risk == pytest.approx([16 / (4096 - 17), 16 / (65536 - 17)], rel=1e-12)


def test_too_few_ratings_for_any_cut_off_have_no_risk():
    target = draw_target(1, data_spec(4), 0)  # 9 functions a tower, 32 parameters
    assert np.isnan(oracle_sieve(target, [32, 33], 1.0).risk).all()
    assert np.isfinite(oracle_sieve(target, [34], 1.0).risk).all()


def test_least_squares_is_the_fixed_point_of_both_towers():
    """R_j = A_j + m (σ² + R_other + A_j)/(n − m), summed, with 2m parameters in place of 2m + 1."""
    a, m, n, noise = (0.02, 0.05), 30.0, 1000.0, 0.5
    r = list(a)
    for _ in range(500):
        r = [a[j] + m * (noise + r[1 - j] + a[j]) / (n - m) for j in (0, 1)]
    assert least_squares.risk(n + 1, sum(a), noise, 2 * m) == pytest.approx(sum(r), rel=1e-12)
