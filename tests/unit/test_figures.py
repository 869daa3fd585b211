"""Figures: what they show, and that they are the same bytes on every run."""

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from fakes import COST_OF_ADAM, DEFAULT_CELLS, SIZES, FakeCell, fake_curves, fake_rates, fake_risks
from twotower import figures, style

KINDS = ("pdf", "svg", "png")


def panels(fig):
    return [ax for ax in fig.axes if ax.axison]


def legend_texts(fig):
    legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    assert len(legends) == 1
    return [text.get_text() for text in legends[0].get_texts()]


def corner(ax):
    return [text.get_text() for text in ax.texts]


def slope_of(line):
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    return (y[-1] - y[0]) / (x[-1] - x[0])


# ---------------------------------------------------------------- learning curves


@pytest.fixture(scope="module")
def curves_figure():
    return figures.learning_curves(fake_curves(), fake_rates())


def test_a_panel_per_cell_with_its_title(curves_figure):
    titles = [ax.get_title() for ax in panels(curves_figure)]
    assert titles == [
        "β = 1/2, d = 1",
        "β = 1, d = 1",
        "β = 2, d = 1",
        "β = 1, d = 1, D = 10",
        "β = 1, d = 2",
    ]


def test_axes_are_logarithmic_shared_and_labelled(curves_figure):
    for ax in panels(curves_figure):
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert ax.get_ylim() == panels(curves_figure)[0].get_ylim()
    assert curves_figure.get_supxlabel() == "number of ratings |Ω|"
    assert curves_figure.get_supylabel().startswith("risk")
    assert curves_figure.get_figwidth() == style.TEXT_WIDTH


def test_the_legend_has_every_arm_and_line_once(curves_figure):
    assert legend_texts(curves_figure) == [
        "erm",
        "adam",
        "reference",
        "finite-n prediction",
        "slope −2β/(2β+d)",
        "fit window",
    ]


def test_the_corner_tells_the_slopes(curves_figure):
    assert corner(panels(curves_figure)[0]) == [
        "bound −0.50",
        "reference −0.50 ± .03",
        "adam −0.30 ± .03",
        "erm −0.51 ± .03",
    ]


def test_the_guide_has_the_bounds_slope_and_hides_no_curve(curves_figure):
    curves = fake_curves()
    for ax, cell in zip(panels(curves_figure), DEFAULT_CELLS, strict=True):
        [guide] = [line for line in ax.lines if line.get_color() == style.GUIDE_GREY]
        assert slope_of(guide) == pytest.approx(cell.bound_slope)
        here = curves[(curves["cell"] == cell.name) & curves["in_window"]]
        assert list(guide.get_xdata()) == sorted(here["n_ratings"].unique())
        lowest = here.groupby("n_ratings")["risk_low"].min()
        assert (guide.get_ydata() < lowest.to_numpy()).all()


@pytest.mark.parametrize(("n_cells", "n_axes"), [(1, 1), (2, 3), (3, 3), (13, 15)])
def test_any_number_of_cells(n_cells, n_axes):
    cells = tuple(FakeCell(0.5 + k / 4) for k in range(n_cells))
    sizes = (512, 4096, 65536)
    fig = figures.learning_curves(fake_curves(cells, sizes=sizes), fake_rates(cells))
    assert len(panels(fig)) == n_cells
    assert len(fig.axes) == n_axes
    assert "erm" in legend_texts(fig)


def test_arms_windows_and_intervals_may_be_missing(tmp_path):
    curves = fake_curves(DEFAULT_CELLS[:1], arms=("erm",), replicates=1)
    curves["in_window"], curves["predicted_risk"] = False, math.nan
    fig = figures.learning_curves(curves, fake_rates().iloc[:0])
    assert legend_texts(fig) == ["erm"]
    assert corner(panels(fig)[0]) == []
    style.save_figure(fig, tmp_path / "fig")


def test_an_interval_that_reaches_below_zero_does_not_stretch_the_axis():
    curves = fake_curves(DEFAULT_CELLS[:1])
    curves.loc[0, "risk_low"] = -1.0
    low, _ = panels(figures.learning_curves(curves, fake_rates()))[0].get_ylim()
    assert low > curves["mean_risk"].min() / 10


def test_an_empty_frame_and_an_unknown_arm_are_named():
    with pytest.raises(ValueError, match="curves frame is empty"):
        figures.learning_curves(fake_curves().iloc[:0], fake_rates())
    with pytest.raises(ValueError, match="'sgd'.*erm, adam, reference"):
        figures.learning_curves(fake_curves().replace({"arm": {"adam": "sgd"}}), fake_rates())


# ---------------------------------------------------------------- slopes


def test_slopes_are_drawn_on_equal_scales_with_every_arm():
    rates = fake_rates()
    fig = figures.slope_comparison(rates)
    [ax] = fig.axes
    assert ax.get_aspect() == 1.0
    assert legend_texts(fig) == ["erm", "adam", "reference", "agreement", "± 0.10"]
    drawn = sorted(y for line in ax.lines if line.get_marker() != "None" for y in line.get_ydata())
    assert drawn == pytest.approx(sorted(rates["slope"]))
    low, high = ax.get_ylim()
    assert low < rates["slope_low"].min() and rates["slope_high"].max() < high
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("finite-n predicted slope", "fitted slope")


def test_cells_are_named_only_while_they_are_few():
    few = figures.slope_comparison(fake_rates())
    assert len(few.axes[0].texts) == len(DEFAULT_CELLS)
    cells = tuple(FakeCell(0.5 + k / 4) for k in range(9))
    assert len(figures.slope_comparison(fake_rates(cells)).axes[0].texts) == 0


def test_points_are_moved_no_more_than_they_must():
    moved = figures._spread(pd.Series({"a": -0.5, "b": -0.5, "c": -0.8}), 0.03)
    assert dict(moved) == pytest.approx({"a": -0.515, "b": -0.485, "c": -0.8})


def test_a_study_without_slopes_says_so(tmp_path):
    fig = figures.slope_comparison(fake_rates().assign(slope=math.nan))
    assert corner(fig.axes[0]) == ["No slope was fitted in this study."]
    style.save_figure(fig, tmp_path / "fig")


# ---------------------------------------------------------------- plain training


def test_the_cost_is_a_paired_geometric_mean():
    risks = fake_risks(DEFAULT_CELLS[2:3], replicates=400)
    doubled = risks.assign(start="doubled", risk=1e9)
    cost = figures.cost_of_plain_training(pd.concat([risks, doubled])).set_index("n_ratings")
    expected = [COST_OF_ADAM * (n / SIZES[0]) ** 0.25 for n in SIZES]
    assert (cost["pairs"] == 400).all()
    np.testing.assert_allclose(cost["ratio"], expected, rtol=0.03)
    # Targets vary by 12%, which pairing removes: 8% noise in each arm remains.
    width = np.log(cost["high"] / cost["low"])
    np.testing.assert_allclose(width, 2 * 1.966 * 0.08 * math.sqrt(2 / 400), rtol=0.15)


def test_the_cost_figure_has_a_line_per_cell():
    fig = figures.plain_training_cost(fake_risks())
    [ax] = fig.axes
    assert len(legend_texts(fig)) == len(DEFAULT_CELLS)
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.get_xlabel() == "number of ratings |Ω|"
    assert ax.get_ylabel() == "risk of adam / risk of erm"
    assert any(set(line.get_ydata()) == {1.0} for line in ax.lines)


def test_a_study_without_adam_says_so():
    fig = figures.plain_training_cost(fake_risks(arms=("erm", "reference")))
    assert corner(fig.axes[0]) == ["This study does not train both erm and adam."]


# ---------------------------------------------------------------- style and bytes


def test_arms_differ_in_colour_marker_and_line():
    marks = style.ARMS.values()
    for feature in ("color", "marker", "linestyle"):
        assert len({getattr(mark, feature) for mark in marks}) == len(marks)
    assert len({style.cell_mark(position) for position in range(30)}) == 30


def digests(folder: Path) -> dict[str, str]:
    curves, rates, risks = fake_curves(), fake_rates(), fake_risks()
    style.save_figure(figures.learning_curves(curves, rates), folder / "learning_curves")
    style.save_figure(figures.slope_comparison(rates), folder / "slope_comparison")
    style.save_figure(figures.plain_training_cost(risks), folder / "plain.training.cost")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_bytes_whatever_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    here = digests(tmp_path / "here")
    assert len(here) == 3 * len(KINDS)
    elsewhere = {
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "1",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    rc = tmp_path / "matplotlibrc"
    rc.write_text("font.size: 20\nsvg.hashsalt: other\naxes.grid: True\nsavefig.bbox: tight\n")
    code = (
        "import sys, json, pathlib, test_figures;"
        "print(json.dumps(test_figures.digests(pathlib.Path(sys.argv[1]))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        env={**os.environ, **elsewhere, "MATPLOTLIBRC": str(rc)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == here


def test_saving_leaves_no_trace_of_time_tool_or_temporary_name(tmp_path):
    style.save_figure(figures.slope_comparison(fake_rates()), tmp_path / "fig")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fig.pdf", "fig.png", "fig.svg"]
    pdf = (tmp_path / "fig.pdf").read_bytes()
    assert b"CreationDate" not in pdf and b"Matplotlib" not in pdf
    assert b"/Subtype /Type3" not in pdf  # fonts are embedded as TrueType
    svg = (tmp_path / "fig.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg and "matplotlib.org" not in svg
    assert b"Software" not in (tmp_path / "fig.png").read_bytes()


def test_the_readers_settings_are_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    style.save_figure(figures.slope_comparison(fake_rates()), tmp_path / "fig")
    assert dict(matplotlib.rcParams) == before


def test_a_bound_slope_that_csv_reads_back_as_an_integer_is_drawn():
    """At β = ∞ the bound's slope is −1 in every row, written without a decimal point."""
    cells = [FakeCell(smoothness=math.inf)]
    rates = fake_rates(cells).assign(bound_slope=-1)
    fig = figures.learning_curves(fake_curves(cells), rates)
    assert len(panels(fig)) == 1
