"""Where planted data come from: `planted` for ratings, `click_truth` for clicks."""

from types import ModuleType

from twotower.diagnosis import planted
from twotower.diagnosis.kinds import click_truth


def of(spec: dict) -> ModuleType:
    """The module that draws a cell and knows its true parts, by `drawn` and `truth_of`.

    Args:
        spec: the cell's data settings.
    """
    return click_truth if spec.get("sampling") == "clicks" else planted
