"""Levels: the planted ratio of risks to their predictions comes back, target by target."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from frozen import DECISIONS
from study_draws import cell_risks
from twotower.analyses import meta_regression
from twotower.analyses.levels import COLUMNS, levels
from twotower.rates.summary import summarize

RATIO, SPREAD = 1.2, 0.1


def scatter(replicates: int) -> np.ndarray:
    """Log ratios of the replicates: mean 0 and standard deviation SPREAD exactly."""
    drawn = np.random.default_rng(1).standard_normal(replicates)
    return SPREAD * (drawn - drawn.mean()) / drawn.std(ddof=1)


@pytest.fixture(scope="module")
def study():
    """Risks of arms erm and reference; those of erm have predictions that differ by target."""
    risks = cell_risks()
    rates = meta_regression.combine([summarize(risks, DECISIONS).rates])
    place = pd.factorize(risks["replicate"], sort=True)[0]
    off = RATIO * np.exp(scatter(place.max() + 1))[place]
    erm = (risks["arm"] == "erm") & (risks["start"] == "used")
    return risks.assign(predicted_risk=np.where(erm, risks["risk"] / off, math.nan)), rates


def test_ratio_interval_and_spread_are_those_planted(study):
    risks, rates = study
    table = levels([risks, risks], rates, DECISIONS)
    assert list(table.columns[-len(COLUMNS) :]) == COLUMNS
    assert "predicted_risk" not in table.columns[: -len(COLUMNS)]
    assert set(table["arm"]) == {"erm"} and table["confirmatory"].all()
    erm = risks[(risks["arm"] == "erm") & (risks["start"] == "used")]
    assert table["n_ratings"].tolist() == sorted(erm["n_ratings"].unique())
    np.testing.assert_allclose(table["ratio"], RATIO)
    np.testing.assert_allclose(table["ratio_sd"], SPREAD)
    half = t.ppf(0.975, 11) * SPREAD / math.sqrt(12)
    np.testing.assert_allclose(table["ratio_low"], RATIO * math.exp(-half))
    np.testing.assert_allclose(table["ratio_high"], RATIO * math.exp(half))
    np.testing.assert_allclose(table["mean_risk"], erm.groupby("n_ratings")["risk"].mean())


@pytest.mark.parametrize(("inside", "upper"), [(5, 3), (4, 2), (1, 1)])
def test_an_odd_window_has_its_middle_in_the_upper_half(study, inside, upper):
    risks, rates = study
    sizes = np.sort(risks["n_ratings"].unique())
    bounds = {"n_min": sizes[-inside - 1], "n_max": sizes[-2]}
    table = levels([risks], rates.assign(**bounds), DECISIONS)
    assert table.loc[table["in_window"], "n_ratings"].tolist() == list(sizes[-inside - 1 : -1])
    assert table.loc[table["upper_half"], "n_ratings"].tolist() == list(sizes[-upper - 1 : -1])


def test_what_has_no_prediction_or_no_logarithm_has_no_level(study):
    risks, rates = study
    assert levels([risks.drop(columns="predicted_risk")], rates, DECISIONS).empty
    one = risks[risks["replicate"] == risks["replicate"].iloc[0]]
    alone = levels([one], rates, DECISIONS)
    assert alone["ratio"].notna().all() and alone["ratio_low"].isna().all()
    lost = levels([risks.assign(risk=0.0)], rates, DECISIONS)
    assert len(lost) and lost["ratio"].isna().all() and (lost["mean_risk"] == 0).all()
