"""Reproducibility checklists, filled in from a study: runs, ranges, error bars, times, machines."""

from pathlib import Path

from twotower.audits.crate.facts import TRAINED, Facts
from twotower.base.words import count, rendered

EVALUATED = ("evaluate", "rank", "score_real", "fit_joint", "fit_comparator")
"""Rules that measure how good a fit is."""
MOST = 12  # values of one setting that are spelled out
_TEMPLATE = Path(__file__).with_name("checklists.md.j2")


def text(facts: Facts) -> str:
    """Both checklists as Markdown; their questions and answers stand in checklists.md.j2."""
    return rendered(
        _TEMPLATE, facts=facts, count=count, most=MOST, trained=TRAINED, evaluated=EVALUATED
    )
