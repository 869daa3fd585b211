"""The ledgers of claims, each with the frozen rules that judge it: the one list of them.

`make verify` holds each against its rules, a run does not start with rules that are not valid, and
`make claims` prints each. Whoever adds one here adds its table to `twotower.study.analyses`, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twotower.study import decisions
from twotower.study.decisions import Decisions
from twotower.study.rules import click_decisions
from twotower.study.rules.click_decisions import ClickDecisions


@dataclass(frozen=True)
class Ledger:
    """A ledger: the path of its table, that of its rules, and what reads them.

    `load` raises DecisionsError for rules that are not valid.
    """

    table: str
    rules: str
    load: Callable[[Path], Decisions | ClickDecisions]


LEDGERS = (
    Ledger("results/tables/claims.csv", "workflow/decisions.yaml", decisions.load),
    Ledger("results/tables/click_claims.csv", click_decisions.PATH, click_decisions.load),
)
"""Those of the first judge all further tables that name their rules; every study has it."""
