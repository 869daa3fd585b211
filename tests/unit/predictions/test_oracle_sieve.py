"""The oracle sieve against sums over all frequencies and all pairs of cut-offs, one by one."""

import math

import numpy as np
import pytest

from cells import data_spec
from twotower.data.targets import draw_target
from twotower.methods.reference import cutoffs
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets import least_squares
from twotower.predictions.targets.oracle_sieve import oracle_sieve

PLAIN = RatingLaw(1.0, 1.0)
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
            strengths = np.sort(np.linalg.eigvals(user @ item).real)[::-1]
            lost = 1.0 - strengths.sum()
            risk = least_squares.risk(n, lost, strengths, noise_variance, m, k)
            best = np.nanmin([best, risk])
    return best


@pytest.mark.parametrize(("dims", "smoothness"), [((1, 1), 1.0), ((2, 2), 2.0), ((1, 2), 1.0)])
def test_risks_are_the_smallest_over_cut_offs(dims, smoothness):
    spec = data_spec(*dims, smoothness=smoothness)
    target = draw_target(1, spec, 0)
    due = oracle_sieve(target, SIZES, RatingLaw(1.0, 0.25))
    assert due.risk == pytest.approx([brute_force(target, n, 0.25) for n in SIZES], rel=1e-9)
    assert (np.diff(due.risk) < 0).all() and (np.diff(due.functions) >= 0).all()


def test_nothing_is_lost_beyond_the_last_frequency():
    """A trigonometric polynomial is one of 5 functions a tower: an ordinary regression is left."""
    target = draw_target(1, data_spec(smoothness="inf"), 0)
    due = oracle_sieve(target, [4096, 65536], PLAIN)
    assert due.lost.tolist() == [0.0, 0.0] and due.functions.tolist() == [5, 5]
    assert due.risk == pytest.approx([16 / (4096 - 17), 16 / (65536 - 17)], rel=0.02)


def test_too_few_ratings_for_any_cut_off_have_no_risk():
    target = draw_target(1, data_spec(4), 0)  # at least 9 functions a tower, 32 parameters
    assert np.isnan(oracle_sieve(target, [32, 33], PLAIN).risk).all()
    assert np.isfinite(oracle_sieve(target, [128], PLAIN).risk).all()
