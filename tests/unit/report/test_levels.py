"""Levels as a figure and as tables: what is confirmatory, what is judged, and nothing at all."""

import numpy as np
import pandas as pd
import pytest

from figure_fakes import PlantedCell, both, planted_frames
from figure_parts import legend_texts, panels, titles
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


def test_each_arm_has_a_panel_with_a_line_for_each_confirmatory_cell(planted):
    fig = levels.figure(planted)
    assert titles(fig) == ["two towers (erm)", "reference"]
    for ax, arm in zip(panels(fig), ("erm", "reference"), strict=True):
        rows = planted[(planted["arm"] == arm) & (planted["depth"] == 1)]
        drawn = [line.get_ydata() for line in ax.lines if line.get_marker() in ("o", "^")]
        whole = [y for y in drawn if len(y) == rows["n_ratings"].nunique()]
        assert len(whole) == 2
        np.testing.assert_allclose(np.sort(np.concatenate(whole)), np.sort(rows["ratio"]))
        judged = [y for y in drawn if len(y) == 4]  # 8k to 64k
        assert len(judged) == 2
    entries = legend_texts(fig)
    assert entries[:4] == ["β = 1", "β = 2", "d = 1", "d = 2"]
    assert entries[-1] == "within a factor 1.25"


def test_without_confirmatory_cells_all_are_drawn_and_without_levels_it_says_so(planted):
    fig = levels.figure(planted.assign(confirmatory=False))
    lines = [line for line in panels(fig)[0].lines if len(line.get_ydata()) == 8]
    assert len(lines) == 3
    assert levels.figure(planted.iloc[:0]).get_figwidth() == style.COLUMN_WIDTH


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
