"""Planted shares come back as means, gains are paired by target, and bars stack to the regret."""

import io

import numpy as np
import pandas as pd
import pytest

from cells import data_spec
from figure_parts import panels, texts, titles
from twotower.analyses import two_stages
from twotower.report.practice.two_stages import figure
from twotower.retrieval.two_stages import COLUMNS
from twotower.study import grid

RETRIEVAL = {10: 0.5, 100: 0.2}
RANKING = {"towers": 0.3, "boosting": 0.4, "boosting_with_score": 0.1}
HARD = (0.0, 0.2, 0.4)  # targets differ more than rankers do
SPEC = data_spec() | {"depth": 1, "width": {"schedule": "units", "constant": 1.0}}


def planted() -> tuple[list[pd.DataFrame], list[dict]]:
    rows = [
        {"n_ratings": n, "replicate": replicate, "index": index, "items": items}
        | {"candidates": count, "ranker": ranker, "retrieved": 0.5}
        | {"retrieval_share": RETRIEVAL[count] + hard, "ranking_share": own}
        | {"regret": RETRIEVAL[count] + hard + own}
        for n in (256, 1024)
        for replicate, hard in enumerate(HARD)
        for index, items in (("exact", 500), ("exact", 9000), ("ivf", 9000))
        for count in RETRIEVAL
        for ranker, share in RANKING.items()
        for own in [0.0 if count == 10 else share]
    ]
    about = grid.Cell(SPEC, 1, ("one",), (256, 1024), ("erm",)).columns() | {"arm": "erm"}
    return [pd.DataFrame(rows, columns=COLUMNS)], [about]


def test_planted_shares_and_gains_come_back():
    table = two_stages.two_stages(*planted(), 64, 10, 0.95)
    row = table[(table["ranker"] == "boosting_with_score") & (table["candidates"] == 100)].iloc[0]
    assert row["retrieval_share"] == pytest.approx(0.4) and row["ranking_share"] == pytest.approx(
        0.1
    )
    assert row["regret"] == pytest.approx(0.5)
    assert row["regret_high"] - row["regret"] == pytest.approx(4.3027 * 0.2 / np.sqrt(3), rel=1e-4)
    # paired: however hard a target is, the gain is the same
    assert row["gain_low"] == pytest.approx(row["gain_high"]) == pytest.approx(0.2)
    alone = table[(table["ranker"] == "towers") & (table["candidates"] == 10)]
    assert (alone["gain"] == 0).all()


def test_bars_stack_to_the_regret_and_signs_say_what_is_sure():
    table = two_stages.two_stages(*planted(), 64, 10, 0.95)
    fig = figure(pd.read_csv(io.StringIO(table.to_csv(index=False))))
    assert titles(fig) == ["500 items", "9,000 items"]
    ax = panels(fig)[0]
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    # towers alone; boosting; boosting with the score: retrieval, then all
    assert tops[:6] == pytest.approx([0.7, 0.7, 0.4, 0.8, 0.4, 0.5])
    assert [text for text in texts(ax) if text in "+−"] == ["", "−", "+"] * 2
