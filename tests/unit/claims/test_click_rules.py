"""Rules on clicks against planted tables, and a planted violation that they must catch."""

import numpy as np
import pandas as pd
import pytest

from frozen import PATH
from twotower.analyses.clicks import click_rates
from twotower.claims import click_rules, ledger
from twotower.study import arms, decisions
from twotower.study.rules import click_decisions

RULES = PATH.with_name("click_decisions.yaml")
DECISIONS = click_decisions.load(RULES)
NAN = float("nan")


def rates(*rows: dict) -> pd.DataFrame:
    """Rows of rates; of each what is said, else a cell as predicted."""
    usual = {
        "experiment": "click_rate", "cell": "a", "data": "a", "smoothness": 1.0,
        "user_intrinsic_dim": 1, "item_intrinsic_dim": 1, "click_batch": 256,
        "arm": arms.SOFTMAX_FULL, "n_min": 100, "n_max": 1600, "slope": -0.6,
        "upper_difference": 0.01, "upper_difference_low": -0.04, "upper_difference_high": 0.05,
        "verdict": "consistent with the rate", "reason": "", "confirmatory": False,
        "p_slower": NAN, "p_holm": NAN,
    }  # fmt: skip
    return pd.DataFrame([usual | row for row in rows])


def risks(n_slope: float, level: float = 1.0, power: float = 1.0, floor: float = 0.0):
    """A table of risks level·(n/100)^slope + floor of four targets, with its predictions."""
    rows = []
    for replicate in range(4):
        for n in (100, 200, 400, 800, 1600):
            scale = 0.2 * level * (n / 100) ** n_slope * (1 + 0.1 * replicate)
            risk = scale + floor
            rows.append(
                {"start": "used", "n_ratings": n, "replicate": replicate, "risk": risk}
                | {"risk_se": 0.01 * risk, "told_by_user": 0.5, "excess_log_loss": risk / 2}
                | {"score_error": scale, "regret": scale**power, "recall": 0.5, "ndcg": 0.5}
                | {"floor_full": 0.8, "floor_batch": 0.4, "predicted_risk": scale}
            )
    table = pd.DataFrame(rows)
    return table.drop(columns="predicted_risk"), table[["n_ratings", "replicate", "predicted_risk"]]


def verdicts(rows: pd.DataFrame, runs: list) -> dict[str, str]:
    found = click_rates(runs, rows, 0.95).rates
    made = ledger.ledger({"rates": rows, "clicks": found}, DECISIONS, rules=click_rules.RULES)
    return dict(zip(made["claim"], made["verdict"], strict=True))


def cells(**changes) -> pd.DataFrame:
    return rates(*({"cell": name, "data": name} | changes for name in "abcd"))


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "holds"),
        ({"upper_difference": 0.08, "upper_difference_low": 0.07}, "fails"),
        ({"upper_difference": 0.08, "upper_difference_low": 0.02}, "not decided"),
        ({"verdict": "inconclusive", "reason": "window"}, "not decided"),
    ],
)
def test_the_rate_carries_over_where_slopes_are_as_predicted(changes, verdict):
    assert verdicts(cells(**changes), [])["10a"] == verdict


def test_three_cells_do_not_decide_the_rate():
    assert verdicts(cells().iloc[:3], [])["10a"] == "not decided"


@pytest.mark.parametrize(("floor", "verdict"), [(0.8, "holds"), (0.4, "fails"), (2.4, "fails")])
def test_a_floor_is_where_it_was_computed(floor, verdict):
    """The wrong sign of the correction stops far above the floor, the correction far below."""
    rows = rates(
        *({"experiment": "popularity_floor", "arm": arm}
          for arm in (arms.SOFTMAX_FULL, arms.SOFTMAX_FULL_RAW))
    )  # fmt: skip
    runs = [
        ({"cell": "a", "arm": arms.SOFTMAX_FULL}, *risks(-0.6)),
        ({"cell": "a", "arm": arms.SOFTMAX_FULL_RAW}, *risks(-0.6, floor=floor)),
    ]
    assert verdicts(rows, runs)["10b"] == verdict


@pytest.mark.parametrize(("level", "verdict"), [(1.0, "holds"), (1.4, "fails")])
def test_the_cost_of_a_batch_is_held_against_its_prediction(level, verdict):
    rows = rates({}, {"cell": "b", "experiment": "batch_size", "arm": arms.SOFTMAX_BATCH})
    table, predicted = risks(-0.6, 1.1)
    table["risk"] *= level
    runs = [
        ({"cell": "a", "arm": arms.SOFTMAX_FULL}, *risks(-0.6)),
        ({"cell": "b", "arm": arms.SOFTMAX_BATCH}, table, predicted),
    ]
    assert verdicts(rows, runs)["10c"] == verdict


@pytest.mark.parametrize(("power", "verdict"), [(1.0, "holds"), (0.3, "fails")])
def test_the_power_of_the_regret_is_planted(power, verdict):
    runs = [({"cell": "a", "arm": arms.SOFTMAX_FULL}, *risks(-0.6, power=power))]
    rows = rates({})
    found = click_rates(runs, rows, 0.95).rates.iloc[0]
    assert found["power"] == pytest.approx(power, abs=0.02)
    assert found["regret_slope"] == pytest.approx(-0.6 * power, abs=0.01)
    assert verdicts(rows, runs)["10d"] == verdict


def test_points_are_means_over_targets():
    runs = [({"cell": "a", "arm": arms.SOFTMAX_FULL_RAW}, *risks(-0.6, floor=0.8))]
    points = click_rates(runs, rates({"arm": arms.SOFTMAX_FULL_RAW}), 0.95).curves
    first = points.iloc[0]
    assert first["risk"] == pytest.approx(0.2 * 1.15 + 0.8)
    assert first["floor"] == pytest.approx(0.8)
    assert np.isfinite(first["risk_low"]) and first["in_window"]


def test_words_take_their_numbers_from_the_thresholds(tmp_path):
    text = RULES.read_text(encoding="utf-8")
    assert "within ± 0.06 in 4 cells" in DECISIONS.claims[0].judged
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace("slope_tolerance: 0.06", "slope_tolerance: 0.2"))
    changed = click_decisions.load(path)
    assert "within ± 0.2 in" in changed.claims[0].judged and changed.label != DECISIONS.label
    path.write_text(text.replace("{floor_tolerance}", "{floor}"))
    with pytest.raises(decisions.DecisionsError, match="'floor' in braces"):
        click_decisions.load(path)
    path.write_text(text.replace("rule: floors", "rule: flors"))
    with pytest.raises(decisions.DecisionsError, match="rule"):
        click_decisions.load(path)


def test_a_cost_compares_towers_of_one_shape_and_a_power_needs_a_fall():
    shape = {"depth": 1, "schedule": "fixed", "embedding_dim": 2, "arm": arms.SOFTMAX_FULL}
    rows = rates(
        {"cell": "a"} | shape | {"width_constant": 8.0},
        {"cell": "b", "data": "a"} | shape | {"width_constant": 64.0},
    )
    runs = [
        ({"cell": "a", "arm": arms.SOFTMAX_FULL}, *risks(-0.6, 10.0)),
        ({"cell": "b", "arm": arms.SOFTMAX_FULL}, *risks(0.2)),
    ]
    found = click_rates(runs, rows, 0.95).rates
    assert found["cost"].tolist() == [1.0, 1.0]
    assert found["power"].notna().tolist() == [True, False]


def test_one_target_and_a_floor_of_nothing_decide_nothing():
    rows = rates(
        *({"experiment": "popularity_floor", "arm": arm}
          for arm in (arms.SOFTMAX_FULL, arms.SOFTMAX_FULL_RAW))
    )  # fmt: skip
    table, predicted = risks(-0.6, floor=0.8)
    one = table[table["replicate"] == 0], predicted[predicted["replicate"] == 0]
    corrected, due = risks(-0.6)
    first = corrected[corrected["replicate"] == 0], due[due["replicate"] == 0]
    runs = [
        ({"cell": "a", "arm": arms.SOFTMAX_FULL}, *first),
        ({"cell": "a", "arm": arms.SOFTMAX_FULL_RAW}, *one),
    ]
    assert verdicts(rows, runs)["10b"] == "not decided"
    flat = table.assign(floor_full=0.0), predicted
    runs = [
        ({"cell": "a", "arm": arms.SOFTMAX_FULL}, corrected, due),
        ({"cell": "a", "arm": arms.SOFTMAX_FULL_RAW}, *flat),
    ]
    assert verdicts(rows, runs)["10b"] == "not tested in this study"
