"""How each table for readers is set: caption, label, and what its columns of text need."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Layout:
    """How a table is set: its caption and label, and what its columns of text need.

    Attributes:
        caption, label: of the table in a paper; the caption stands below it on a web page.
        words: columns set flush left; others are flush right.
        widths: centimetres of columns that wrap, in a paper.
    """

    caption: str
    label: str
    words: frozenset[str]
    widths: dict[str, float] = field(default_factory=dict)


RATES = Layout(
    caption=(
        "Fitted rates. Slope of log risk against log number of ratings over the fit window "
        "(k = 1,024) with its 95% interval, beside the bound's asymptotic exponent, the finite-n "
        "prediction over the same sizes and the reference estimator's slope on the same ratings."
    ),
    label="tab:rates",
    words=frozenset({"experiment", "setting", "arm", "window", "verdict"}),
    widths={"experiment": 2.1, "setting": 2.3, "verdict": 2.8},
)
LEVELS = Layout(
    caption=(
        "Levels. Mean risk over targets, the mean of what was predicted for each of these targets "
        "before the run, and the geometric mean of the ratio of both with its 95% interval; spread "
        "is the standard deviation of the log ratio over the targets (k = 1,024)."
    ),
    label="tab:levels",
    words=frozenset({"experiment", "setting", "arm", "fitted"}),
    widths={"experiment": 2.1, "setting": 2.3},
)
CLAIMS = Layout(
    caption=(
        "The ledger of claims: what the theory states, what was measured (with 95% intervals), "
        "the verdict by rules fixed before any run, and the command that repeats just that."
    ),
    label="tab:claims",
    words=frozenset(
        {"claim", "statement", "prediction", "measured", "verdict", "detail", "figure", "command"}
    ),
    widths={"statement": 4.0, "measured": 4.6, "verdict": 1.6, "command": 3.6},
)
PRINTED_CLAIMS = ["claim", "statement", "cells", "measured", "verdict", "command"]
"""Columns of the ledger that a printed page has room for; the page in Markdown has them all."""
SHOWN_CLAIMS = ["claim", "statement", "verdict", "measured"]
"""Columns of the ledger on the report's first page."""
