"""The project's frozen decisions, for tests of what goes by them."""

from pathlib import Path

from twotower.study import decisions

PATH = Path(__file__).parents[2] / "workflow" / "decisions.yaml"
DECISIONS = decisions.load(PATH)
THRESHOLDS = DECISIONS.thresholds
