"""A setting of a cell stands wherever its readers look; this names what a new one still needs."""

from typing import get_args

import pytest

import figure_fakes
from frozen import DECISIONS
from studies import GOOD, with_keys
from twotower.claims import cell_rules
from twotower.predictions import ensemble
from twotower.rates import planted_curves
from twotower.study import decisions, grid, labels
from twotower.study.reading import validated
from twotower.study.settings import CLICK_KEYS, Settings

[CELL] = grid.cells(validated(GOOD, "study.yaml"))
COLUMNS = {*CELL.columns(), "width"}  # as schedule and width_constant
PLACES = {
    "a place in a cell, PLAIN of study/grid.py": {
        *(*CELL.spec, "ambient_dim", "embedding_dim"),
        *grid.PLAIN,
    },
    "a column, Cell.columns of study/grid.py": COLUMNS,
    "a word or a symbol for titles, OPTIONAL_SETTINGS of study/labels.py": {
        *labels.KEYS,
        *labels.OPTIONAL_SETTINGS,
        "width",
    },
    "a place among the settings that compared cells share, _ALIKE of claims/cell_rules.py": {
        *labels.KEYS,
        *cell_rules._ALIKE,
        "support",
        "width",
    },
    "a value in the planted cells, SETTING of rates/planted_curves.py": {
        *labels.KEYS,
        *planted_curves.SETTING,
        "width",
    },
    "a value in the fake cells, DEFAULTS of tests/unit/figure_fakes.py": {
        *figure_fakes.DEFAULTS,
        "width",
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_every_setting_of_a_cell_has_its_places(place):
    for key in set(Settings.model_fields) - set(CLICK_KEYS):
        assert key in PLACES[place], f"the setting {key} of study/settings.py still needs {place}"


def test_cells_of_clicks_alone_have_the_settings_of_clicks():
    study = with_keys()
    study["arms"] = {"softmax_full": {}}
    experiment = {"title": "One", "set": {"sampling": "clicks"}, "vary": {"depth": [1]}}
    study["experiments"] = {"one": experiment}
    [cell] = grid.cells(validated(study, "study.yaml"))
    for key in CLICK_KEYS:
        assert key in cell.spec and key in cell.columns() and key in labels.OPTIONAL_SETTINGS
        assert key not in CELL.spec and key not in CELL.columns()
    assert "click_batch" not in cell.data_spec


def test_a_setting_left_at_its_default_leaves_the_ids_as_they_are():
    known = Settings().model_dump() | {"catalogue": None, "ratings_each": None}  # of some designs
    assert {key: known[key] for key in grid.PLAIN} == grid.PLAIN


@pytest.mark.parametrize(
    "unusual",
    [
        {"noise": "student"},
        {"rating_scale": "stars"},
        {"sampling": "grid"},
        {"control": "permuted_ratings"},
        {"off_manifold_noise": 0.1, "ambient_dim": 2},
        {"noise_sd": 0.5},
        {"user_smoothness": 2.0},
        {"worst_case_at": 4096},
        {"embedding_dim": 1},
        {"width": {"schedule": "fixed", "units": 8}},
    ],
    ids=lambda unusual: next(iter(unusual)),
)
def test_no_cell_with_an_unusual_setting_is_confirmatory(unusual):
    experiment = {"title": "One", "set": unusual, "vary": {"depth": [1]}}
    study = with_keys()
    study["experiments"] = {"one": experiment}
    [cell] = grid.cells(validated(study, "study.yaml"))
    assert DECISIONS.confirmatory.holds(CELL.columns(), "erm")
    assert not DECISIONS.confirmatory.holds(cell.columns(), "erm")


def test_a_setting_that_is_newer_than_the_rule_is_exploratory(monkeypatch):
    monkeypatch.setattr(decisions, "NEWER", {"target": "series"})
    rule = DECISIONS.confirmatory
    assert rule.holds(CELL.columns() | {"target": "series"}, "erm")
    assert not rule.holds(CELL.columns() | {"target": "kink"}, "erm")
    monkeypatch.setattr(decisions, "NEWER", {"target": None})
    for unset in (None, float("nan")):  # in a cell, and in a table that was read
        assert rule.holds(CELL.columns() | {"target": unset}, "erm")
    assert not rule.holds(CELL.columns() | {"target": 0.5}, "erm")


NO_MATTER = {"support", "noise"}
"""Words that change no predicted risk: a bent cube is no harder, and only the noise's sd counts."""
ROW = figure_fakes.DEFAULTS | {"catalogue": 64, "ratings_each": 16, "temperature": 0.5}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, value)
        for key, field in Settings.model_fields.items()
        for value in get_args(field.annotation)
        if isinstance(value, str) and value != field.default
    ],
)
def test_every_choice_of_words_is_known_to_the_predicted_risk(key, value):
    plain, changed = (ensemble.predicted_risk(each, 512) for each in (ROW, ROW | {key: value}))
    said = f"predictions/ensemble.py predicts the same risk with {key}: {value}"
    assert (changed == plain) == (key in NO_MATTER), f"{said}; if so it must be, say it here"
