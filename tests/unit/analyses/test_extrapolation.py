"""Extrapolation: intervals that cover power laws, and do not cover what bends away."""

import numpy as np
import pytest

from frozen import DECISIONS
from study_draws import SIZES, cell_risks
from twotower.analyses import meta_regression
from twotower.analyses.extrapolation import extrapolate, line, predict, shape
from twotower.rates.curves import Curve
from twotower.rates.planted_curves import noisy, power_law
from twotower.rates.slopes import bootstrap_generator
from twotower.rates.summary import summarize


def drawn(seed, mean, way, shape_of_prediction=1.0):
    rng = bootstrap_generator("extrapolation", f"draw {seed}")
    risk, risk_se, known = noisy(mean, SIZES, 12, rng)
    curve = Curve(SIZES, risk, risk_se, known * shape_of_prediction)
    predicted, half = predict(curve, 2, rng, 0.95, way)
    miss = np.abs(np.log(curve.risk[:, -2:].mean(axis=0) / predicted))
    return miss <= half, half


@pytest.mark.parametrize("way", [line, shape])
def test_intervals_cover_planted_power_laws(way):
    """Both held-out sizes, 300 curves: 95% within two standard errors, and never below 85%."""
    covered = np.mean([drawn(seed, power_law(SIZES, -0.6), way)[0] for seed in range(300)])
    assert 0.92 <= covered <= 0.985


def test_a_curve_that_bends_as_predicted_is_covered_by_its_shape_alone():
    floor = power_law(SIZES, -0.6) + 0.03
    assert np.mean([drawn(seed, floor, line)[0] for seed in range(40)]) < 0.5
    assert np.mean([drawn(seed, floor, shape)[0] for seed in range(40)]) > 0.85


def test_the_scale_is_free():
    """A prediction that is twice too high extrapolates as well as the right one."""
    mean = power_law(SIZES, -0.6)
    for seed in range(3):
        right, doubled = (drawn(seed, mean, shape, factor) for factor in (1.0, 2.0))
        np.testing.assert_array_equal(right[0], doubled[0])
        np.testing.assert_allclose(right[1], doubled[1])


def test_the_known_shape_has_narrower_intervals():
    halves = [
        np.mean([drawn(seed, power_law(SIZES, -0.6), way)[1] for seed in range(20)])
        for way in (shape, line)
    ]
    assert halves[0] < halves[1]


def test_the_table_predicts_the_two_largest_sizes_of_each_curve():
    risks = cell_risks(smoothness=1.0)
    rates = meta_regression.combine([summarize(risks, DECISIONS).rates])
    table = extrapolate([risks, risks], rates, DECISIONS)
    assert table["arm"].tolist() == ["erm"] * 2 + ["reference"] * 2
    assert table["n_ratings"].tolist() == [32768, 65536] * 2
    n_min = rates["n_min"].iloc[0]
    assert (table["n_min"] == n_min).all()
    assert (table["sizes_fitted"] == (n_min <= SIZES).sum() - 2).all()
    np.testing.assert_allclose(
        table["log_ratio"], np.log(table["mean_risk"] / table["predicted_risk"])
    )
    assert table.loc[table["arm"] == "erm", ["covered", "line_covered"]].all(axis=None)
    used = risks[(risks["arm"] == "erm") & (risks["n_ratings"] == 65536)]
    assert table["mean_risk"].iloc[1] == pytest.approx(used["risk"].mean())


def test_a_prediction_does_not_look_at_what_it_predicts():
    risks = cell_risks()
    rates = meta_regression.combine([summarize(risks, DECISIONS).rates])
    changed = risks.assign(risk=risks["risk"].where(risks["n_ratings"] < 32768, 7.0))
    first, second = (extrapolate([frame], rates, DECISIONS) for frame in (risks, changed))
    np.testing.assert_array_equal(first["predicted_risk"], second["predicted_risk"])
    assert not second["covered"].any()


def test_short_windows_predict_nothing():
    risks = cell_risks()
    rates = meta_regression.combine([summarize(risks, DECISIONS).rates]).assign(n_min=4096)
    assert extrapolate([risks], rates, DECISIONS).empty
