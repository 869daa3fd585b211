"""Levels as a figure and as tables: what is confirmatory, what is judged, and nothing at all."""

import numpy as np
import pandas as pd
import pytest

from figure_fakes import PlantedCell, both, planted_frames
from figure_parts import legend_texts, panels, titles
from frozen import THRESHOLDS
from twotower.report import levels, style
from twotower.report.tables import latex, layouts, markdown, texts


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    """Levels of two confirmatory cells and one that is not."""
    cells = [PlantedCell(), PlantedCell({"smoothness": 2.0, **both(2)}), PlantedCell({"depth": 2})]
    curves, _ = planted_frames("any", cells, ["erm", "reference"])
    ratio = curves["mean_risk"] / curves["predicted_risk"]
    limits = {"ratio_low": ratio / 1.1, "ratio_high": ratio * 1.1, "ratio_sd": 0.1}
    judged = {"upper_half": curves["n_ratings"] >= 8192}
    confirmatory = (curves["arm"] == "erm") & (curves["depth"] == 1)
    return curves.assign(ratio=ratio, confirmatory=confirmatory, **limits, **judged)


def drawn(table: pd.DataFrame):
    return levels.figure(table, THRESHOLDS.level_ratio)


def test_each_confirmatory_cell_has_a_panel_in_which_what_is_judged_is_filled(planted):
    fig = drawn(planted)
    assert titles(fig) == ["β = 1, d = 1", "β = 2, d = 2"]
    shown = planted[planted["depth"] == 1]
    for ax, cell in zip(panels(fig), shown["cell"].unique(), strict=True):
        for marker, arm in (("o", "erm"), ("s", "reference")):
            rows = shown[(shown["cell"] == cell) & (shown["arm"] == arm)]
            [whole] = [line for line in ax.lines if line.get_marker() == marker][:1]
            np.testing.assert_allclose(whole.get_ydata(), rows["ratio"])
            ends = [segment[:, 1] for bars in ax.collections for segment in bars.get_segments()]
            for interval in rows[["ratio_low", "ratio_high"]].to_numpy():
                assert any(np.allclose(end, interval) for end in ends)
        [hollow] = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
        np.testing.assert_allclose(hollow.get_xdata(), np.array([512, 1024, 2048, 4096]) * 0.93)
        band, box = ax.patches
        assert (box.get_y(), box.get_y() + box.get_height()) == pytest.approx((0.8, 1.25))
        assert 4096 < box.get_x() < 8192 and box.get_x() + box.get_width() > 65536
        assert band.get_facecolor() != box.get_facecolor()
    entries = legend_texts(fig)
    assert entries[:3] == ["two towers (erm), judged", "two towers, other sizes",
                           "reference, not judged"]  # fmt: skip
    assert "judged: upper half, within 1.25×" in entries
    others = legend_texts(levels.figure(planted, 1.3))
    assert others[-3:-1] == ["judged: upper half, within 1.3×", "within a factor 1.3"]


def test_bars_that_are_not_judged_do_not_stretch_the_axis(planted):
    wide = planted["n_ratings"] == 512
    stretched = planted.assign(ratio_high=planted["ratio_high"] * np.where(wide, 50, 1))
    assert panels(drawn(stretched))[0].get_ylim()[1] < 3


def test_cells_that_differ_in_any_setting_have_titles_of_their_own(planted):
    fig = drawn(planted.assign(confirmatory=planted["arm"] == "erm"))
    assert len(set(titles(fig))) == 3


def test_without_confirmatory_cells_all_are_drawn_and_without_levels_it_says_so(planted):
    assert len(panels(drawn(planted.assign(confirmatory=False)))) == 3
    assert drawn(planted.iloc[:0]).get_figwidth() == style.COLUMN_WIDTH


def test_the_table_has_a_row_for_each_size_in_order(planted, tmp_path):
    table = texts.level_table(planted.sample(frac=1, random_state=1))
    assert len(table) == len(planted)
    assert list(table.columns) == ["experiment", "β", "d", "D", "setting", "arm", "ratings",
                                   "risk", "predicted", "ratio [95% interval]", "spread",
                                   "fitted"]  # fmt: skip
    first = table[(table["β"] == "1") & (table["setting"] == "depth = 1")].iloc[:8]
    assert first["ratings"].tolist() == ["512", "1k", "2k", "4k", "8k", "16k", "32k", "64k"]
    assert first["fitted"].tolist()[-4:] == ["upper half"] * 4
    row = planted[(planted["arm"] == "erm") & (planted["n_ratings"] == 65536)].iloc[0]
    said = first.iloc[-1]
    assert said["ratio [95% interval]"].startswith(f"{row['ratio']:.2f} [{row['ratio_low']:.2f}, ")
    assert (said["risk"], said["spread"]) == (f"{row['mean_risk']:.3g}", "0.10")


def test_a_study_without_predictions_has_tables_without_rows(planted, tmp_path):
    table = texts.level_table(planted.iloc[:0])
    latex.write(table, layouts.LEVELS, tmp_path / "levels.tex")
    markdown.write(table, layouts.LEVELS, tmp_path / "levels.md")
    assert (tmp_path / "levels.md").read_text("utf-8").splitlines()[-1] == layouts.LEVELS.caption
    assert r"\bottomrule" in (tmp_path / "levels.tex").read_text("ascii")
