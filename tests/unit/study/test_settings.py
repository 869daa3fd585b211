"""Settings that one cell can spell in several ways have one form."""

import math

from twotower.study.grid import Cell, resolve
from twotower.study.settings import Settings


def spec(**settings) -> dict:
    return resolve(Settings(), settings)


def test_smoothness_by_side_is_spelled_in_one_way():
    """The smaller one is `smoothness`; the other side has its own."""
    rough = spec(smoothness=0.5, item_smoothness=2.0)
    assert (rough["smoothness"], rough["item_smoothness"]) == (0.5, 2.0)
    assert "user_smoothness" not in rough
    assert rough == spec(smoothness=2.0, user_smoothness=0.5)
    assert rough == spec(smoothness=3.0, user_smoothness=0.5, item_smoothness=2.0)
    assert spec(smoothness=2.0, user_smoothness=1.0, item_smoothness=1.0) == spec()
    smooth = spec(user_smoothness=math.inf)
    assert (smooth["smoothness"], smooth["user_smoothness"]) == (1.0, "inf")
    columns = Cell(smooth, 1, ("one",), (64, 128), ("erm",)).columns()
    assert (columns["user_smoothness"], columns["item_smoothness"]) == (math.inf, None)
