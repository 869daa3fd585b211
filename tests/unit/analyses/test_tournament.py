"""The tournament finds the dimension that slopes were planted with."""

import itertools

import numpy as np
import pandas as pd
import pytest

from study_draws import rate_rows
from twotower.analyses.tournament import PREDICTORS, tournament


def slopes(planted, arm="erm", dims=(1, 2, 3), ambient=(3, 10), equal=False):
    """Cells over all pairs of dimensions, with the slopes of one predictor and a constant bias."""
    rows = []
    for index, (users, items) in enumerate(itertools.product(dims, dims)):
        if equal and users != items:
            continue
        row = {"user_intrinsic_dim": users, "item_intrinsic_dim": items, "arm": arm}
        rows.append(row | {"ambient_dim": ambient[index % 2]})
    frame = rate_rows(*rows, experiment="max_not_sum;other")
    dim = PREDICTORS[planted](frame)
    noise = 0.002 * np.random.default_rng(1).standard_normal(len(frame))
    return frame.assign(slope=0.9 * -2 / (2 + dim) - 0.05 + noise)


def winner(table, arm="erm"):
    return table.loc[(table["arm"] == arm) & table["winner"], "predictor"].tolist()


@pytest.mark.parametrize("planted", ["max", "sum", "ambient"])
def test_what_was_planted_wins(planted):
    table = tournament(slopes(planted), 0.95)
    assert winner(table) == [planted]
    assert table["cells"].eq(9).all() and table["unequal_cells"].eq(6).all()
    errors = table.set_index("predictor")["held_out_rmse"]
    assert errors[planted] < 0.005
    assert errors.drop([planted, "mean"]).min() > 0.01
    assert (table["rmse_low"] < table["rmse_high"]).all()


def test_each_arm_has_a_tournament_of_its_own():
    table = tournament(pd.concat([slopes("max"), slopes("sum", arm="joint")]), 0.95)
    assert winner(table) == ["max"]
    assert winner(table, "joint") == ["sum"]


def test_cells_of_equal_dimensions_have_no_winner():
    """There max and mean are the same."""
    table = tournament(slopes("max", dims=(1, 2, 3, 4), equal=True, ambient=(4, 4)), 0.95)
    assert winner(table) == []


def test_cells_of_other_experiments_do_not_play():
    assert tournament(slopes("max").assign(experiment="noise"), 0.95).empty
