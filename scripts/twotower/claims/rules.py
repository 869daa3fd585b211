"""The rules of the ledger: from the tables of a study to one finding for each claim.

Each rule is named in the frozen decisions, which also say in words what it does.
"""

import math
from collections.abc import Callable

from scipy.special import bdtr

from twotower.claims import cell_rules, method_rules
from twotower.claims.findings import (
    UNTESTED,
    ClaimTables,
    Finding,
    counted,
    interval_text,
    of_verdict,
    overall,
    verdict_counts,
)
from twotower.lemmas import verdicts
from twotower.rates.verdicts import Verdict
from twotower.study import arms
from twotower.study.decisions import Answer


def primary(evidence: ClaimTables) -> Finding:
    lines = evidence.table("meta_regression")
    if lines.empty:
        return UNTESTED
    lines = lines[lines["subset"] == "all"].set_index("term")
    line, rules = lines.loc["slope"], evidence.decisions.thresholds
    low, high = rules.meta_slope_low, rules.meta_slope_high
    answer = Answer.UNDECIDED
    if math.isnan(line["low"]):
        answer = Answer.UNDECIDED  # too few cells or data sets for an interval
    elif low <= line["estimate"] <= high:
        answer = Answer.HOLDS
    elif line["high"] < low or line["low"] > high:
        answer = Answer.FAILS
    aside = lines.loc["mean_difference"]
    return Finding(
        answer,
        f"slope {interval_text(line['estimate'], line['low'], line['high'])}",
        line["estimate"],
        line["low"],
        line["high"],
        "measured minus predicted on average "
        + interval_text(aside["estimate"], aside["low"], aside["high"]),
        evidence.confirmatory(),
    )


def estimation(evidence: ClaimTables) -> Finding:
    rows = evidence.confirmatory()
    if rows.empty:
        return UNTESTED
    answers = [of_verdict(verdict) for verdict in rows["verdict"]]
    share = answers.count(Answer.HOLDS) / len(answers)
    slower = rows["verdict"] == Verdict.SLOWER
    level = 1 - evidence.decisions.thresholds.confidence
    if (slower & (rows["p_holm"] < level)).any():
        answer = Answer.FAILS
    elif not slower.any() and share >= evidence.decisions.thresholds.consistent_share:
        answer = Answer.HOLDS
    else:
        answer = Answer.UNDECIDED
    result = f"{answers.count(Answer.HOLDS)} of {len(rows)} cells consistent or faster"
    return Finding(answer, result, share, detail=verdict_counts(rows), rows=rows)


def cold_start(evidence: ClaimTables) -> Finding:
    table = evidence.table("cold_start")
    table = table[table["confirmatory"].astype(bool)] if len(table) else table
    if table.empty:
        return UNTESTED
    limit = evidence.decisions.thresholds.cold_start_ratio
    answers = [
        Answer.HOLDS
        if row.ratio_high <= limit
        else Answer.FAILS
        if row.ratio_low > limit
        else Answer.UNDECIDED
        for row in table.itertuples()
    ]
    worst = table.loc[table["ratio"].idxmax()]
    numbers = (worst["ratio"], worst["ratio_low"], worst["ratio_high"])
    result = f"largest ratio {interval_text(*numbers)}"
    return Finding(overall(answers), result, *numbers, detail=counted(answers), rows=table)


def falsifiability(evidence: ClaimTables) -> Finding:
    rows = evidence.confirmatory()
    fitted = rows["log_allowance"].notna()
    if not fitted.any() or evidence.table("falsifiability").empty:
        return UNTESTED
    margin = -rows["bound_slope"] - rows["log_allowance"] - evidence.decisions.thresholds.delta
    answer = Answer.FAILS if (margin <= 0).any() else Answer.HOLDS
    if not fitted.all() and answer == Answer.HOLDS:
        answer = Answer.UNDECIDED  # some have no fit, so no window
    result = f"{int((margin > 0).sum())} of {len(rows)} cells, smallest margin {margin.min():.2f}"
    return Finding(answer, result, float(margin.min()), rows=rows)


def extrapolation(evidence: ClaimTables) -> Finding:
    table = evidence.table("extrapolation")
    table = table[table["arm"] == arms.ERM] if len(table) else table
    if table.empty:
        return UNTESTED
    rules = evidence.decisions.thresholds
    held = int(table["covered"].astype(bool).sum())
    share = held / len(table)
    answer = Answer.HOLDS if share >= rules.extrapolation_coverage else Answer.UNDECIDED
    if bdtr(held, len(table), rules.extrapolation_coverage) < 1 - rules.confidence:
        answer = Answer.FAILS
    error = float(table["log_ratio"].abs().median())
    result = f"{share:.0%} of {len(table)} intervals hold the risk"
    detail = f"median error {math.expm1(error):.1%}"
    return Finding(answer, result, share, detail=detail, rows=table)


def lemma(evidence: ClaimTables) -> Finding:
    table = evidence.table("lemmas")
    number = int(evidence.claim.id.split(".")[-1])
    judged = verdicts.summary(table) if len(table) else []
    found = [row for row in judged if row["lemma"] == number]
    if not found:
        return UNTESTED
    row = found[0]
    answer = Answer.HOLDS if row["verdict"] == Answer.HOLDS else Answer.FAILS
    result = f"{row['measured']:.2g} where {row['bound']:.2g} is allowed"
    return Finding(
        answer, result, row["measured"], detail=row["reason"], tested_on="random networks"
    )


def tournament(evidence: ClaimTables) -> Finding:
    table = evidence.table("tournament")
    here = table[table["arm"] == arms.ERM] if len(table) else table
    # Where both dimensions are the same in every cell, max and mean are the same predictor.
    if here.empty or here["unequal_cells"].iloc[0] == 0 or here["held_out_rmse"].isna().any():
        return UNTESTED
    rows = evidence.rows()
    errors = dict(zip(here["predictor"], here["held_out_rmse"], strict=True))
    result = ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    joint = table[table["arm"] == arms.JOINT]
    # Up to an affine map the mean of the dimensions predicts almost what their sum does.
    sides = [
        f"{row.predictor} {row.held_out_rmse:.3f}"
        for row in joint.itertuples()
        if row.predictor in ("max", "sum")
    ]
    detail = f"joint regression: {', '.join(sides)}" if sides else ""
    winner = here.loc[here["winner"].astype(bool), "predictor"]
    answer = Answer.UNDECIDED
    if len(winner):
        answer = Answer.HOLDS if winner.iloc[0] == "max" else Answer.FAILS
    return Finding(
        answer, f"held-out error: {result}", float(errors["max"]), detail=detail, rows=rows
    )


RULES: dict[str, Callable[[ClaimTables], Finding]] = {
    rule.__name__: rule
    for rule in (
        primary, estimation, cold_start, falsifiability, extrapolation, lemma, tournament,
        cell_rules.approximation, cell_rules.verdicts, cell_rules.limit, cell_rules.smoothness,
        cell_rules.intrinsic, cell_rules.ambient, cell_rules.predicted, cell_rules.sampling,
        cell_rules.off_manifold, cell_rules.embedding_dim, cell_rules.null_cells,
        method_rules.rivals, method_rules.newcomers,
    )
}  # fmt: skip
"""By the names that the decisions use."""
