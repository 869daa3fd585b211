"""The rules of the ledger on clicks: from the tables of a study to one finding for each claim.

Each rule is named in the frozen `workflow/click_decisions.yaml`, which also says in words what it
does.
"""

import math

import numpy as np
import pandas as pd

from twotower.claims.findings import (
    UNTESTED,
    ClaimTables,
    Finding,
    counted,
    interval_text,
    joined,
    overall,
)
from twotower.claims.rules import Rule
from twotower.rates.experiments import in_experiments
from twotower.rates.verdicts import Verdict
from twotower.study import arms
from twotower.study.decisions import Answer


def carries_over(evidence: ClaimTables) -> Finding:
    rows, rules = evidence.rows(arms.SOFTMAX_FULL), evidence.decisions.thresholds
    if rows.empty:
        return UNTESTED
    answers = [
        Answer.UNDECIDED
        if row.verdict == Verdict.INCONCLUSIVE
        else _near(*_interval(row, "upper_difference"), 0.0, rules.slope_tolerance)
        for row in rows.itertuples()
    ]
    answer = overall(answers)
    few = len(rows) < rules.min_cells
    if few and answer == Answer.HOLDS:
        answer = Answer.UNDECIDED
    mean = float(rows["upper_difference"].mean())
    ends = rows["slope"].min(), rows["slope"].max()
    result = f"slopes {ends[0]:.2f} to {ends[1]:.2f}; minus predicted ones {mean:z.2f} on average"
    detail = joined(
        f"{counted(answers)} of {len(rows)} cells",
        f"{rules.min_cells} cells are needed" if few else "",
        *(f"{row.reason}" for row in rows.itertuples() if row.verdict == Verdict.INCONCLUSIVE),
    )
    return Finding(answer, result, mean, detail=detail, rows=rows)


def floors(evidence: ClaimTables) -> Finding:
    rows, tolerance = _clicks(evidence), evidence.decisions.thresholds.floor_tolerance
    rows = rows[rows["floor_ratio"].notna()] if len(rows) else rows
    if rows.empty:
        return UNTESTED
    answers = [_near(*_interval(row, "floor_ratio"), 1.0, tolerance) for row in rows.itertuples()]
    parts = [
        f"{arms.label(row.arm)} {interval_text(*_interval(row, 'floor_ratio'))}"
        for row in rows.itertuples()
    ]
    mean = float(np.exp(np.log(rows["floor_ratio"]).mean()))
    ratio = rows["floor_ratio"]
    result = f"risk over floor and estimation {ratio.min():.2f} to {ratio.max():.2f}"
    return Finding(overall(answers), result, mean, detail="; ".join(parts), rows=rows)


def candidates(evidence: ClaimTables) -> Finding:
    rows, factor = _clicks(evidence), evidence.decisions.thresholds.cost_factor
    if len(rows):
        rows = rows[(rows["arm"] == arms.SOFTMAX_BATCH) & rows["cost"].notna()]
    if rows.empty:
        return UNTESTED
    answers = []
    for row in rows.itertuples():
        ends = [math.log(value / row.predicted_cost) for value in _interval(row, "cost")]
        answers.append(_near(*ends, 0.0, math.log(factor)))
    parts = [
        f"B = {row.click_batch:g}: {interval_text(*_interval(row, 'cost'))}, "
        f"{row.predicted_cost:.2f} predicted"
        for row in rows.sort_values("click_batch").itertuples()
    ]
    ratio = rows["cost"] / rows["predicted_cost"]
    result = f"cost over its prediction {ratio.min():.2f} to {ratio.max():.2f}"
    mean = float(ratio.mean())
    return Finding(overall(answers), result, mean, detail="; ".join(parts), rows=rows)


def calibration(evidence: ClaimTables) -> Finding:
    rows, least = _clicks(evidence), evidence.decisions.thresholds.least_power
    if len(rows):
        rows = rows[(rows["arm"] == arms.SOFTMAX_FULL) & rows["power"].notna()]
    if rows.empty:
        return UNTESTED
    answers = [
        Answer.HOLDS
        if row.power_low >= least
        else Answer.FAILS
        if row.power_high < least
        else Answer.UNDECIDED
        for row in rows.itertuples()
    ]
    mean = float(rows["power"].mean())
    result = f"regret ~ risk^{rows['power'].min():.2f} to {rows['power'].max():.2f}"
    detail = f"{mean:.2f} on average; {counted(answers)} of {len(rows)} cells"
    return Finding(overall(answers), result, mean, detail=detail, rows=rows)


def _clicks(evidence: ClaimTables) -> pd.DataFrame:
    """Rows of the table of clicks of the claim's experiments."""
    rows = evidence.table("clicks")
    if rows.empty or not evidence.claim.experiments:
        return rows
    return rows[in_experiments(rows, evidence.claim.experiments)]


def _interval(row, name: str) -> tuple[float, float, float]:
    """A number of a row with the ends of its interval."""
    return getattr(row, name), getattr(row, f"{name}_low"), getattr(row, f"{name}_high")


def _near(value: float, low: float, high: float, target: float, tolerance: float) -> Answer:
    """Holds if the estimate is within a tolerance, fails if its whole interval is outside; decides
    nothing without an interval.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return Answer.UNDECIDED
    if abs(value - target) <= tolerance:
        return Answer.HOLDS
    if low > target + tolerance or high < target - tolerance:
        return Answer.FAILS
    return Answer.UNDECIDED


RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (carries_over, floors, candidates, calibration)
}
"""By the names that the decisions use."""
