"""One row per cell, Holm's correction, and the primary endpoint."""

import math

import numpy as np
import pandas as pd
import pytest

from frozen import DECISIONS
from study_draws import cell_risks, rate_rows
from twotower.analyses import meta_regression
from twotower.rates.summary import summarize


def line(rates, subset="all"):
    table = meta_regression.regression(rates, DECISIONS)
    return table[table["subset"] == subset].set_index("term")


def planted(slope, offset=0.0, spread=0.02, cells=14, seed=0, **columns):
    """Confirmatory cells whose slopes are a line of the predicted ones, and errors."""
    rng = np.random.default_rng(seed)
    predicted = np.linspace(-0.8, -0.35, cells)
    measured = offset + slope * predicted + spread * rng.standard_normal(cells)
    rows = [{"slope": m, "predicted_slope": p} for m, p in zip(measured, predicted, strict=True)]
    return rate_rows(*rows, **columns)


def test_a_cell_of_two_experiments_is_one_row():
    first = summarize(cell_risks("smoothness"), DECISIONS).rates
    second = summarize(
        pd.concat([cell_risks("ambient"), cell_risks("ambient", ambient_dim=10)]), DECISIONS
    ).rates
    rates = meta_regression.combine([first, second])
    assert len(rates) == 4
    assert rates["experiment"].tolist() == ["smoothness;ambient"] * 2 + ["ambient"] * 2
    assert not rates.duplicated(["cell", "arm"]).any()


def test_a_planted_slower_cell_survives_holm_and_the_others_do_not():
    frames = [cell_risks(smoothness=beta, noise="normal") for beta in (0.5, 1.0, 2.0)]
    frames.append(cell_risks(smoothness=2.0, ambient_dim=5, tilt=0.5))
    rates = meta_regression.combine([summarize(pd.concat(frames), DECISIONS).rates])
    erm = rates[rates["arm"] == "erm"]
    assert erm["verdict"].tolist()[-1] == "slower"
    assert "slower" not in erm["verdict"].tolist()[:-1]
    assert erm["p_holm"].iloc[-1] < 0.001
    assert erm["p_holm"].iloc[-1] == pytest.approx(4 * erm["p_slower"].iloc[-1])
    assert (erm["p_holm"].iloc[:-1] == 1).all()
    assert rates.loc[rates["arm"] == "reference", "p_holm"].isna().all()


@pytest.mark.parametrize("slope", [1.0, 0.7])
def test_the_regression_finds_a_planted_slope(slope):
    found = line(planted(slope, offset=-0.05))
    row = found.loc["slope"]
    assert row["low"] < slope < row["high"]
    assert row["high"] - row["low"] < 0.3
    assert row["cells"] == row["data_sets"] == 14
    difference = found.loc["mean_difference"]
    assert difference["low"] < -0.05 - (1 - slope) * -0.575 < difference["high"]


def test_intervals_of_the_regression_cover():
    """Also where cells differ by more than their errors say: 0.05 beside 0.01."""
    rows = [line(planted(1.0, spread=0.05, seed=seed)).loc["slope"] for seed in range(200)]
    assert 0.9 <= np.mean([row["low"] <= 1 <= row["high"] for row in rows]) <= 0.99


def test_cells_that_share_data_do_not_count_twice():
    once = planted(1.0, spread=0.05)
    twice = pd.concat([once, once], ignore_index=True)
    shared = line(twice).loc["slope"]
    naive = line(twice.assign(data=[str(i) for i in range(len(twice))])).loc["slope"]
    width, alone = (row["high"] - row["low"] for row in (shared, line(once).loc["slope"]))
    assert shared["data_sets"] == 14 and shared["cells"] == 28
    assert width > 1.2 * (naive["high"] - naive["low"])
    assert width == pytest.approx(alone, rel=0.3)


def test_exploratory_and_uncertified_cells_stand_aside():
    rates = planted(1.0)
    rates.loc[0, "confirmatory"] = False
    rates.loc[1, "verdict"] = "inconclusive"
    assert line(rates)["cells"].tolist() == [13] * 3
    assert line(rates, "certified")["cells"].tolist() == [12] * 3


def test_two_cells_are_no_regression():
    assert math.isnan(line(planted(1.0, cells=2)).loc["slope", "estimate"])
