"""Tables of a study: every row there, nothing hidden, each cell for itself."""

import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from frozen import DECISIONS
from risk_draws import TARGETS, N, risks_frame
from twotower.rates.intervals import student_quantile
from twotower.rates.summary import CURVE_COLUMNS, RATE_COLUMNS, summarize
from twotower.theory.bound import log_factor_slope


def rate_table(risks):
    return summarize(risks, DECISIONS).rates


def curve_table(risks):
    return summarize(risks, DECISIONS).curves


CELL_COLUMNS = list(risks_frame().loc[:, :"width_constant"].columns)


def test_rate_table_has_a_row_per_cell_and_arm_in_order():
    risks = pd.concat([risks_frame("bbbbbbbbbb"), risks_frame("aaaaaaaaaa")])
    rates = rate_table(risks.iloc[::-1])
    assert list(rates.columns) == [*CELL_COLUMNS, *RATE_COLUMNS]
    assert rates["cell"].tolist() == ["aaaaaaaaaa"] * 3 + ["bbbbbbbbbb"] * 3
    assert rates["arm"].tolist() == ["erm", "adam", "reference"] * 2


def test_rate_table_holds_what_was_planted():
    rates = rate_table(risks_frame()).set_index("arm")
    erm, reference = rates.loc["erm"], rates.loc["reference"]
    assert erm["bound_slope"] == -0.5
    assert erm["predicted_slope"] == pytest.approx(-0.51, abs=0.02)
    assert erm["judged_against"] == reference["judged_against"] == "own"
    assert erm["level"] == pytest.approx(1, abs=0.05)
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


def test_differences_are_paired_by_target():
    """A prediction that knows each target leaves none of their spread."""
    risks = risks_frame(slope=-0.45)
    known = rate_table(risks).set_index("arm").loc["erm"]
    law = risks.groupby(["arm", "n_ratings"])["predicted_risk"].transform("mean")
    blind = rate_table(risks.assign(predicted_risk=law)).set_index("arm").loc["erm"]
    assert known["difference"] == pytest.approx(0.05, abs=0.01)
    for end in ("", "_low", "_high"):  # levels cancel in slopes, but not in the level itself
        assert known[f"difference{end}"] == pytest.approx(blind[f"difference{end}"], abs=0.01)
    widths = [np.log(row["level_high"] / row["level_low"]) for row in (known, blind)]
    assert widths[0] < widths[1] / 3


def test_where_an_arm_has_no_prediction_another_judges():
    risks = risks_frame()
    risks.loc[risks["arm"] == "adam", "predicted_risk"] = math.nan
    judges = rate_table(risks).set_index("arm")["judged_against"]
    assert judges.to_dict() == {"erm": "own", "adam": "oracle sieve", "reference": "own"}
    risks["predicted_risk"] = math.nan
    assert set(rate_table(risks)["judged_against"]) == {"closed form"}


def test_a_prediction_that_lacks_small_samples_still_judges():
    """Where weights outnumber ratings nothing is predicted."""
    risks = risks_frame()
    risks.loc[(risks["arm"] == "erm") & (risks["n_ratings"] == N[0]), "predicted_risk"] = math.nan
    whole, lacking = (rate_table(each).set_index("arm") for each in (risks_frame(), risks))
    assert lacking.loc["erm", "judged_against"] == "own"
    assert lacking.loc["erm", "upper_difference"] == whole.loc["erm", "upper_difference"]
    inside = risks["n_ratings"] == N[-2]
    risks.loc[(risks["arm"] == "erm") & inside, "predicted_risk"] = math.nan
    assert rate_table(risks).set_index("arm").loc["erm", "verdict"] == "inconclusive"


def test_without_a_reference_the_prediction_sets_the_window():
    risks = risks_frame()
    both = summarize(risks[risks["arm"] != "reference"], DECISIONS)
    erm = both.rates.set_index("arm").loc["erm"]
    assert math.isnan(erm["reference_slope"]) and math.isnan(erm["risk_ratio"])
    assert erm["verdict"] == "consistent with the rate"
    used = risks[(risks["arm"] == "erm") & (risks["start"] == "used")]
    due = used.groupby("n_ratings")["predicted_risk"].mean()
    assert erm["n_min"] == due[due < 0.25].index[0]


def test_the_joint_arm_is_judged_against_the_sum_of_dimensions():
    joint = rate_table(risks_frame(arms=("erm", "joint"), slope=-1 / 3)).set_index("arm")
    row = joint.loc["joint"]
    assert row["bound_slope"] == pytest.approx(-1 / 3) == row["predicted_slope"]
    assert row["judged_against"] == "exponent"
    assert row["verdict"] == "consistent with the rate"
    assert math.isnan(row["optimization_error"])
    assert not row["confirmatory"]


def test_only_what_was_registered_is_confirmatory():
    assert rate_table(risks_frame())["confirmatory"].tolist() == [True, False, False]
    for change in [
        {"smoothness": 3.0},
        {"user_intrinsic_dim": 3},
        {"noise_sd": 0.3},
        {"embedding_dim": 1},
        {"sampling": "grid"},
        {"support": "dust"},
        {"schedule": "fixed"},
        {"schedule": "dense", "depth": 1},
    ]:
        assert not DECISIONS.confirmatory.holds(risks_frame(**change).iloc[0], "erm")


def test_a_slower_cell_outside_the_assumptions_says_so():
    """Embeddings with fewer components than the truth stop at a floor."""
    inside = rate_table(risks_frame(slope=0.0)).set_index("arm").loc["erm"]
    assert inside["verdict"] == "slower" and "assumptions" not in inside["reason"]
    risks = risks_frame(slope=0.0).assign(embedding_dim=1, lost_energy=0.02)
    outside = rate_table(risks[risks["arm"] != "reference"]).set_index("arm").loc["erm"]
    assert outside["asymptotic_slope"] == 0
    assert outside["verdict"] == "slower" and "assumptions do not hold" in outside["reason"]


def test_every_row_names_the_decisions_it_was_judged_by():
    assert set(rate_table(risks_frame())["decisions"]) == {DECISIONS.label}


def test_missing_replicates_are_named():
    risks = risks_frame()
    hole = (risks["arm"] == "erm") & (risks["n_ratings"] == 1024) & (risks["replicate"] == 5)
    message = "arm erm: 12 replicates were run, but n_ratings = 1024 has only 11"
    with pytest.raises(ValueError, match=message):
        rate_table(risks[~hole])


def test_arms_at_other_sizes_are_named():
    risks = risks_frame()
    cut = (risks["arm"] == "adam") & (risks["n_ratings"] == N[-1])
    with pytest.raises(ValueError, match="arm erm was run at .* arm adam at"):
        rate_table(risks[~cut])
    few = (risks["arm"] == "reference") & (risks["replicate"] > 5)
    with pytest.raises(ValueError, match="arm erm has 12 replicates, arm reference has 6"):
        rate_table(risks[~few])


def test_a_reference_may_have_more_sizes():
    """It is fitted once for all cells on the same data."""
    risks = risks_frame()
    last = risks["n_ratings"] == N[-1]
    wide = risks[~last | (risks["arm"] == "reference")]
    assert_frame_equal(rate_table(wide), rate_table(risks[~last]))
    lacking = risks[~last | (risks["arm"] != "reference")]
    with pytest.raises(ValueError, match="arm reference at"):
        rate_table(lacking)


def test_curve_table_describes_each_point():
    risks = risks_frame()
    curves = curve_table(risks)
    assert list(curves.columns) == [*CELL_COLUMNS, *CURVE_COLUMNS]
    assert len(curves) == 3 * N.size
    point = curves[(curves["arm"] == "erm") & (curves["n_ratings"] == 8192)].iloc[0]
    used = (risks["arm"] == "erm") & (risks["start"] == "used") & (risks["n_ratings"] == 8192)
    sample = risks.loc[used, "risk"]
    assert point["mean_risk"] == pytest.approx(sample.mean())
    assert point["median_risk"] == pytest.approx(sample.median())
    half = student_quantile(TARGETS, 0.95) * sample.std() / sample.mean() / math.sqrt(TARGETS)
    assert point["risk_low"] == pytest.approx(sample.mean() * math.exp(-half))
    assert point["risk_high"] == pytest.approx(sample.mean() * math.exp(half))
    due = risks.loc[used, "predicted_risk"]
    assert point["predicted_risk"] == pytest.approx(due.mean())
    log_ratio = np.log(sample / due)
    assert point["ratio"] == pytest.approx(math.exp(log_ratio.mean()))
    assert point["ratio_sd"] == pytest.approx(log_ratio.std())
    n_min = rate_table(risks)["n_min"].iloc[0]
    assert (curves["in_window"] == (curves["n_ratings"] >= n_min)).all()
    assert (curves["fitted_risk"].notna() == curves["in_window"]).all()
    window = N[n_min <= N]
    assert (curves["upper_half"] == (curves["n_ratings"] >= window[window.size // 2])).all()
