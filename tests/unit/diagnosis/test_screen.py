"""The screen's columns."""

from types import SimpleNamespace

import pandas as pd

from twotower.diagnosis.telling import screen


def test_a_long_interval_does_not_run_into_the_share_behind_it():
    row = {"gain": -0.00256, "low": -0.00921, "high": 0.000456, "share": -0.001}
    worth = pd.DataFrame([{"purchase": "twice the width"} | row])
    assert screen._worth(SimpleNamespace(worth=worth))[1].endswith("0.000456] -0.1%")
