"""Planted curves: the fitter passes them, and a broken fitter does not."""

import pytest
from pandas.testing import assert_frame_equal

from frozen import DECISIONS
from twotower.rates import planted
from twotower.rates.planted import FitterError, check, coverage, planted_table
from twotower.rates.summary import Summary
from twotower.rates.verdicts import Verdict


@pytest.fixture(scope="module")
def table():
    return planted_table(DECISIONS)


def test_every_planted_curve_passes(table):
    check(table)
    assert table["passed"].all()


def test_the_planted_curves_call_for_every_verdict(table):
    assert set(table["expected"]) == {str(verdict) for verdict in Verdict}


def test_the_violation_is_called_slower(table):
    row = table.set_index("case").loc["violation"]
    assert row["verdict"] == "slower"
    assert row["slope_low"] <= row["true_slope"] <= row["slope_high"]


def test_the_table_is_the_same_on_every_run(table):
    assert_frame_equal(table, planted_table(DECISIONS), check_exact=True)


def test_check_names_the_case_that_failed(table):
    spoiled = table.assign(passed=table["case"] != "floor-contaminated")
    with pytest.raises(FitterError, match="planted curve 'floor-contaminated' failed: slope -0"):
        check(spoiled)


def test_a_biased_fitter_is_caught(monkeypatch):
    """The guard itself: 0.15 added to every fitted slope must not pass."""
    fit = planted.summarize

    def biased(risks, decisions):
        table = fit(risks, decisions).rates
        columns = ["slope", "slope_low", "slope_high", "slope_log2"]
        table[columns] = table[columns] + 0.15
        return Summary(table, table)

    monkeypatch.setattr(planted, "summarize", biased)
    with pytest.raises(FitterError, match="exact power law"):
        check(planted_table(DECISIONS))


def test_intervals_cover():
    found = coverage(0.95, draws=500, targets=12, seed=1)
    assert set(found) == {"slope", "whole", "upper", "flattening"}
    assert all(0.91 <= share <= 0.99 for share in found.values()), found


def test_the_coverage_study_tells_a_narrow_interval():
    assert max(coverage(0.8, draws=150, targets=12, seed=1).values()) < 0.91
