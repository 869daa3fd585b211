"""Slopes of rankings: planted powers of the risk come back, with intervals that hold them."""

import numpy as np
import pandas as pd
import pytest

from figure_parts import legend_texts, panels, points, texts, titles
from frozen import DECISIONS
from study_draws import SIZES, cell_risks
from twotower.analyses import meta_regression
from twotower.analyses import rankings as ranking_rates
from twotower.evaluation import ranking_metrics
from twotower.rates.summary import summarize
from twotower.report.rankings import ranking_curves

POWERS = {"ndcg": 1.0, "recall": 0.5, "mrr": 0.6, "regret": 0.9}
SHAPE = {"users": 256, "items": 1024, "k": 10}
WORSE = 1.25  # errors of arm pairwise over those of erm


def planted(arms=("erm", "pairwise", "reference"), spread=0.05):
    """Errors c·risk^power of each replicate, times noise of its own."""
    risks = cell_risks(arms=arms)
    rates = meta_regression.combine([summarize(risks, DECISIONS).rates])
    cell, rng, rankings = risks["cell"].iloc[0], np.random.default_rng(0), {}
    used = risks[risks["start"] == "used"]
    erm = used[used["arm"] == "erm"]["risk"].to_numpy()
    noise = {m: np.exp(spread * rng.standard_normal(len(erm))) for m in ranking_metrics.METRICS}
    for arm in arms:
        frame = used[used["arm"] == arm][["n_ratings", "replicate", "risk"]]
        risk = frame["risk"] if arm == "reference" else erm
        table = frame[["n_ratings", "replicate"]].copy()
        for metric, power in POWERS.items():
            error = 0.5 * risk**power * noise[metric] * (WORSE if arm == "pairwise" else 1.0)
            table[metric] = error if metric == "regret" else 1 - error
            table[f"{metric}_se"] = 0.01 * error
            table[f"{metric}_random"] = 1.5 if metric == "regret" else 0.01
        rankings[cell, arm] = table
    return rankings, risks, rates


def test_planted_powers_come_back():
    rankings, risks, rates = planted()
    found = ranking_rates.ranking_rates(rankings, [risks, risks], rates, SHAPE, DECISIONS)
    assert found.rates["arm"].tolist() == [a for a in rates["arm"] for _ in ranking_metrics.METRICS]
    for row in found.rates[found.rates["arm"] != "pairwise"].itertuples():
        rate = rates[rates["arm"] == row.arm].iloc[0]
        assert row.risk_slope == pytest.approx(rate["slope"])
        assert row.half_risk_slope == row.risk_slope / 2
        assert row.slope_low < POWERS[row.metric] * row.risk_slope < row.slope_high
        assert row.power_low < POWERS[row.metric] < row.power_high < row.power_low + 0.1
        assert (row.n_min, row.n_max) == (rate["n_min"], rate["n_max"])
        assert row.reason == ""
    points = found.curves
    assert len(points) == 3 * len(ranking_metrics.METRICS) * len(SIZES)
    ratios = points[["erm_ratio", "erm_ratio_low", "erm_ratio_high"]]
    assert ratios[points["arm"] == "erm"].isna().all(axis=None)
    np.testing.assert_allclose(ratios[points["arm"] == "pairwise"], WORSE)
    regret = points["metric"] == "regret"
    np.testing.assert_allclose(
        points["value"], np.where(regret, points["error"], 1 - points["error"])
    )
    assert (points["in_window"] == points["fitted_error"].notna()).all()
    assert set(points.loc[~regret, "random_error"].round(9)) == {0.99}


def test_the_interval_of_a_power_knows_that_risk_and_error_share_their_targets():
    """Targets that are hard have both: the ratio of slopes is surer than either."""
    rankings, risks, rates = planted(spread=0.0)
    found = ranking_rates.ranking_rates(rankings, [risks], rates, SHAPE, DECISIONS).rates
    sure = found["power_high"] - found["power_low"]
    by_slope = (found["slope_high"] - found["slope_low"]) / -found["risk_slope"]
    assert (sure < 0.5 * by_slope)[found["arm"] == "erm"].all()


def test_an_error_of_nothing_has_no_slope_and_says_why():
    rankings, risks, rates = planted(arms=("erm", "reference"))
    table = next(iter(rankings.values()))
    table.loc[table["n_ratings"] == 65536, "recall"] = 1.0
    found = ranking_rates.ranking_rates(rankings, [risks], rates, SHAPE, DECISIONS)
    row = found.rates[(found.rates["arm"] == "erm") & (found.rates["metric"] == "recall")].iloc[0]
    assert np.isnan(row["slope"]) and np.isnan(row["power"])
    assert row["reason"] == "error of recall is not finite and positive at n_ratings = 65536"
    assert ranking_curves(found.curves, found.rates).axes


def test_a_panel_for_each_metric_with_slopes_in_its_corner():
    rankings, risks, rates = planted()
    found = ranking_rates.ranking_rates(rankings, [risks], rates, SHAPE, DECISIONS)
    fig = ranking_curves(found.curves, found.rates)
    assert titles(fig) == ["1 − NDCG@10", "1 − Recall@10", "1 − MRR", "regret@10, in sd of R*"]
    assert legend_texts(fig) == ["erm", "pairwise", "reference", "random order"]
    for ax, metric in zip(panels(fig), ranking_metrics.METRICS, strict=True):
        drawn = found.curves[(found.curves["metric"] == metric) & (found.curves["arm"] == "erm")]
        np.testing.assert_allclose(points(ax, "o")[:, 1], drawn["error"])
        assert [line.split()[0] for line in texts(ax)] == ["reference", "pairwise", "erm"]
        power = found.rates.query("metric == @metric and arm == 'erm'")["power"].iloc[0]
        assert texts(ax)[-1].endswith(f"risk$^{{{power:.2f}}}$")
    nothing = ranking_curves(pd.DataFrame(), pd.DataFrame())
    assert "No fit" in texts(nothing.axes[0])[0]
