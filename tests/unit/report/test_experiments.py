"""Each experiment's own figure: slopes against what it varies, beside what theory says of them."""

import math

import pandas as pd
import pytest

from figure_fakes import planted_approximation, planted_experiments, planted_frames
from figure_parts import legend_texts, lines, log_slope, panels, points, texts, titles
from twotower.report import experiments, style
from twotower.report.curves import PREDICTION_LABEL
from twotower.report.experiments import experiment_figure


def slope_panels(fig):
    return [ax for ax in fig.subfigs[0].axes if ax.axison]


def ticks(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("name", planted_experiments())
def test_every_experiment_can_be_drawn(name):
    with style.paper_style():
        experiment_figure(name, *planted_frames(name)).draw_without_rendering()


@pytest.mark.parametrize(
    ("name", "groups", "values"),
    [
        ("smoothness", ["d = 1", "d = 2"], ["1/2", "1", "2", "3", "∞"]),
        ("dimension", ["d = 1", "d = 2", "d = 3"], ["1", "10", "30"]),
        ("depth", ["units schedule", "dense schedule"], ["1", "2", "3", "4"]),
        ("off_manifold", [""], ["0", "0.03", "0.1", "0.3", "1"]),
        ("embedding_dim", [""], ["1", "2", "3\ntrue p", "4", "6"]),
        ("dust", [""], ["1.26", "1.5", "1.75"]),
    ],
)
def test_slopes_stand_over_the_values_of_what_is_varied(name, groups, values):
    fig = experiment_figure(name, *planted_frames(name))
    assert [ax.get_title() for ax in slope_panels(fig)] == groups
    assert ticks(slope_panels(fig)[0]) == values


def test_noise_and_sampling_are_named_in_words():
    noise = experiment_figure("noise", *planted_frames("noise"))
    assert {"σ = 0", "σ = 1\nheavy tails", "σ = 1\n1–5 stars"} <= set(ticks(slope_panels(noise)[0]))
    sampling = experiment_figure("sampling", *planted_frames("sampling"))
    assert ticks(slope_panels(sampling)[0])[1:3] == ["full grid", "fixed users\ncatalogue 256"]


def test_measured_slopes_and_those_of_theory_are_the_tables_own():
    curves, rates = planted_frames("noise")
    [ax] = slope_panels(experiment_figure("noise", curves, rates))
    erm = rates[rates["arm"] == "erm"].sort_values("slope")
    drawn = sorted(points(ax, "o")[:, 1])
    assert drawn == pytest.approx(list(erm["slope"]))
    levels = {line.get_ydata()[0] for line in lines(ax, style.BLACK) if len(line.get_xdata()) == 2}
    assert set(erm["predicted_slope"]) <= levels
    assert {line.get_ydata()[0] for line in lines(ax, style.GUIDE_GREY)} == {-2 / 3}
    assert texts(ax) == ["−2β/(2β+d)", "−2β/d\n(no noise)"]
    assert {-2 / 3, -2.0} == {line.get_ydata()[0] for line in lines(ax, style.TEXT_GREY)}


def test_predicted_slopes_of_arms_that_differ_are_told_apart():
    curves, rates = planted_frames("noise")
    reference = rates["arm"] == "reference"
    rates.loc[reference, "predicted_slope"] -= 0.03
    [ax] = slope_panels(experiment_figure("noise", curves, rates))
    both = rates["cell"].isin(rates.loc[reference, "cell"])
    for arm in ("erm", "reference"):
        drawn = lines(ax, style.dark(style.arm_mark(arm)).color)
        levels = [line.get_ydata()[0] for line in drawn if len(line.get_xdata()) == 2]
        assert set(rates.loc[both & (rates["arm"] == arm), "predicted_slope"]) <= set(levels)


def test_an_asymptote_that_is_not_the_bound_is_drawn_and_named():
    curves, rates = planted_frames("sampling")
    grid = rates["sampling"] == "grid"
    rates.loc[grid, "asymptotic_slope"] = -0.5
    fig = experiment_figure("sampling", curves, rates)
    assert experiments.ASYMPTOTE_LABEL in legend_texts(fig)
    [line] = lines(slope_panels(fig)[0], style.TEXT_GREY)
    assert list(line.get_ydata()) == [-0.5, -0.5]
    unchanged = experiment_figure("sampling", *planted_frames("sampling"))
    assert experiments.ASYMPTOTE_LABEL not in legend_texts(unchanged)


def test_what_is_flat_looks_flat():
    low, high = slope_panels(experiment_figure("depth", *planted_frames("depth")))[0].get_ylim()
    assert high - low == pytest.approx(0.4)


def test_max_and_sum_put_every_slope_at_its_dimension():
    curves, rates = planted_frames("max_not_sum")
    ours, joint = slope_panels(experiment_figure("max_not_sum", curves, rates))
    erm = rates[rates["arm"] == "erm"]
    dims = erm[["user_intrinsic_dim", "item_intrinsic_dim"]]
    for ax, places in ((ours, dims.max(axis=1)), (joint, dims.sum(axis=1))):
        drawn = {tuple(point) for point in points(ax, "o")}
        assert drawn == set(zip(places, erm["slope"], strict=True))
        assert len(points(ax, "D")) == 9


def test_learning_curves_stand_below_for_every_cell():
    fig = experiment_figure("dimension", *planted_frames("dimension"))
    assert len(panels(fig)) == 3 + 9


def test_no_slope_at_all_leaves_the_learning_curves():
    curves, rates = planted_frames("smoothness")
    fig = experiment_figure("smoothness", curves, rates.assign(slope=math.nan))
    assert len(fig.subfigs) == 0 and len(panels(fig)) == 10


def test_unknown_experiments_and_many_groups_get_learning_curves():
    curves, rates = planted_frames("noise")
    assert len(experiment_figure("my_own", curves, rates).subfigs) == 0
    frames = [planted_frames(name) for name in ("noise", "depth")]
    both = [pd.concat(parts, ignore_index=True) for parts in zip(*frames, strict=True)]
    assert len(experiment_figure("off_manifold", *both).subfigs) == 0


# ---------------------------------------------------------------- figures of their own


def test_null_cells_are_held_against_one():
    fig = experiment_figure("null_cells", *planted_frames("null_cells"))
    for ax in panels(fig):
        low, high = ax.get_ylim()
        assert low <= 0.2 and high >= 2
        assert any(set(line.get_ydata()) == {1.0} for line in lines(ax, style.GUIDE_GREY))


def test_approximation_has_a_panel_per_dimension_and_theorem_ones_slopes():
    curves, rates = planted_approximation()
    fig = experiment_figure("approximation", curves, rates)
    assert titles(fig) == ["d = 1", "d = 2"]
    for ax, dim in zip(panels(fig), (1, 2), strict=True):
        guides = sorted(log_slope(line) for line in lines(ax, style.GUIDE_GREY))
        assert guides == pytest.approx([-4 / dim, -2 / dim, -1 / dim])
    assert texts(panels(fig)[0])[-1] == "β = 1/2: −0.97 ± .06  (theory −1)"
    assert legend_texts(fig)[-3:] == ["slope −2β/d", PREDICTION_LABEL, "half the ratings"]
    low = panels(fig)[0].get_ylim()[0]
    assert low > curves["risk_low"].min() / 2 > 100 * curves["predicted_risk"].min()


@pytest.mark.parametrize("name", [*planted_experiments(), "another name"])
def test_the_axis_chooses_the_figure_over_hidden_units_not_the_name(name):
    frames = planted_approximation()
    drawn, own = (experiment_figure(called, *frames) for called in (name, "approximation"))
    assert (titles(drawn), legend_texts(drawn)) == (titles(own), legend_texts(own))
    over_ratings = experiment_figure("approximation", *planted_frames("smoothness"))
    assert PREDICTION_LABEL in legend_texts(over_ratings)
    assert "half the ratings" not in legend_texts(over_ratings)


def test_approximation_without_a_fit_still_shows_the_risks(tmp_path):
    curves, rates = planted_approximation()
    rates[["slope", "slope_low", "slope_high"]] = math.nan
    curves["in_window"], curves["fitted_risk"] = False, math.nan
    fig = experiment_figure("approximation", curves, rates)
    assert len(points(panels(fig)[0], "o")) == 2 * curves["units"].nunique()
    style.save_figure(fig, tmp_path / "fig")
