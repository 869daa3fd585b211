"""The falsifiability map against the rule of thumb d > 7β."""

import pytest

from frozen import DECISIONS
from twotower.analyses.falsifiability import falsifiability


@pytest.fixture(scope="module")
def table():
    return falsifiability(DECISIONS)


def entry(table, smoothness, dim, n_max):
    found = table[(table["smoothness"] == smoothness) & (table["intrinsic_dim"] == dim)]
    return found[(found["n_min"] == 1024) & (found["n_max"] == n_max)].iloc[0]


def test_the_logarithms_flatten_by_a_fifth(table):
    assert entry(table, 1.0, 1, 2**17)["log_allowance"] == pytest.approx(0.21, abs=0.01)


def test_beyond_about_seven_times_the_smoothness_nothing_can_fail(table):
    """Without δ the limit is d = 7β; δ = 0.05 moves it to between 5β and 6β."""
    assert entry(table, 1.0, 5, 2**17)["falsifiable"]
    assert not entry(table, 1.0, 6, 2**17)["falsifiable"]
    assert not entry(table, 0.25, 2, 2**17)["falsifiable"]
    window = table[(table["smoothness"] == 1.0) & (table["n_max"] == 2**17)]
    free = -window["bound_slope"] > window["log_allowance"]
    assert free[window["intrinsic_dim"] <= 6].all()
    assert not free[window["intrinsic_dim"] >= 10].any()


def test_larger_sizes_allow_more(table):
    assert entry(table, 1.0, 6, 2**20)["margin"] > entry(table, 1.0, 6, 2**17)["margin"]


def test_reach_is_the_finite_n_prediction_below_a_quarter(table):
    assert entry(table, 1.0, 1, 2**17)["in_reach"]
    assert not entry(table, 0.25, 3, 2**17)["in_reach"]
    assert not table.loc[table["intrinsic_dim"] > 4, "in_reach"].any()
