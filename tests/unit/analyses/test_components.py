"""Planted lists come back as means, as the least number of components, and as points."""

import numpy as np
import pandas as pd
import pytest

from cells import data_spec
from figure_parts import legend_texts, panels, points, titles
from twotower.analyses import components
from twotower.evaluation import best_components, component_lists
from twotower.report.practice.components import figure

RECALL = {1: 0.2, 2: 0.6, 4: 0.95}
FITTED = {1: 0.1, 2: 0.3, 4: 0.25}  # more components are not always better
SPEC = {
    "targets": {"aa": data_spec(rank=4, smoothness="inf"), "bb": data_spec(2)},
    "fits": [{"arm": "erm", "cell": f"c{dim}", "data": "aa"} for dim in FITTED],
    "users": 8,
    "items": 50,
    "recalls": [0.25, 0.9],
}


def rows(recalls: dict, shift: float, **about) -> list[dict]:
    """Of two targets, to both sides of the mean."""
    return [
        {"embedding_dim": dim, "replicate": replicate, "k": k, "recall": recall + shift * sign}
        | {"ndcg": recall, "regret": 1.0 - recall, "whole": 0.0}
        | about
        for dim, recall in recalls.items()
        for k in (1, 5)
        for replicate, sign in enumerate((-1, 1))
    ]


def planted() -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    best = [
        row
        for name in SPEC["targets"]
        for items, source in ((50, "best"), (20, "best"), (20, "free"))
        for row in rows(RECALL, 0.01, data=name, source=source, users=8, items=items)
    ]
    fits = [rows({dim: FITTED[dim]}, 0.02, n_ratings=256) for dim in FITTED]
    tables = [pd.DataFrame(each, columns=component_lists.FIT_COLUMNS) for each in fits]
    return pd.DataFrame(best, columns=best_components.COLUMNS), tables


def test_planted_means_and_numbers_of_components_come_back():
    lists, needed = components.components(*planted(), SPEC, 0.95)
    assert list(lists) == components.COLUMNS and list(needed) == components.NEEDED_COLUMNS
    towers = lists[(lists["source"] == "erm") & (lists["k"] == 5)]
    assert dict(zip(towers["embedding_dim"], towers["recall"], strict=True)) == pytest.approx(
        FITTED
    )
    assert set(towers["cell"]) == {"c1", "c2", "c4"} and set(towers["smoothness"]) == {np.inf}
    # two targets at ± .02: the standard error is .02, Student's quantile 12.706
    np.testing.assert_allclose(towers["recall_high"] - towers["recall"], 12.706 * 0.02, rtol=1e-4)
    asked = needed[(needed["k"] == 5) & (needed["data"] == "aa") & (needed["items"] == 50)]
    least = {(row.source, row.recall): row.embedding_dim for row in asked.itertuples()}
    assert least["best", 0.25] == 2 and least["best", 0.9] == 4 and least["erm", 0.25] == 2
    assert np.isnan(least["erm", 0.9])
    erm = asked[asked["source"] == "erm"].iloc[0]
    assert (erm["most_recall"], erm["most_recall_dim"]) == (pytest.approx(0.3), 2)
    assert (erm["least_regret"], erm["least_regret_dim"]) == (pytest.approx(0.7), 2)
    assert set(needed["every_set"]) == {2, 10}


def test_a_row_of_panels_for_each_kind_of_targets():
    lists, _ = components.components(*planted(), SPEC, 0.95)
    fig = figure(lists)
    assert titles(fig)[:3] == ["recall@1", "recall@5", "regret@5, in sd of R*"]
    assert legend_texts(fig) == ["best possible", "erm, 256 ratings"]
    first = panels(fig)[0]
    np.testing.assert_allclose(points(first, "s"), [[d, r] for d, r in RECALL.items()])
    np.testing.assert_allclose(points(first, "o"), [[d, r] for d, r in FITTED.items()])
    assert not len(points(panels(fig)[3], "o"))  # no towers of these targets


def test_a_study_without_towers_still_has_its_figure():
    best, _ = planted()
    lists, needed = components.components(best, [], SPEC | {"fits": []}, 0.95)
    assert set(needed["source"]) == {"best", "free"}
    assert legend_texts(figure(lists)) == ["best possible"]
