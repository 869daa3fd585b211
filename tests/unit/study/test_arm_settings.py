"""Settings of arms that depend on the cell."""

import copy

from studies import GOOD
from twotower.study.grid import runs
from twotower.study.reading import validated

EXPERIMENTS = {"one": {"title": "One", "vary": {"noise_sd": [0.0, 0.5]}}}


def found(**erm) -> list:
    """Runs of `erm` in a cell without noise and in one with."""
    study = copy.deepcopy(GOOD) | {"experiments": EXPERIMENTS, "arms": {"erm": erm}}
    return runs(validated(study, "study"))


def test_cells_without_noise_may_have_steps_of_their_own():
    """Cells with noise keep their ids, and those without it are as if joint_steps were given."""
    plain, longer, given = found(), found(noise_free_steps=240), found(joint_steps=240)
    assert [run.settings["joint_steps"] for run in longer] == [240, 30]
    assert all("noise_free_steps" not in run.settings for run in longer)
    assert [run.id for run in longer] == [given[0].id, plain[1].id]
    assert found(noise_free_steps=None) == plain
