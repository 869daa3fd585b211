"""Rules of the ledger that set towers beside other methods."""

import numpy as np
import pandas as pd

from twotower.claims.findings import UNTESTED, ClaimTables, Finding, counted, interval_text, overall
from twotower.data.groups import PAIR_KINDS
from twotower.study import arms
from twotower.study.decisions import Answer

_WITHOUT_COVARIATES = (arms.GLOBAL_MEAN, *arms.IDENTITY_METHODS)


def rivals(evidence: ClaimTables) -> Finding:
    """Towers beside every other method, in every cell that has one."""
    table = evidence.table("methods")
    if table.empty:
        return UNTESTED
    answers = [_rival(row) for row in table.itertuples()]
    lost = [
        f"{arms.label(row.arm)} ({row.sampling})"
        for row, answer in zip(table.itertuples(), answers, strict=True)
        if answer == Answer.FAILS
    ]
    detail = counted(answers)
    if lost:
        detail += f"; lower risk or steeper: {', '.join(lost)}"
    return _closest(table, answers, detail)


def newcomers(evidence: ClaimTables) -> Finding:
    """Towers beside methods without covariates, on pairs with someone new."""
    table = evidence.table("newcomers")
    if len(table):
        table = table[table["arm"].isin(_WITHOUT_COVARIATES) & table["group"].isin(PAIR_KINDS[1:])]
    if table.empty:
        return UNTESTED
    answers = [_by_ratio(row) for row in table.itertuples()]
    return _closest(table, answers, counted(answers))


def _rival(row) -> Answer:
    """A NaN, where a slope has no fit, is no certainty."""
    if row.difference_high < 0:
        return Answer.FAILS
    return _by_ratio(row)


def _by_ratio(row) -> Answer:
    if row.ratio_high < 1:
        return Answer.FAILS
    return Answer.HOLDS if row.ratio_low > 1 else Answer.UNDECIDED


def _closest(table: pd.DataFrame, answers: list[Answer], detail: str) -> Finding:
    row = table.loc[table["ratio"].fillna(np.inf).idxmin()]
    numbers = (row["ratio"], row["ratio_low"], row["ratio_high"])
    text = f"closest {arms.label(row['arm'])} ({row['sampling']}), risk ratio "
    result = text + interval_text(*numbers)
    return Finding(overall(answers), result, *numbers, detail=detail, rows=table)
