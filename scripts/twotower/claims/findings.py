"""What a rule of the ledger finds, and the tests that rules share."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pandas as pd

from twotower.base.words import count
from twotower.rates.experiments import in_experiments
from twotower.rates.intervals import slope_error
from twotower.rates.verdicts import Verdict
from twotower.study import arms
from twotower.study.decisions import Answer, Claim, Decisions
from twotower.study.rules.click_decisions import ClickClaim, ClickDecisions


@dataclass(frozen=True)
class Finding:
    """The outcome of one claim's rule.

    Attributes:
        answer: the verdict.
        result: what was measured, in words.
        measured, low, high: the same as a number with its interval; NaN where there is none.
        detail: what stands in the way, or aside: exceptions by name.
        rows: the rows of rates that it rests on; where it rests on another table, that one's.
        tested_on: the cells in words; empty: the number of `rows`' cells.
    """

    answer: Answer
    result: str
    measured: float = math.nan
    low: float = math.nan
    high: float = math.nan
    detail: str = ""
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    tested_on: str = ""


UNTESTED = Finding(Answer.UNTESTED, "")


@dataclass(frozen=True)
class ClaimTables:
    """What a rule may look at: a claim, the tables of a study by name, the frozen decisions."""

    claim: Claim | ClickClaim
    tables: Mapping[str, pd.DataFrame]
    decisions: Decisions | ClickDecisions

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; empty where the study has no such table."""
        return self.tables.get(name, pd.DataFrame())

    def rows(self, arm: str | None = arms.ERM) -> pd.DataFrame:
        """Rows of rates of the claim's experiments, of one arm or of all but the reference."""
        rates = self.tables["rates"]
        rates = rates[rates["arm"] == arm] if arm else rates[rates["arm"] != arms.REFERENCE]
        if self.claim.experiments:
            rates = rates[in_experiments(rates, self.claim.experiments)]
        return rates

    def confirmatory(self) -> pd.DataFrame:
        """Rows of rates that are confirmatory."""
        rows = self.rows(arm=None)
        return rows[rows["confirmatory"].astype(bool)]


def overall(answers: Iterable[Answer]) -> Answer:
    """One failure fails all; else one open question leaves all open."""
    answers = list(answers)
    if Answer.FAILS in answers:
        return Answer.FAILS
    if not answers or Answer.UNDECIDED in answers:
        return Answer.UNDECIDED
    return Answer.HOLDS


def of_verdict(verdict: str) -> Answer:
    """The answer of a cell to "does the rate hold?"."""
    if verdict in (Verdict.CONSISTENT, Verdict.FASTER):
        return Answer.HOLDS
    return Answer.FAILS if verdict == Verdict.SLOWER else Answer.UNDECIDED


def within(low: float, high: float, target: float, tolerance: float) -> Answer:
    """An equivalence test: inside target ± tolerance, wholly outside, or neither."""
    if low >= target - tolerance and high <= target + tolerance:
        return Answer.HOLDS
    if low > target + tolerance or high < target - tolerance:
        return Answer.FAILS
    return Answer.UNDECIDED


def near_prediction(rows: pd.DataFrame, tolerance: float) -> list[Answer]:
    """For each row, whether its slope is within a tolerance of its prediction, paired by target.

    A row whose certificates fail decides nothing.
    """
    return [
        Answer.UNDECIDED
        if row.verdict == Verdict.INCONCLUSIVE
        else within(row.difference_low, row.difference_high, 0.0, tolerance)
        for row in rows.itertuples()
    ]


def trend(
    rows: pd.DataFrame, x: pd.Series, groups: pd.Series, confidence: float, name: str = "slope"
) -> tuple[float, float, float]:
    """Common slope of a measured quantity on x within groups, with a normal interval.

    Weighted by its errors, an intercept for each group; the interval is widened where its values
    scatter more than their errors say (Birge's ratio).

    Args:
        rows: rows of rates.
        x, groups: in the order of `rows`.
        confidence: of the rows' intervals and of the result.
        name: the quantity's column, its limits in `<name>_low` and `<name>_high`.

    Returns:
        NaN where no group has two values of x.
    """
    names = (f"{name}_low", f"{name}_high", "replicates")
    errors = [slope_error(*row, confidence) for row in zip(*(rows[n] for n in names), strict=True)]
    frame = pd.DataFrame({"x": x, "y": rows[name], "group": groups})
    frame["w"] = 1 / np.maximum(errors, 1e-4) ** 2
    total = frame.groupby("group")["w"].transform("sum")
    for axis in ("x", "y"):
        mean = (frame["w"] * frame[axis]).groupby(frame["group"]).transform("sum") / total
        frame[axis] = frame[axis] - mean
    information = float((frame["w"] * frame["x"] ** 2).sum())
    if not information > 1e-9:
        return math.nan, math.nan, math.nan
    estimate = float((frame["w"] * frame["x"] * frame["y"]).sum()) / information
    freedom = len(frame) - frame["group"].nunique() - 1
    scatter = float((frame["w"] * (frame["y"] - estimate * frame["x"]) ** 2).sum())
    birge = max(1.0, scatter / freedom) if freedom > 0 else 1.0
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(birge / information)
    return estimate, estimate - half, estimate + half


def counted(answers: Iterable[Answer]) -> str:
    """How often each answer was given, in words, those that were never given left out."""
    answers = list(answers)
    parts = [f"{answers.count(answer)} {answer}" for answer in Answer if answer in answers]
    return ", ".join(parts)


def left_out(number: int, noun: str, why: str = "") -> str:
    """What a rule did not look at, in words; "" if there is none."""
    return f"left out: {count(number, noun)}{why}" if number > 0 else ""


def joined(*remarks: str) -> str:
    """Remarks as one detail, empty ones left out."""
    return "; ".join(filter(None, remarks))


def interval_text(value: float, low: float, high: float) -> str:
    """A number with its interval, for a sentence; what could not be had is said in words."""
    if math.isnan(value):
        return "not measured"
    if math.isnan(low) or math.isnan(high):
        return f"{value:z.2f} (no interval)"
    return f"{value:z.2f} [{low:z.2f}, {high:z.2f}]"  # z: no minus zero


def verdict_counts(rows: pd.DataFrame) -> str:
    """How many rows got each verdict, in words."""
    counts = rows["verdict"].value_counts()
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
