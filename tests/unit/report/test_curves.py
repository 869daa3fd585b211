"""Learning curves: a panel per cell, the fit, the prediction and the bound, whatever is missing."""

import math

import numpy as np
import pytest

from figure_fakes import PlantedCell, both, planted_experiments, planted_frames, planted_study
from figure_parts import legend_texts, legend_title, lines, log_slope, panels, points, texts, titles
from twotower.report import curves as curve_figures
from twotower.report import style


@pytest.fixture(scope="module")
def frames():
    return planted_frames("smoothness")


@pytest.fixture(scope="module")
def figure(frames):
    return curve_figures.learning_curves(*frames)


def test_a_panel_per_cell_by_dimension_then_smoothness(figure):
    betas = ["1/2", "1", "2", "3", "∞"]
    assert titles(figure) == [f"β = {beta}, d = {dim}" for dim in (1, 2) for beta in betas]


def test_axes_are_logarithmic_shared_and_labelled(figure):
    for ax in panels(figure):
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert ax.get_ylim() == panels(figure)[0].get_ylim()
    assert figure.get_supxlabel() == "number of ratings |Ω|"
    assert figure.get_supylabel().startswith("risk")
    assert figure.get_figwidth() == style.TEXT_WIDTH


def test_the_legend_has_every_arm_and_line_once(figure):
    arms = ["erm", "adam", "reference"]
    assert legend_texts(figure) == [
        *arms,
        curve_figures.PREDICTION_LABEL,
        "bound −2β/(2β+d)",
        "sizes fitted",
        "upper half (slopes)",
    ]


def rows_above(ax) -> list[list[str]]:
    """The lines of text above a panel, from the top."""
    rows: dict[float, list] = {}
    for text in sorted(ax.texts, key=lambda text: text.xyann[0]):
        rows.setdefault(text.xyann[1], []).append(text.get_text())
    return [rows[height] for height in sorted(rows, reverse=True)]


def test_above_a_panel_stand_the_slopes_that_are_judged_beside_the_predicted_ones(frames):
    curves, rates = frames
    judged = rates.assign(upper_predicted_slope=-0.41, upper_difference=-0.1)
    judged = judged.assign(upper_difference_low=-0.14, upper_difference_high=-0.06)
    ax = panels(curve_figures.learning_curves(curves, judged))[0]
    shown = [[arm, "−0.51 ± .04", "−0.41"] for arm in ("erm", "adam", "reference")]
    assert rows_above(ax) == [["slope", "predicted"], *shown, ["bound", "−0.50"]]


def test_the_upper_half_of_the_sizes_fitted_is_shaded_darker(figure, frames):
    curves, _ = frames
    here = curves[curves["cell"] == curves["cell"].iloc[0]]
    for band, marked in zip(panels(figure)[0].patches, ("in_window", "upper_half"), strict=True):
        sizes = here.loc[here[marked], "n_ratings"]
        left, right = (
            band.get_extents().transformed(panels(figure)[0].transData.inverted()).intervalx
        )
        assert [n for n in here["n_ratings"].unique() if left <= n <= right] == sorted(set(sizes))


def many_cells():
    """As of the standard study: panels of one cell, of long titles, beside one of many rows."""
    cells = [PlantedCell({"smoothness": beta}) for beta in (0.5, 1.0, 1.5, 2.0)]
    cells += [PlantedCell({"rank": p, "embedding_dim": p}) for p in (1, 4, 8)]
    cells += [PlantedCell({"depth": depth, "schedule": "dense"}) for depth in range(2, 12)]
    said = {"catalogue": 65536, "noise": "student", "user_intrinsic_dim": 2, "ambient_dim": 30}
    cells.append(PlantedCell({"sampling": "popularity", "depth": 3, **said}))
    curves, rates = planted_frames("many", cells)
    return curves, rates.assign(confirmatory=rates["arm"] == "erm")


@pytest.mark.parametrize(
    "fig",
    [
        lambda: curve_figures.learning_curves(*planted_frames("smoothness")),
        lambda: curve_figures.study_curves(*planted_study()),
        lambda: curve_figures.study_curves(*many_cells()),
    ],
)
def test_no_text_above_a_panel_lies_on_another(fig):
    with style.paper_style():
        fig = fig()
        fig.draw_without_rendering()
    drawn = [text for ax in panels(fig) for text in (*ax.texts, ax.title)]
    boxes = [text.get_window_extent() for text in drawn]
    for place, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[:place]), drawn[place].get_text()


def test_fit_prediction_and_bound_are_the_frames_own(figure, frames):
    curves, rates = frames
    cell = rates["cell"].iloc[0]
    ax = panels(figure)[0]
    here = curves[(curves["cell"] == cell) & curves["in_window"]]
    [guide] = lines(ax, style.GUIDE_GREY)
    assert log_slope(guide) == pytest.approx(-0.5)
    assert list(guide.get_xdata()) == sorted(here["n_ratings"].unique())
    assert (guide.get_ydata() < here.groupby("n_ratings")["risk_low"].min().to_numpy()).all()
    erm = here[here["arm"] == "erm"]
    assert any(np.array_equal(line.get_ydata(), erm["fitted_risk"]) for line in ax.lines)
    everywhere = curves[(curves["cell"] == cell) & (curves["arm"] == "erm")]
    assert any(np.array_equal(line.get_ydata(), everywhere["predicted_risk"]) for line in ax.lines)


def test_curves_of_two_smoothnesses_are_told_apart_and_of_two_arms_one_is_drawn():
    cells = [PlantedCell({"depth": depth}) for depth in range(1, 14)]
    own = [{"user_smoothness": u, "item_smoothness": i} for u in (0.5, 2.0) for i in (1.0, 3.0)]
    curves, rates = planted_frames("many", [*cells, *(PlantedCell(each) for each in own)])
    rest = curves["arm"] != "erm"
    fig = curve_figures.study_curves(curves[rest], rates[rates["arm"] != "erm"])
    labels = legend_texts(fig)
    assert len([label for label in labels if "β" in label]) == 5
    sizes = [len(line.get_xdata()) for ax in panels(fig) for line in ax.lines]
    assert max(sizes) <= curves["n_ratings"].nunique()


@pytest.mark.parametrize(("n_cells", "n_axes"), [(1, 1), (2, 3), (3, 3), (8, 8), (16, 16)])
def test_any_number_of_cells(n_cells, n_axes):
    cells = [PlantedCell({"smoothness": 0.5 + k / 8}) for k in range(n_cells)]
    fig = curve_figures.learning_curves(*planted_frames("any", cells))
    assert (len(panels(fig)), len(fig.axes)) == (n_cells, n_axes)
    assert "erm" in legend_texts(fig)


def test_what_all_cells_share_is_said_once_in_the_legend():
    fig = curve_figures.learning_curves(*planted_frames("sampling"))
    assert legend_title(fig) == "all: β = 1, d = 1"
    assert titles(fig)[:3] == ["fresh pairs", "full grid", "fixed users, catalogue 256"]


def test_the_curves_of_joint_do_not_hide_the_prediction():
    """Rows of joint have no prediction, those of erm beside them do."""
    curves, rates = planted_frames("max_not_sum")
    fig = curve_figures.learning_curves(curves.iloc[::-1], rates)
    [line] = predictions(panels(fig)[0])
    assert len(line.get_xdata()) == curves["n_ratings"].nunique()
    assert "joint" in legend_texts(fig)


def predictions(ax) -> list:
    return [line for line in ax.lines if line.get_zorder() == curve_figures.PREDICTION["zorder"]]


def test_each_arm_with_a_prediction_of_its_own_has_its_line_and_arms_that_share_one_one():
    curves, rates = planted_frames("any", [PlantedCell()], ["erm", "adam", "reference"])
    [shared] = predictions(panels(curve_figures.learning_curves(curves, rates))[0])
    assert shared.get_color() == style.BLACK
    factor = curves["arm"].map({"erm": 1.25, "adam": math.nan, "reference": 1.0})
    own = curves.assign(predicted_risk=factor * curves["predicted_risk"])
    ax = panels(curve_figures.learning_curves(own.iloc[::-1], rates))[0]
    for line, arm in zip(predictions(ax), ("erm", "reference"), strict=True):
        assert line.get_color() == style.dark(style.arm_mark(arm)).color
        due = own[own["arm"] == arm]
        np.testing.assert_array_equal(line.get_ydata(), due["predicted_risk"])
        np.testing.assert_array_equal(line.get_xdata(), due["n_ratings"])


def test_of_many_cells_those_that_differ_in_smoothness_share_a_panel():
    curves, rates = planted_study()
    fig = curve_figures.study_curves(curves, rates)
    assert titles(fig)[:2] == ["d = 1", "d = 1, D = 10"]
    assert legend_texts(fig) == ["β = 1/2", "β = 1", "β = 2", curve_figures.PREDICTION_LABEL]
    first = rates[rates["confirmatory"] & (rates["experiment"] == "smoothness")]
    first = first[first["ambient_dim"] == 1].sort_values("smoothness")
    shown = [
        [f"β = {beta}", f"−{-row.slope:.2f} ± .03", f"−{-row.upper_predicted_slope:.2f}"]
        for beta, row in zip(("1/2", "1", "2"), first.itertuples(), strict=True)
    ]
    assert rows_above(panels(fig)[0]) == [["slope", "predicted"], *shown]
    assert len(points(panels(fig)[0], "o")) == curves["n_ratings"].nunique()


def test_reference_windows_and_predictions_may_be_missing(tmp_path):
    curves, rates = planted_frames("any", [PlantedCell(both(1.26) | {"support": "dust"})], ["erm"])
    curves["in_window"], curves["predicted_risk"], curves["fitted_risk"] = False, math.nan, math.nan
    fig = curve_figures.learning_curves(curves, rates.iloc[:0])
    assert legend_texts(fig) == ["erm"]
    assert titles(fig) == ["β = 1, d = 1.26"]
    assert texts(panels(fig)[0]) == []
    style.save_figure(fig, tmp_path / "fig")


def test_a_study_of_other_methods_alone_leaves_its_curves_to_their_figure():
    frames = planted_frames("any", [PlantedCell(reference=False)], ["erm"])
    fig = curve_figures.study_curves(*(frame.replace({"erm": "ridge"}) for frame in frames))
    assert texts(fig.axes[0]) == ["All its curves stand in the figure of other methods."]


def test_an_interval_that_reaches_below_zero_does_not_stretch_the_axis():
    curves, rates = planted_frames("any", [PlantedCell()])
    curves.loc[0, "risk_low"] = -1.0
    low, _ = panels(curve_figures.learning_curves(curves, rates))[0].get_ylim()
    assert low > curves["mean_risk"].min() / 10


def test_an_empty_frame_and_an_unknown_arm_are_named():
    curves, rates = planted_frames("any", [PlantedCell()])
    with pytest.raises(ValueError, match="curves frame is empty"):
        curve_figures.learning_curves(curves.iloc[:0], rates)
    with pytest.raises(ValueError, match="'other'.*erm, adam, .*joint, reference"):
        curve_figures.learning_curves(curves.replace({"arm": {"erm": "other"}}), rates)


def test_a_bound_slope_that_csv_reads_back_as_an_integer_is_drawn():
    """At β = ∞ the bound's slope is −1 in every row, written without a decimal point."""
    curves, rates = planted_frames("any", [PlantedCell({"smoothness": math.inf})])
    fig = curve_figures.learning_curves(curves, rates.assign(bound_slope=-1))
    [guide] = lines(panels(fig)[0], style.GUIDE_GREY)
    assert log_slope(guide) == pytest.approx(-1)


def test_a_study_without_learning_curves_says_so():
    curves, rates = planted_frames("any", [PlantedCell()])
    fig = curve_figures.study_curves(curves.iloc[:0], rates.iloc[:0])
    assert texts(fig.axes[0]) == ["No experiment of this study varies the number of ratings."]


def test_every_planted_experiment_has_cells_that_titles_tell_apart():
    for name, cells in planted_experiments().items():
        fig = curve_figures.learning_curves(*planted_frames(name))
        assert len(set(titles(fig))) == len(cells)
