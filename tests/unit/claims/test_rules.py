"""Rules of the ledger on rates whose answers are plain."""

import math

import pandas as pd
import pytest

from frozen import DECISIONS
from study_draws import rate_rows
from twotower.claims.findings import ClaimTables, Finding, trend, within
from twotower.claims.rules import RULES
from twotower.predictions import floors
from twotower.study.decisions import Answer

CLAIMS = {claim.rule: claim for claim in DECISIONS.claims}
HOLDS, FAILS, OPEN = Answer.HOLDS, Answer.FAILS, Answer.UNDECIDED


def find(rule, rates, **tables) -> Finding:
    claim = CLAIMS[rule]
    rates = rates.assign(experiment=";".join(claim.experiments) or "smoothness")
    return RULES[rule](ClaimTables(claim, {"rates": rates, **tables}, DECISIONS))


@pytest.mark.parametrize(
    ("low", "high", "answer"), [(-0.1, 0.1, HOLDS), (-0.11, 0.1, OPEN), (0.11, 0.2, FAILS)]
)
def test_equivalence(low, high, answer):
    assert within(low, high, 0.0, 0.1) == answer


@pytest.mark.parametrize(
    ("verdicts", "p_holm", "mean", "answer"),
    [
        (["consistent with the rate"] * 9 + ["faster"], 1, 0.0, HOLDS),
        (["consistent with the rate"] * 9 + ["inconclusive"], 1, 0.0, HOLDS),
        (["bound not contradicted, rate unresolved"] * 10, 1, 0.0, HOLDS),  # each alone is too few
        (["bound not contradicted, rate unresolved"] * 10, 1, 0.05, OPEN),
        (["consistent with the rate"] * 10, 1, 0.1, FAILS),
        (["consistent with the rate"] * 8 + ["inconclusive"] * 2, 1, 0.0, OPEN),
        (["consistent with the rate"] * 8 + ["flattens"] * 2, 1, 0.0, OPEN),
        (["consistent with the rate"] * 9 + ["slower"], 0.01, 0.0, FAILS),
        (["consistent with the rate"] * 9 + ["slower"], 0.06, 0.0, OPEN),
    ],
)
def test_estimation(verdicts, p_holm, mean, answer):
    rates = rate_rows(*[{"verdict": verdict} for verdict in verdicts], p_holm=p_holm)
    line = {"subset": "all", "term": "mean_difference", "estimate": mean}
    table = pd.DataFrame([line | {"low": mean - 0.03, "high": mean + 0.03}])
    assert find("estimation", rates, meta_regression=table).answer == answer
    exploratory = rates.assign(confirmatory=False)
    assert find("estimation", exploratory, meta_regression=table).answer == Answer.UNTESTED


@pytest.mark.parametrize(("slope", "answer"), [(-1.0, HOLDS), (-0.91, OPEN), (-0.8, FAILS)])
def test_the_limit_asks_for_the_parametric_slope(slope, answer):
    rates = rate_rows({"smoothness": math.inf, "slope": slope}, {"slope": -0.5})
    assert find("limit", rates).answer == answer
    assert find("limit", rates.iloc[1:]).answer == Answer.UNTESTED


@pytest.mark.parametrize(
    ("slopes", "answer"),
    [((-0.5, -0.67, -0.8), HOLDS), ((-0.5, -0.52, -0.8), OPEN), ((-0.5, -0.67, -0.6), FAILS)],
)
def test_smoothness(slopes, answer):
    due = (-0.5, -0.67, -0.8)
    rows = [
        {"smoothness": beta, "slope": slope, "predicted_slope": predicted}
        for beta, slope, predicted in zip((0.5, 1.0, 2.0), slopes, due, strict=True)
    ]
    finding = find("smoothness", rate_rows(*rows))
    assert finding.answer == answer
    # The claim has a direction, whatever is predicted; a pair without a prediction is told.
    against = rate_rows(*[row | {"predicted_slope": -1.3 - row["predicted_slope"]} for row in rows])
    assert find("smoothness", against).answer == answer
    rows.append({"smoothness": 1.5, "predicted_slope": math.nan})
    assert "left out: 3 pairs without" in find("smoothness", rate_rows(*rows)).detail
    assert finding.measured == pytest.approx(slopes[-1] - slopes[0])


def test_dust_stands_between_the_dimensions_and_near_ones_are_not_compared():
    rows = [
        {"user_intrinsic_dim": dim, "item_intrinsic_dim": dim, "ambient_dim": math.ceil(dim)}
        | {"slope": slope, "predicted_slope": slope}
        for dim, slope in ((1, -0.67), (1.26, -0.61), (1.58, -0.56), (2, -0.5))
    ]
    finding = find("intrinsic", rate_rows(*rows))
    assert finding.answer == HOLDS
    assert "3 of 3 pairs" in finding.result  # 1–1.58, 1–2 and 1.26–2 differ by 2δ or more


@pytest.mark.parametrize(
    ("slopes", "half", "answer"),
    [
        ((-0.66, -0.67, -0.65), 0.02, HOLDS),
        ((-0.66, -0.55, -0.50), 0.01, FAILS),
        ((-0.66, -0.60, -0.58), 0.03, OPEN),
        ((-0.66, -0.67, -0.65), 0.3, OPEN),  # an interval that wide decides nothing
    ],
)
def test_ambient(slopes, half, answer):
    rows = [
        {"ambient_dim": dim, "slope": slope, "slope_low": slope - half, "slope_high": slope + half}
        for dim, slope in zip((1, 10, 30), slopes, strict=True)
    ]
    assert find("ambient", rate_rows(*rows)).answer == answer
    assert find("ambient", rate_rows(*rows[:1])).answer == Answer.UNTESTED
    failed = rate_rows(*rows, {"ambient_dim": 20, "verdict": "inconclusive"})
    assert find("ambient", failed).detail == "left out: 1 cell"


def test_the_trend_is_common_to_groups_of_other_levels():
    """Levels −0.5 and −0.7 with a change of 0.1 a unit in both."""
    rows = rate_rows(*[{"slope": s} for s in (-0.5, -0.4, -0.7, -0.6, -0.5)])
    x, groups = pd.Series([0, 1, 0, 1, 2]), pd.Series(list("aabbb"))
    estimate, low, high = trend(rows, x, groups, 0.95)
    assert estimate == pytest.approx(0.1)
    # Cells' standard error is 0.02/2.2; Σ w x² of the centred x is 2.5 of them.
    assert high - low == pytest.approx(2 * 1.96 * 0.02 / 2.201 / math.sqrt(2.5), rel=1e-3)


def test_sampling_wants_fresh_pairs_consistent_and_the_rest_as_predicted():
    fresh = {"sampling": "fresh"}
    grid = {"sampling": "grid", "slope": -0.3, "predicted_slope": -0.33, "confirmatory": False}
    assert find("sampling", rate_rows(fresh, grid)).answer == HOLDS
    far = find("sampling", rate_rows(fresh, grid | {"predicted_slope": -0.5}))
    assert far.answer == FAILS and "grid" in far.detail
    slow = fresh | {"verdict": "slower"}
    assert find("sampling", rate_rows(slow, grid)).answer == FAILS


def test_an_uncertified_slope_decides_nothing():
    far = {"predicted_slope": -0.2, "noise_sd": 0.3}
    assert find("predicted", rate_rows({}, far)).answer == FAILS
    finding = find("predicted", rate_rows({}, far | {"verdict": "inconclusive"}))
    assert finding.answer == OPEN and finding.detail == "not decided: σ = 0.3"


def test_exceptions_are_named_by_what_tells_their_cells_apart():
    far = {"user_smoothness": 1.0, "item_smoothness": 3.0, "predicted_slope": -0.2}
    finding = find("predicted", rate_rows({}, far))
    assert finding.detail == "fails: (β_u = 1, β_i = 3)"


def test_what_could_not_be_measured_is_left_open():
    rows = rate_rows({"rank": 4, "embedding_dim": 2, "risk_at_n_max": math.nan}, {})
    assert find("embedding_dim", rows).answer == OPEN
    ratios = rows.assign(ratio=math.nan, ratio_low=math.nan, ratio_high=math.nan)
    assert (
        find("cold_start", rows, cold_start=ratios.assign(comparison="cold start")).answer == OPEN
    )
    near = rows.assign(ratio=1.0, ratio_low=0.9, ratio_high=1.1, upper_half=True)
    finding = find("levels", rows, levels=near.iloc[1:])
    assert finding.answer == OPEN and "1 without a ratio" in finding.detail
    unknown = near.assign(ratio=[math.nan, 1.0])
    assert find("levels", rows, levels=unknown).answer == OPEN


@pytest.mark.parametrize(
    ("slopes", "answer"),
    [((-0.66, -0.5, -0.4), HOLDS), ((-0.66, -0.35, -0.4), FAILS), ((-0.5, -0.45, -0.4), FAILS)],
)
def test_off_manifold(slopes, answer):
    rows = [
        {"off_manifold_noise": noise, "slope": slope, "predicted_slope": due}
        for noise, slope, due in zip((0.0, 0.3, 1.0), slopes, (-0.66, -0.5, -0.4), strict=True)
    ]
    # At the third case only the first end is off; the middle is not asked to meet a number.
    assert find("off_manifold", rate_rows(*rows)).answer == answer


def test_embedding_dim_below_the_truth_is_a_floor():
    rows = rate_rows({"rank": 4, "embedding_dim": 2, "verdict": "inconclusive"}, {})
    floor = floors.floor(rows.iloc[0].to_dict())
    assert 0 < floor < 1
    at_floor = rows.assign(risk_at_n_max=[1.2 * floor, 0.01])
    assert find("embedding_dim", at_floor).answer == HOLDS
    missed = find("embedding_dim", rows.assign(risk_at_n_max=[0.5 * floor, 0.01]))
    assert missed.answer == FAILS and "fitted p = 2" in missed.detail
    assert find("embedding_dim", rows.iloc[1:]).answer == OPEN


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, HOLDS),
        ({"risk_at_n_max": 0.5}, FAILS),
        ({"verdict": "consistent with the rate"}, FAILS),
    ],
)
def test_null_cells(change, answer):
    null = {"control": "permuted_ratings", "risk_at_n_max": 1.01, "verdict": "inconclusive"}
    assert find("null_cells", rate_rows(null, null | change)).answer == answer
    unknown = null | {"risk_at_n_max": math.nan}
    both = find("null_cells", rate_rows(null, null | change, unknown))
    assert both.answer == (FAILS if answer == FAILS else OPEN)


def test_extrapolation_and_cold_start_need_their_share():
    def shares(held):
        covered = [True] * held + [False] * (20 - held)
        columns = {"covered": covered, "line_covered": covered, "log_ratio": 0.1}
        return rate_rows(*[{}] * 20).assign(**columns, line_log_ratio=0.2)

    table = shares(18)
    assert find("extrapolation", table, extrapolation=table).answer == HOLDS
    assert find("extrapolation", table, extrapolation=shares(16)).answer == OPEN
    assert find("extrapolation", table, extrapolation=shares(12)).answer == FAILS
    ratios = table.assign(ratio=1.1, ratio_low=1.0, ratio_high=1.2, comparison="cold start")
    assert find("cold_start", table, cold_start=ratios).answer == HOLDS
    wide = ratios.assign(ratio_high=1.3)
    assert find("cold_start", table, cold_start=wide).answer == OPEN
    assert find("cold_start", table, cold_start=wide.assign(ratio_low=1.26)).answer == FAILS
    gap = ratios.assign(comparison="generalization gap", ratio=2.0)
    assert find("cold_start", table, cold_start=gap).answer == Answer.UNTESTED
    both = find("cold_start", table, cold_start=pd.concat([ratios, gap]))
    assert both.answer == HOLDS and both.measured == 1.1 and "2.00" in both.detail


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [((0.9, 1.2), HOLDS), ((0.9, 1.3), OPEN), ((0.7, 1.0), FAILS)],
)
def test_levels_are_judged_at_every_size_of_the_upper_half(ratios, answer):
    table = rate_rows({}, {}).assign(ratio=ratios, upper_half=True)
    table = table.assign(ratio_low=table["ratio"] - 0.06, ratio_high=table["ratio"] + 0.06)
    assert find("levels", table, levels=table).answer == answer
    assert find("levels", table, levels=table.assign(upper_half=False)).answer == Answer.UNTESTED


@pytest.mark.parametrize(("factor", "answer"), [(1.02, HOLDS), (1.6, FAILS)])
def test_the_constant_must_not_grow_with_the_ambient_dimension(factor, answer):
    rows = [
        {"ambient_dim": 10**power, "level": level, "level_low": level / 1.05}
        | {"level_high": level * 1.05}
        for power, level in ((1, 1.0), (2, factor), (3, factor**2))
    ]
    finding = find("ambient_level", rate_rows(*rows))
    assert finding.answer == answer and finding.measured == pytest.approx(factor)


def test_unlucky_targets_are_judged_over_data_sets():
    rows = [{"tail_difference": 0.02 * sign} for sign in (-1, 0, 1, 1)]
    assert find("tails", rate_rows(*rows)).answer == HOLDS
    unknown = rate_rows(*rows, {"tail_difference": math.nan})
    assert find("tails", unknown).detail == "left out: 1 cell without a slope"
    far = rate_rows(*rows)
    assert find("tails", far.assign(tail_difference=far["tail_difference"] + 0.3)).answer == FAILS
    assert find("tails", rate_rows(*rows[:2])).answer == Answer.UNTESTED


@pytest.mark.parametrize(
    ("shift", "half", "answer"),
    [
        (0.0, 0.03, HOLDS),
        (0.06, 0.03, HOLDS),  # within δ of the maximum's, and of no rival's
        (0.0, 0.08, OPEN),  # too wide to reject the mean, 0.071 steeper
        (0.1, 0.03, FAILS),  # the sum's slope, -0.4
    ],
)
def test_each_cell_must_reject_the_sum_and_the_mean(shift, half, answer):
    low, high = shift - half, shift + half
    cell = {"user_intrinsic_dim": 1, "item_intrinsic_dim": 2, "upper_difference": shift}
    rates = rate_rows(cell | {"upper_difference_low": low, "upper_difference_high": high})
    assert find("dimensions", rates).answer == answer
    equal = rates.assign(user_intrinsic_dim=2)
    assert find("dimensions", equal).answer == Answer.UNTESTED
    both = find("dimensions", pd.concat([rates, rates.assign(verdict="inconclusive")]))
    assert both.answer == answer and "1 inconclusive" in both.detail


def test_lemmas_are_read_from_their_table():
    from twotower.lemmas import table as lemmas_table

    plain = dict.fromkeys(lemmas_table.COLUMNS, math.nan) | {
        "lemma": 1,
        "case": "depth 2",
        "note": "",
    }
    rows = [plain | {"measured": 1e-15, "bound": 1e-12, "ratio": 1e-3, "passed": True}]
    table = pd.DataFrame(rows)
    claim = next(claim for claim in DECISIONS.claims if claim.id == "9.1")
    found = RULES["lemma"](ClaimTables(claim, {"rates": rate_rows({}), "lemmas": table}, DECISIONS))
    assert found.answer == HOLDS and found.measured == 1e-15
    broken = table.assign(passed=False)
    found = RULES["lemma"](
        ClaimTables(claim, {"rates": rate_rows({}), "lemmas": broken}, DECISIONS)
    )
    assert found.answer == FAILS
