"""The back-test of the planner against its own counts."""

import numpy as np
import pandas as pd
import pytest

from study_draws import cell_risks
from twotower.forecast import backtest, backtest_curves


def test_the_back_test_counts_what_it_says():
    cases = list(backtest_curves.synthetic(1))
    assert len({case.kind for case in cases}) == len(cases) == 14
    first = cases[0]
    low, high = np.array(backtest_curves.ASKED) * first.pilot.n[-1]
    assert low <= first.true <= high and len(first.pilot.n) == backtest_curves.PILOT_SIZES
    judged = pd.DataFrame(
        {"kind": "k", "curve": ["a", "a", "b", "c"], "true": [10.0, 20, 10, 10]}
        | {"refused": ["", "", "", "out of reach"], "low": [5, 30, 5, np.nan]}
        | {"middle": [10, 40, 20, np.nan], "high": [20, 60, np.inf, np.nan]}
        | {"line_low": 11.0, "line_high": 25.0}
    )
    row = backtest.summary(judged).iloc[0]
    assert (row["curves"], row["questions"]) == (3, 4)
    assert row["covered"] == pytest.approx(2 / 3) and row["fewer needed"] == pytest.approx(1 / 3)
    assert row["open"] == pytest.approx(1 / 3) and row["out of reach"] == 0.25
    assert row["line covered"] == 0.25


def test_measured_curves_are_cut_at_the_middle():
    cases = list(backtest.measured([cell_risks(), cell_risks()]))
    assert len(cases) == 2 * 3 * 2 and {case.pilot.n[-1] for case in cases} == {8192}
    assert [case.true for case in cases[:3]] == [16384, 32768, 65536]
    assert all(case.pilot.carried_on for case in cases)


def test_intervals_hold_for_curves_that_steepen_as_for_those_that_flatten():
    """Two standard errors of 20 answers about 70 to 90%. `make backtest` has tighter figures."""
    for way in ("steepening", "flattening"):
        kinds = (way, f"{way}, floor fitted")
        judged = backtest.judge(backtest_curves.synthetic(12, seed=7, kinds=kinds)).assign(kind=way)
        row = backtest.summary(judged).iloc[0]
        assert row["curves"] == 12 * len(kinds)
        assert row["fails its check"] + row["out of reach"] < 0.25
        assert 0.55 <= row["covered"] <= 1.0
