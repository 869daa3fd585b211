"""Maps, budgets and lemmas: classes and shares are those of the tables."""

import numpy as np
import pandas as pd
import pytest

from figure_fakes import planted_budget, planted_study
from figure_parts import legend_texts, panels, points, texts, titles
from frozen import DECISIONS
from twotower.analyses import falsifiability
from twotower.lemmas import table as lemmas_table
from twotower.report import limits, style


def test_each_window_has_its_map_of_three_classes(tmp_path):
    table = falsifiability.falsifiability(DECISIONS)
    fig = limits.falsifiability(table)
    assert titles(fig)[:2] == ["512 to 16k ratings", "1k to 128k ratings"]
    first = table[(table["n_min"] == 512) & (table["n_max"] == 2**14)]
    signs = texts(panels(fig)[0])
    assert signs.count("×") == (~first["falsifiable"]).sum()
    assert signs.count("") == (first["falsifiable"] & first["in_reach"]).sum()
    assert signs.count("–") == len(first) - signs.count("×") - signs.count("")
    labels = [label.get_text() for label in panels(fig)[0].get_yticklabels()]
    assert labels == ["1/4", "1/2", "1", "2", "3", "∞"]
    style.save_figure(fig, tmp_path / "fig")


def test_a_budget_is_stacked_to_the_whole_with_its_risk_at_the_end(tmp_path):
    rates = planted_study()[1]
    budget = planted_budget(rates)
    fig = limits.error_budget(budget)
    [ax] = panels(fig)
    cells = budget["confirmatory"].sum()
    assert len(ax.patches) == 3 * cells and len(ax.get_yticks()) == cells
    ends = np.array([bar.get_x() + bar.get_width() for bar in ax.patches[-cells:]])
    np.testing.assert_allclose(ends, 1.0)
    assert legend_texts(fig) == ["approximation", "estimation", "optimization"]
    assert len({bar.get_hatch() for bar in ax.patches}) == 3
    assert sum(text.startswith(" 0.") for text in texts(ax)) == cells
    style.save_figure(fig, tmp_path / "fig")


def test_parts_that_were_clipped_are_shares_of_their_sum():
    budget = planted_budget(planted_study()[1]).assign(approximation_share=0.6)
    bars = panels(limits.error_budget(budget))[0].patches
    widths = sorted({round(bar.get_x() + bar.get_width(), 9) for bar in bars})
    assert widths[-1] == 1.0


def test_lemmas_show_the_worst_share_of_each_case(tmp_path):
    table = lemmas_table.lemma_table(1, 24, [1, 2], [4, 8], [512, 1024, 2048])
    fig = limits.lemmas(table)
    for lemma, title in zip((1, 2, 3), titles(fig), strict=True):
        count = (table["lemma"] == lemma).sum()
        assert title == f"Lemma {lemma}: {count} of {count} hold"
    second = table[(table["lemma"] == 2) & table["case"].str.startswith("random pairs")]
    drawn = dict(points(panels(fig)[1], "o"))
    worst = second.groupby("depth")["ratio"].max()
    assert [drawn[0.0], drawn[1.0]] == pytest.approx(list(worst))
    style.save_figure(fig, tmp_path / "fig")


def test_tables_with_nothing_in_them_say_so():
    budget = limits.error_budget(pd.DataFrame())
    assert texts(budget.axes[0])[0].startswith("No cell was run from all the starts")
    nothing = limits.lemmas(pd.DataFrame({"lemma": []}))
    assert texts(nothing.axes[0]) == ["No lemma was checked in this study."]
