"""How long a diagnosis takes is said before it starts, and a shorter one is offered."""

import os

import pytest

from twotower.cost import probe
from twotower.diagnosis import asking
from twotower.study import grid, reading

STUDY = "workflow/studies/tiny.yaml"


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ({"diagnose_steps": "100"}, None),
        ({"diagnose_steps": "2200000"}, "With SPLITS=3 SEEDS=2 about"),
        ({"diagnose_steps": "5000000"}, "With SPLITS=2 SEEDS=2 about"),
        ({"diagnose_steps": "5000000", "diagnose_seeds": "2", "diagnose_splits": "2"}, None),
    ],
)
def test_what_takes_long_is_said_with_something_shorter(monkeypatch, given, offered):
    monkeypatch.setattr(probe, "pace", lambda: 1.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    cell = grid.cells(reading.read_study(STUDY))[0].id
    said = asking.about(None, cell, STUDY, given).expected()
    assert " ratings: " in said and " on 2 cores, if free." in said
    assert (offered in said) if offered else ("SPLITS" not in said), said
