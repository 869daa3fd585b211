"""The error budget and the cold-start ratio: known parts come back."""

import numpy as np
import pytest

from frozen import DECISIONS
from study_draws import cell_risks
from twotower.analyses import meta_regression
from twotower.analyses.cold_start import cold_start, ratio_interval
from twotower.analyses.error_budget import error_budget
from twotower.rates.summary import summarize


@pytest.fixture(scope="module")
def study():
    risks = cell_risks()
    return risks, meta_regression.combine([summarize(risks, DECISIONS).rates])


def test_parts_add_up_to_the_risk(study):
    risks, rates = study
    row = error_budget([risks, risks], rates).iloc[0]
    used = risks[(risks["arm"] == "erm") & (risks["start"] == "used")]
    assert row["mean_risk"] == pytest.approx(used.loc[used["n_ratings"] == 8192, "risk"].mean())
    shares = row[["approximation_share", "estimation_share", "optimization_share"]]
    np.testing.assert_allclose(shares.astype(float), [0.2, 0.7, 0.1])
    assert row["estimation"] == pytest.approx(0.7 * row["mean_risk"])
    assert not row["clipped"] and row["confirmatory"]


def test_a_negative_rest_is_clipped_and_says_so(study):
    risks, rates = study
    free = risks["start"] == "noise_free"
    high = risks.assign(risk=risks["risk"].where(~free, 10 * risks["risk"]))
    row = error_budget([high], rates).iloc[0]
    assert row["clipped"] and row["estimation"] == 0
    assert row["approximation_share"] == pytest.approx(2)


def test_cells_without_all_starts_have_no_budget(study):
    risks, rates = study
    assert error_budget([risks[risks["start"] != "noise_free"]], rates).empty


def test_the_cold_start_ratio_is_that_of_the_means(study):
    risks, rates = study
    table = cold_start([risks, risks], rates, DECISIONS)
    assert table["arm"].tolist() == ["erm"]
    row = table.iloc[0]
    assert row["n_ratings"] == 65536 and row["replicates"] == 12
    assert row["ratio"] == pytest.approx(1.05)
    assert row["ratio_low"] == pytest.approx(1.05) == row["ratio_high"]


def test_the_ratio_interval_covers():
    """Means 0.1 and 0.08 that share a target's level."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        level = np.exp(0.3 * rng.standard_normal(12))
        top, bottom = (m * level * np.exp(0.1 * rng.standard_normal(12)) for m in (0.1, 0.08))
        _, low, high = ratio_interval(top, bottom, 0.95)
        held += low <= 1.25 <= high
    assert 0.92 <= held / 400 <= 0.98
