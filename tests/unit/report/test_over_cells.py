"""Figures over many cells: every point where it is, every miss counted."""

import math

import numpy as np
import pandas as pd
import pytest

from figure_fakes import SIZES, planted_extrapolation, planted_frames, planted_study
from figure_parts import legend_texts, panels, points, texts, titles
from frozen import DECISIONS
from twotower.analyses import meta_regression
from twotower.analyses import tournament as tournament_table
from twotower.report import extrapolation, slope_comparison, style, tournament, training_cost


@pytest.fixture(scope="module")
def rates():
    return planted_study()[1].drop_duplicates(["cell", "arm"])


@pytest.fixture(scope="module")
def comparison(rates):
    return slope_comparison.figure(rates, meta_regression.regression(rates, DECISIONS), DECISIONS)


# ---------------------------------------------------------------- slopes


def test_every_confirmatory_slope_of_erm_stands_where_it_is(comparison, rates):
    [ax] = comparison.axes
    drawn = {tuple(np.round(point, 9)) for mark in "o^s" for point in points(ax, mark)}
    shown = rates[(rates["arm"] == "erm") & rates["confirmatory"]]
    due = shown["upper_predicted_slope"]
    measured = (due + shown["upper_difference"]).round(9)
    assert drawn == set(zip(due.round(9), measured, strict=True))
    assert ax.get_aspect() == 1.0 and ax.get_xlim() == ax.get_ylim()
    names = (ax.get_xlabel(), ax.get_ylabel())
    assert names == ("predicted slope, upper half", "measured slope, upper half")


def test_the_regression_is_the_tables_own(comparison, rates):
    terms = meta_regression.regression(rates, DECISIONS).query("subset == 'all'").set_index("term")
    [ax] = comparison.axes
    [line] = [line for line in ax.lines if line.get_color() == style.BLACK]
    slope, intercept = np.polyfit(*line.get_data(), 1)
    assert (slope, intercept) == pytest.approx(tuple(terms["estimate"][["slope", "intercept"]]))
    assert texts(ax)[-1] == f"{terms.loc['slope', 'cells']} cells"
    tolerance = DECISIONS.thresholds.upper_tolerance
    assert legend_texts(comparison)[-3:] == [f"± {tolerance:.2f}", "regression", "its 95% band"]


def test_the_band_is_the_intercepts_interval_at_zero():
    bounds = {"slope": (1.0, 0.9, 1.1), "intercept": (0.0, -0.07, 0.07)}
    bounds["mean_difference"] = (0.0, -0.02, 0.02)
    table = pd.DataFrame(
        [("all", term, *values, 9, 9) for term, values in bounds.items()],
        columns=["subset", "term", "estimate", "low", "high", "cells", "data_sets"],
    )
    ax = slope_comparison.Figure().subplots()
    x = np.linspace(-1, 0, 2001)
    slope_comparison._draw_regression(ax, table, x)
    [band] = ax.collections
    half = band.get_paths()[0].vertices[1 : len(x) + 1, 1] - x
    assert -half[-1] == pytest.approx(0.07)
    assert np.abs(half).min() == pytest.approx(0.02, rel=1e-3)


def test_without_a_regression_or_confirmatory_cells_all_of_erm_is_drawn(tmp_path):
    _, rates = planted_frames("off_manifold")
    fig = slope_comparison.figure(rates, None, DECISIONS)
    assert len(points(fig.axes[0], "o")) == 5
    assert "regression" not in legend_texts(fig)
    too_few = meta_regression.regression(rates, DECISIONS)
    fig = slope_comparison.figure(rates, too_few, DECISIONS)
    assert texts(fig.axes[0]) == ["0 cells: no regression"]
    style.save_figure(fig, tmp_path / "fig")


def test_a_study_without_slopes_says_so(tmp_path):
    nothing = planted_frames("depth")[1].assign(upper_difference=math.nan)
    fig = slope_comparison.figure(nothing, None, DECISIONS)
    assert texts(fig.axes[0]) == ["No slope was fitted in this study."]
    style.save_figure(fig, tmp_path / "fig")


# ---------------------------------------------------------------- tournament, extrapolation


def test_the_tournament_has_a_bar_per_predictor_and_names_the_winner(rates, tmp_path):
    table = tournament_table.tournament(rates, 0.95)
    fig = tournament.figure(table)
    erm = table[table["arm"] == "erm"]
    ax, _ = panels(fig)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(list(erm["held_out_rmse"]))
    assert [text.endswith("wins") for text in texts(ax)] == list(erm["winner"])
    style.save_figure(fig, tmp_path / "fig")
    nothing = tournament.figure(table.assign(held_out_rmse=math.nan))
    assert texts(nothing.axes[0]) == ["Too few cells for a tournament of predictors."]


def test_extrapolation_counts_the_confirmatory_risks_in_the_intervals_of_both_ways(rates, tmp_path):
    table = planted_extrapolation(rates)
    fig = extrapolation.figure(table)
    judged = table[table["confirmatory"]]
    assert 0 < len(judged) < len(table) and set(judged["arm"]) == {"erm"}
    ways = {
        "predicted shape, free scale": ("predicted_risk", "covered", "log_ratio"),
        "straight line in log n": ("line_risk", "line_covered", "line_log_ratio"),
    }
    for ax, (name, (due, covered, error)) in zip(panels(fig), ways.items(), strict=True):
        held = int(judged[covered].sum())
        off = np.expm1(judged[error].abs().median())
        counted = (
            f"{held} of {len(judged)} inside ({held / len(judged):.0%}), median error {off:.1%}"
        )
        assert ax.get_title().splitlines() == [name, counted]
        drawn = np.concatenate([points(ax, "o"), points(ax, "x")])
        assert (len(points(ax, "o")), len(points(ax, "x"))) == (held, len(judged) - held)
        ratio = judged["mean_risk"] / judged[due]
        assert set(map(tuple, drawn)) == set(zip(judged["mean_risk"], ratio, strict=True))
        inside, outside = (bars.get_segments() for bars in ax.collections)
        assert len(inside) == held and all(low[1] <= 1 <= high[1] for low, high in inside)
        assert not any(low[1] <= 1 <= high[1] for low, high in outside)
    style.save_figure(fig, tmp_path / "fig")


def test_without_confirmatory_cells_every_arm_is_extrapolated_and_named(rates):
    table = planted_extrapolation(rates).assign(confirmatory=False)
    fig = extrapolation.figure(table)
    assert f" of {len(table)} inside" in titles(fig)[0]
    assert legend_texts(fig)[-4:] == ["erm", "adam", "joint", "reference"]


def test_nothing_to_extrapolate_is_said():
    fig = extrapolation.figure(pd.DataFrame())
    assert texts(fig.axes[0]) == ["No curve has sizes enough to extrapolate."]


# ---------------------------------------------------------------- plain training


def planted_risks(replicates: int) -> pd.DataFrame:
    """Risks of erm and of adam, twice as large; targets vary by 12%, each arm by 8% besides."""
    _, rates = planted_frames("depth", arms=["erm", "adam"])
    rng = np.random.default_rng(0)
    target = rng.normal(0, 0.12, replicates)
    frames = []
    for row in rates.to_dict("records"):
        for n in SIZES:
            level = (2.0 if row["arm"] == "adam" else 1.0) / n
            risk = level * np.exp(target + rng.normal(0, 0.08, replicates))
            used = {"start": "used", "n_ratings": n, "replicate": range(replicates), "risk": risk}
            frames.append(pd.DataFrame(row | used))
    return pd.concat(frames, ignore_index=True)


def test_the_cost_is_a_paired_geometric_mean():
    risks = planted_risks(400)
    doubled = risks.assign(start="doubled", risk=1e9)
    again = risks.assign(experiment="another")
    cost = training_cost.cost_of_plain_training(pd.concat([risks, doubled, again]))
    assert (cost["pairs"] == 400).all()
    np.testing.assert_allclose(cost["ratio"], 2.0, rtol=0.03)
    # Targets vary by 12%, which pairing removes: 8% noise in each arm remains.
    width = np.log(cost["high"] / cost["low"])
    np.testing.assert_allclose(width, 2 * 1.966 * 0.08 * math.sqrt(2 / 400), rtol=0.15)


def test_the_cost_figure_has_a_line_per_cell_at_the_sizes_that_ran():
    fig = training_cost.figure(planted_risks(5))
    [ax] = fig.axes
    assert len(legend_texts(fig)) == 8
    assert set(points(ax, "o")[:, 0]) == set(SIZES)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "number of ratings |Ω|",
        "risk of adam / risk of erm",
    )


def test_a_study_without_adam_says_so():
    risks = planted_risks(2)
    fig = training_cost.figure(risks[risks["arm"] == "erm"])
    assert texts(fig.axes[0]) == ["This study does not train both erm and adam."]
