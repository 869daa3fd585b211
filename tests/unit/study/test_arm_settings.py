"""Settings of arms that depend on the cell."""

import copy

from studies import GOOD, messages
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


CHANGED = {"arm_settings": {"erm": {"alternations": 12, "joint_steps": 0}}}


def test_an_experiment_may_set_its_arms():
    """Over what the study says of cells without noise; ids of other experiments' runs stay."""
    other = {"title": "Two", "set": {"noise_sd": 0.0}, "vary": {"rank": [3]}}
    study = copy.deepcopy(GOOD) | {"experiments": EXPERIMENTS, "arms": {"erm": {}}}
    study["arms"]["erm"] = {"noise_free_steps": 240}
    plain = runs(validated(study, "study"))
    study["experiments"] = EXPERIMENTS | {"two": other | CHANGED}
    *first, last = runs(validated(study, "study"))
    assert [run.id for run in first] == [run.id for run in plain]
    assert last.settings == {"alternations": 12, "joint_steps": 0}
    study["experiments"]["two"]["arm_settings"] = {"erm": {"noise_free_steps": 7}}
    assert runs(validated(study, "study"))[-1].settings == {"alternations": 2, "joint_steps": 7}


def test_two_settings_of_an_arm_in_one_cell_are_refused():
    again = {"title": "Two", "set": {"noise_sd": 0.0}} | CHANGED
    study = copy.deepcopy(GOOD) | {"experiments": EXPERIMENTS | {"two": again}}
    assert messages(study | {"arms": {"erm": {}}}) == [
        "experiments.two.arm_settings: a cell of one has other settings of erm there; allowed: "
        "the same settings in both; or leave it out of one of the two"
    ]
    again = {"title": "Two", "set": {"noise_sd": 0.0}, "arms": ["adam"]} | CHANGED
    study["experiments"] = EXPERIMENTS | {"two": again}
    assert messages(study) == [
        "experiments.two.arm_settings: erm is not one of the experiment's arms; allowed: adam"
    ]
