"""Approximation: planted slopes over hidden units, and points that ratings still limit."""

import math

import numpy as np
import pandas as pd
import pytest

from frozen import DECISIONS
from twotower.base.seeds import generator
from twotower.predictions import ensemble
from twotower.rates.approximation import CURVE_COLUMNS, RATE_COLUMNS, summarize
from twotower.rates.planted_curves import SETTING, noisy

UNITS = np.array([4, 8, 16, 32, 64, 128])
SIZES = (8192, 16384)


def risks_frame(slope=-1.875, gain=0.05, projection=-1.875, replicates=8, **settings):
    """Risks ∝ units^slope; twice the ratings take `gain` (a share, or one for each width) off.

    The best linear approximation falls by -1.875 over these units; the projection by `projection`.
    """
    gains = np.broadcast_to(gain, UNITS.shape)
    mean = 0.3 * (UNITS / UNITS[0]) ** slope
    rng = generator(0, {"slope": slope}, "approximation", 0)
    risk, risk_se, known = noisy(mean, UNITS, replicates, rng)
    exact = known / mean * 0.3 * (UNITS / UNITS[0]) ** projection
    row = {"experiment": "approximation", "smoothness": 1.0, **SETTING, "noise_sd": 0.0}
    row |= {"user_intrinsic_dim": 1, "item_intrinsic_dim": 1, "schedule": "fixed"} | settings
    frames = []
    for index, units in enumerate(UNITS):
        cell = row | {"cell": f"{units:010d}", "data": "d" * 10, "width_constant": float(units)}
        columns = [
            (size, "used", 1 if size == SIZES[1] else 1 / (1 - gains[index])) for size in SIZES
        ]
        for size, start, factor in columns:
            frames.append(
                pd.DataFrame(
                    cell
                    | {"arm": "erm", "start": start, "n_ratings": size, "width": units}
                    | {"replicate": np.arange(replicates), "risk": factor * risk[:, index]}
                    | {"risk_se": factor * risk_se[:, index], "seen_risk": math.nan}
                    | {"approximation": exact[:, index]}
                )
            )
    return pd.concat(frames, ignore_index=True)


def test_a_planted_slope_is_found_and_consistent():
    rates, curves = summarize(risks_frame(), DECISIONS)
    assert list(rates.columns)[-len(RATE_COLUMNS) :] == RATE_COLUMNS
    assert list(curves.columns)[-len(CURVE_COLUMNS) :] == CURVE_COLUMNS
    row = rates.iloc[0]
    assert row["slope_low"] < -1.875 < row["slope_high"]
    assert row["bound_slope"] == -2
    assert row["predicted_slope"] == pytest.approx(-1.875, abs=0.01)
    assert row["projection_slope"] == pytest.approx(-1.875, abs=0.05)
    assert row["difference_low"] < 0 < row["difference_high"]
    assert row["verdict"] == "consistent with the rate"
    assert (row["units_min"], row["units_max"], row["widths"], row["n_ratings"]) == (
        4,
        128,
        6,
        16384,
    )
    assert row["cell"] == "0000000128" and math.isnan(row["width_constant"])
    assert row["doubling_change"] == pytest.approx(0.05)
    assert row["decisions"] == DECISIONS.label
    assert curves["units"].tolist() == UNITS.tolist()
    assert curves["in_window"].all()
    settings = risks_frame().iloc[0].to_dict()
    due = [ensemble.interpolation(units, settings) for units in UNITS]
    np.testing.assert_allclose(curves["linear_risk"], due)
    assert curves["ratio"].between(0.8, 1.25).all()


def test_points_that_ratings_still_limit_are_shown_and_not_used():
    """Also a change upwards: it says as much that the risk has not settled."""
    rates, curves = summarize(risks_frame(gain=[0, 0, 0, 0.1, 0.3, -0.4]), DECISIONS)
    assert rates["widths"].iloc[0] == 4 and rates["units_max"].iloc[0] == 32
    assert curves["in_window"].tolist() == [True] * 4 + [False] * 2
    assert curves["doubling_change"].tolist() == pytest.approx([0, 0, 0, 0.1, 0.3, -0.4])
    assert curves["fitted_risk"].isna().tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"slope": -1.2, "projection": -1.2}, "slower", "85% of the slope -1.8"),
        ({"slope": -1.2}, "inconclusive", "that of the projection, -1.8"),
        ({"slope": -2.9}, "faster", "below -2.1"),
        ({"slope": -2.17}, "bound not contradicted, rate unresolved", "nor above"),
        ({"gain": [0, 0, 0, 0.3, 0.3, 0.3]}, "inconclusive", "only 3 of 6 widths, 4 are needed"),
    ],
)
def test_verdicts(changes, verdict, reason):
    row = summarize(risks_frame(**changes), DECISIONS).rates.iloc[0]
    assert row["verdict"] == verdict
    assert reason in row["reason"]


def test_settings_make_curves_of_their_own():
    both = pd.concat([risks_frame(), risks_frame(user_intrinsic_dim=2, slope=-1.0)])
    rates = summarize(both, DECISIONS).rates
    assert rates["bound_slope"].tolist() == [-2, -1]
    assert set(rates["verdict"]) == {"consistent with the rate"}


def test_widths_must_have_the_same_replicates():
    risks = risks_frame()
    few = (risks["width"] == 16) & (risks["replicate"] > 5)
    with pytest.raises(ValueError, match="must differ and have the same replicates"):
        summarize(risks[~few], DECISIONS)
