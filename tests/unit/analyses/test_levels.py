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
    """Curves of arms erm and reference; the predictions of erm differ by target."""
    risks = cell_risks()
    place = pd.factorize(risks["replicate"], sort=True)[0]
    off = RATIO * np.exp(scatter(place.max() + 1))[place]
    erm = (risks["arm"] == "erm") & (risks["start"] == "used")
    risks.loc[erm, "predicted_risk"] = (risks["risk"] / off)[erm]
    made = summarize(risks, DECISIONS)
    return risks, made.curves, meta_regression.combine([made.rates])


def test_ratio_interval_and_spread_are_those_planted(study):
    risks, curves, rates = study
    table = levels([curves, curves], rates)
    assert list(table.columns[-len(COLUMNS) :]) == COLUMNS
    assert table["arm"].value_counts().nunique() == 1 and set(table["arm"]) == {"erm", "reference"}
    table = table[table["arm"] == "erm"]
    assert table["confirmatory"].all()
    erm = risks[(risks["arm"] == "erm") & (risks["start"] == "used")]
    assert table["n_ratings"].tolist() == sorted(erm["n_ratings"].unique())
    np.testing.assert_allclose(table["ratio"], RATIO)
    np.testing.assert_allclose(table["ratio_sd"], SPREAD)
    half = t.ppf(0.975, 11) * SPREAD / math.sqrt(12)
    np.testing.assert_allclose(table["ratio_low"], RATIO * math.exp(-half))
    np.testing.assert_allclose(table["ratio_high"], RATIO * math.exp(half))
    np.testing.assert_allclose(table["mean_risk"], erm.groupby("n_ratings")["risk"].mean())


def test_what_has_no_prediction_has_no_level(study):
    _, curves, rates = study
    unknown = curves.assign(ratio=math.nan)
    assert levels([unknown], rates.assign(confirmatory=False)).empty
    # … but for a confirmatory cell, whose level was asked for: it is left open, not left out.
    assert set(levels([unknown], rates)["arm"]) == {"erm"}
