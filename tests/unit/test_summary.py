"""Tables of a study: every row there, nothing hidden, each cell for itself."""

import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from risk_draws import TARGETS, N, random_risks
from twotower.rates import (
    student_quantile,
)
from twotower.summary import CURVE_COLUMNS, RATE_COLUMNS, curve_table, rate_table
from twotower.theory import Theory, finite_n_risk, log_factor_slope


def risks_frame(cell="aaaaaaaaaa", arms=("erm", "adam"), slope=-0.5, **changes):
    """A cell with d = 2, β = 1: its reference follows the finite-n prediction."""
    theory = Theory(1.0, 2, 2)
    predicted = np.array([finite_n_risk(n, theory, 2, 1.0) for n in N])
    rows = []
    for position, arm in enumerate([*arms, "reference"]):
        scale = random_risks(position) / (0.2 * (N / N[0]) ** -0.5)
        if arm != "reference":
            scale = scale * (N / N[-1]) ** (slope + 0.5)
        starts = ["used"] if arm == "reference" else ["used", "doubled", "oracle"]
        for start in starts:
            for size, n in enumerate(N):
                if start != "used" and n != 8192:
                    continue
                for replicate in range(TARGETS):
                    risk = predicted[size] * scale[replicate, size]
                    risk *= {"used": 1.0, "doubled": 0.9, "oracle": 0.95}[start]
                    rows.append((arm, start, n, replicate, risk, 0.01 * risk))
    frame = pd.DataFrame(
        rows, columns=["arm", "start", "n_ratings", "replicate", "risk", "risk_se"]
    )
    settings = {
        "experiment": "dimension",
        "cell": cell,
        "smoothness": 1.0,
        "user_intrinsic_dim": 2,
        "item_intrinsic_dim": 2,
        "ambient_dim": 2,
        "depth": 1,
        "rank": 2,
        "noise_sd": 1.0,
        "width": 32,
    }
    return frame.assign(**(settings | changes))


def test_rate_table_has_a_row_per_cell_and_arm_in_order():
    risks = pd.concat([risks_frame("bbbbbbbbbb"), risks_frame("aaaaaaaaaa")])
    rates = rate_table(risks.iloc[::-1])
    assert list(rates.columns) == RATE_COLUMNS
    assert rates["cell"].tolist() == ["aaaaaaaaaa"] * 3 + ["bbbbbbbbbb"] * 3
    assert rates["arm"].tolist() == ["erm", "adam", "reference"] * 2


def test_rate_table_holds_what_was_planted():
    rates = rate_table(risks_frame()).set_index("arm")
    erm, reference = rates.loc["erm"], rates.loc["reference"]
    assert erm["bound_slope"] == -0.5
    assert erm["predicted_slope"] == pytest.approx(-0.51, abs=0.02)
    assert erm["reference_slope"] == reference["slope"] == reference["reference_slope"]
    assert erm["optimization_error"] == pytest.approx(0.1)
    assert math.isnan(reference["optimization_error"])
    assert reference["risk_ratio"] == 1
    assert erm["verdict"] == "consistent with the rate"
    assert reference["verdict"] == "certified"
    assert erm["n_max"] == 65536
    window = N[erm["n_min"] <= N]
    assert erm["log_allowance"] == pytest.approx(log_factor_slope(window, 2), abs=0.02)
    assert erm["slope"] - erm["slope_log2"] == pytest.approx(erm["log_allowance"])


def test_a_cell_does_not_depend_on_the_study_around_it():
    alone = risks_frame("bbbbbbbbbb")
    both = rate_table(pd.concat([risks_frame("aaaaaaaaaa", slope=-0.4), alone]))
    assert_frame_equal(rate_table(alone), both.iloc[3:].reset_index(drop=True), check_exact=True)


def test_a_diverged_arm_is_reported_and_the_others_stand():
    risks = risks_frame()
    last = (risks["arm"] == "adam") & (risks["n_ratings"] == N[-1])
    risks.loc[last & (risks["replicate"] == 0), "risk"] = math.nan
    rates = rate_table(risks).set_index("arm")
    assert rates.loc["adam", "verdict"] == "inconclusive"
    assert rates.loc["adam", "reason"] == (
        "risk of arm adam is not finite and positive at n_ratings = 65536"
    )
    assert math.isnan(rates.loc["adam", "slope"])
    assert rates["slope"].dtype == float
    assert_frame_equal(
        rates.loc[["erm", "reference"]], rate_table(risks_frame()).set_index("arm").iloc[[0, 2]]
    )
    curve = curve_table(risks)
    assert curve.loc[curve["arm"] == "adam", "fitted_risk"].isna().all()


def test_a_cell_without_valid_window_is_inconclusive():
    risks = risks_frame()
    rates = rate_table(risks[risks["n_ratings"] >= 8192])
    assert set(rates["verdict"]) == {"inconclusive"}
    assert rates["reason"].str.startswith("window: ").all()
    assert rates["slope"].notna().all()


def test_a_tiny_study_is_reported():
    risks = risks_frame()
    tiny = risks[risks["n_ratings"].isin([4096, 8192]) & (risks["replicate"] == 0)]
    rates = rate_table(tiny)
    assert set(rates["verdict"]) == {"inconclusive"}
    assert rates["slope"].notna().all()
    one = rate_table(tiny[tiny["n_ratings"] == 8192])
    assert one["reason"].eq("a rate needs at least two sizes").all()
    assert len(curve_table(tiny)) == 6


def test_unmeasured_optimization_error_is_inconclusive():
    risks = risks_frame()
    rates = rate_table(risks[risks["start"] != "oracle"]).set_index("arm")
    assert rates.loc["erm", "verdict"] == "inconclusive"
    assert "not measured" in rates.loc["erm", "reason"]


def test_optimization_error_compares_the_same_replicates():
    risks = risks_frame()
    few = risks[(risks["start"] == "used") | (risks["replicate"] < 3)]
    assert rate_table(few)["optimization_error"].iloc[0] == pytest.approx(0.1)


def test_a_cell_needs_its_reference():
    risks = risks_frame()
    with pytest.raises(ValueError, match="cell aaaaaaaaaa has no reference"):
        rate_table(risks[risks["arm"] != "reference"])


def test_missing_replicates_are_named():
    risks = risks_frame()
    hole = (risks["arm"] == "erm") & (risks["n_ratings"] == 1024) & (risks["replicate"] == 5)
    message = "arm erm: 12 replicates were run, but n_ratings = 1024 has only 11"
    with pytest.raises(ValueError, match=message):
        rate_table(risks[~hole])


def test_curve_table_describes_each_point():
    risks = risks_frame()
    curves = curve_table(risks)
    assert list(curves.columns) == CURVE_COLUMNS
    assert len(curves) == 3 * N.size
    point = curves[(curves["arm"] == "erm") & (curves["n_ratings"] == 8192)].iloc[0]
    used = (risks["arm"] == "erm") & (risks["start"] == "used") & (risks["n_ratings"] == 8192)
    sample = risks.loc[used, "risk"]
    assert point["mean_risk"] == pytest.approx(sample.mean())
    assert point["median_risk"] == pytest.approx(sample.median())
    half = student_quantile(TARGETS) * sample.std() / sample.mean() / math.sqrt(TARGETS)
    assert point["risk_low"] == pytest.approx(sample.mean() * math.exp(-half))
    assert point["risk_high"] == pytest.approx(sample.mean() * math.exp(half))
    assert point["predicted_risk"] == finite_n_risk(8192, Theory(1.0, 2, 2), 2, 1.0)
    n_min = rate_table(risks)["n_min"].iloc[0]
    assert (curves["in_window"] == (curves["n_ratings"] >= n_min)).all()
    assert (curves["fitted_risk"].notna() == curves["in_window"]).all()
