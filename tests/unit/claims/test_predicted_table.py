"""What is predicted of a study before it runs: closed forms, and the ledger that they imply."""

import math
from pathlib import Path

import numpy as np
import pytest

from studies import with_keys
from twotower.claims import predicted_table
from twotower.predictions import ensemble
from twotower.study import decisions, reading
from twotower.study.reading import validated
from twotower.theory.bound import least_squares_slope

ROOT = Path(__file__).parents[3]
RULES = decisions.load(ROOT / "workflow/decisions.yaml")


@pytest.fixture(scope="module")
def standard():
    study = reading.read_study(ROOT / "workflow/studies/standard.yaml")
    return predicted_table.tables(study, RULES)


def tables(**changes):
    return predicted_table.tables(validated(with_keys(**changes), "study.yaml"), RULES)


def test_slopes_and_risks_are_the_closed_forms():
    sizes = [256, 512, 1024, 2048, 4096, 8192]
    found = tables(
        arms={"erm": {}, "joint": {}, "ridge": {}},
        sample_sizes=sizes,
        certificate_sizes=[256],
        experiments={"one": {"title": "One", "vary": {"smoothness": [1.0, 2.0]}}},
    )["predictions"]
    rows = found[found["smoothness"] == 2.0]
    assert set(found["arm"]) == {"erm", "adam", "joint", "reference"}, "a ridge is no two towers"
    erm = rows[rows["arm"] == "erm"]
    assert erm["size"].tolist() == sizes
    risks = ensemble.predicted_risks(erm.iloc[0].to_dict(), sizes)
    assert erm["predicted_risk"].to_numpy() == pytest.approx(risks)
    fitted = risks < RULES.thresholds.window_risk
    assert erm["in_window"].tolist() == fitted.tolist()
    slope = least_squares_slope(np.log(np.array(sizes)[fitted]), np.log(risks[fitted]))
    assert erm["predicted_slope"].iloc[0] == pytest.approx(slope)
    assert erm["bound_slope"].iloc[0] == pytest.approx(-4 / 5)  # −2β/(2β + d)
    joint = rows[rows["arm"] == "joint"]
    assert joint["bound_slope"].iloc[0] == pytest.approx(-2 / 4)  # β counts as 1, d_u + d_i = 2
    assert joint["predicted_risk"].isna().all()
    assert erm["confirmatory"].all() and not joint["confirmatory"].any()


def test_the_ledger_says_what_exact_measurements_would_show(standard):
    claims = standard["claims"].set_index("claim")
    assert claims.loc["primary", "expected"] == pytest.approx(1.0)
    assert (
        claims.loc["2", "expected_result"]
        == "slopes minus predicted ones 0.00 [0.00, 0.00] over 26 cells"
    )
    held = ["primary", "1", "2", "3", "4a", "4c", "5", "6", "noise", "falsifiability"]
    assert (claims.loc[held, "expected_verdict"] == "holds").all()
    slopes = standard["predictions"].query("experiment == 'smoothness' and arm == 'erm'")
    slopes = slopes[np.isfinite(slopes["smoothness"].astype(float))].groupby("smoothness")
    first, *_, last = slopes["predicted_slope"].first()
    assert claims.loc["4a", "expected"] == pytest.approx(last - first, abs=0.02)
    for untold in ("extrapolation", "8", "9.1"):
        assert claims.loc[untold, "expected_verdict"] == ""
        assert math.isnan(claims.loc[untold, "expected"])


def test_widths_follow_theorem_1(standard):
    rows = standard["predictions"].query("axis == 'units' and smoothness == 1.0")
    for _, curve in rows.groupby("user_intrinsic_dim"):
        slope, bound = curve[["predicted_slope", "bound_slope"]].iloc[0]
        assert bound == -2 / curve["user_intrinsic_dim"].iloc[0]
        assert slope == pytest.approx(bound, rel=0.2)


def test_the_same_study_has_the_same_bytes_and_agrees_up_to_rounding():
    study = validated(with_keys(), "study.yaml")
    one, again = (predicted_table.written(study, RULES) for _ in range(2))
    assert one == again
    table = one["predictions.csv"]
    header, first, *rest = table.decode().splitlines()
    risk = f"{predicted_table.tables(study, RULES)['predictions']['predicted_risk'].iloc[0]:.10g}"
    assert risk in first

    def agrees(*lines):
        return predicted_table.agree(table, "\n".join(lines).encode())

    assert agrees(header, first.replace(risk, risk[:-1] + "9"), *rest)
    assert agrees(f"{header},more", *(f"{line},1" for line in (first, *rest)))
    assert not agrees(header, first.replace(risk, "0.9"), *rest)
    assert not agrees(header, *rest)
    assert not agrees("other", "1")
    assert not predicted_table.agree(b"", b"")


def test_every_kind_of_study_has_a_table():
    for study in sorted((ROOT / "workflow/studies").glob("*.yaml")):
        if study.stem in ("large", "standard"):  # the one takes long, the other is tested above
            continue
        found = predicted_table.tables(reading.read_study(study), RULES)
        assert len(found["predictions"]) and len(found["claims"]) == len(RULES.claims)
    alone = tables(arms={"svd": {}}, experiments={
        "one": {"title": "One", "set": {"noise_sd": 0.0}, "vary": {"smoothness": [1.0]},
                "arms": ["svd"]}})  # fmt: skip
    assert alone["predictions"].empty and (alone["claims"]["cells"] == 0).all()
