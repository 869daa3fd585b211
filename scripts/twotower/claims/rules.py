"""The rules of the ledger: from the tables of a study to one finding for each claim.

Each rule is named in the frozen decisions, which also say in words what it does.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import bdtr

from twotower.analyses.cold_start import COLD_START, GENERALIZATION
from twotower.analyses.tournament import dimension_shifts
from twotower.claims import cell_rules, method_rules
from twotower.claims.findings import (
    UNTESTED,
    ClaimTables,
    Finding,
    counted,
    interval_text,
    joined,
    left_out,
    overall,
    verdict_counts,
    within,
)
from twotower.lemmas import verdicts
from twotower.rates.intervals import student_quantile
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
    mean = interval_text(aside["estimate"], aside["low"], aside["high"])
    rows = evidence.confirmatory()
    left = left_out(len(rows) - int(line["cells"]), "cell", " without a slope")
    detail = joined(f"measured minus predicted on average {mean}", left)
    numbers = (line["estimate"], line["low"], line["high"])
    return Finding(answer, f"slope {interval_text(*numbers)}", *numbers, detail, rows)


def estimation(evidence: ClaimTables) -> Finding:
    rows = evidence.confirmatory()
    if rows.empty:
        return UNTESTED
    rules = evidence.decisions.thresholds
    lines = evidence.table("meta_regression")
    mean = (math.nan, math.nan, math.nan)
    if len(lines):
        line = lines[(lines["subset"] == "all") & (lines["term"] == "mean_difference")].iloc[0]
        mean = (line["estimate"], line["low"], line["high"])
    against = rows["verdict"].isin([Verdict.SLOWER, Verdict.FLATTENS, Verdict.INCONCLUSIVE])
    share = 1 - float(against.mean())
    slower = rows["verdict"] == Verdict.SLOWER
    surely_slower = slower & (rows["p_holm"] < 1 - rules.confidence)
    if surely_slower.any() or mean[1] > rules.upper_tolerance:
        answer = Answer.FAILS
    elif slower.any() or share < rules.consistent_share or not mean[2] <= rules.upper_tolerance:
        answer = Answer.UNDECIDED
    else:
        answer = Answer.HOLDS
    flatter = int(((rows["flattening_low"] > 0) & (rows["upper_difference_low"] > 0)).sum())
    result = f"slopes minus predicted ones {interval_text(*mean)} over {len(rows)} cells"
    detail = f"{verdict_counts(rows)}; {flatter} of all surely flatten against their prediction"
    return Finding(answer, result, *mean, detail=detail, rows=rows)


def cold_start(evidence: ClaimTables) -> Finding:
    table = evidence.table("cold_start")
    if table.empty or not (table["comparison"] == COLD_START).any():
        return UNTESTED
    gaps = table[table["comparison"] == GENERALIZATION]
    table = table[table["comparison"] == COLD_START]
    limit = evidence.decisions.thresholds.cold_start_ratio
    answers = [
        Answer.HOLDS
        if row.ratio_high <= limit
        else Answer.FAILS
        if row.ratio_low > limit
        else Answer.UNDECIDED
        for row in table.itertuples()
    ]
    worst = table.loc[table["ratio"].fillna(0.0).idxmax()]
    numbers = (worst["ratio"], worst["ratio_low"], worst["ratio_high"])
    result = f"largest ratio {interval_text(*numbers)}"
    detail = counted(answers)
    if len(gaps):
        detail += f"; largest generalization gap on fresh pairs {gaps['ratio'].max():.2f}"
    return Finding(overall(answers), result, *numbers, detail=detail, rows=table)


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
    table = table[table["confirmatory"].astype(bool)] if len(table) else table
    if table.empty:
        return UNTESTED
    rules = evidence.decisions.thresholds
    held = int(table["covered"].astype(bool).sum())
    share = held / len(table)
    answer = Answer.HOLDS if share >= rules.extrapolation_coverage else Answer.UNDECIDED
    if bdtr(held, len(table), rules.extrapolation_coverage) < 1 - rules.confidence:
        answer = Answer.FAILS
    error, line = (float(table[name].abs().median()) for name in ("log_ratio", "line_log_ratio"))
    result = f"{share:.0%} of {len(table)} intervals hold the risk"
    detail = (
        f"median error {math.expm1(error):.1%}; a straight line: "
        f"{table['line_covered'].astype(bool).mean():.0%}, {math.expm1(line):.1%}"
    )
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


def levels(evidence: ClaimTables) -> Finding:
    table = evidence.table("levels")
    if len(table):
        chosen = table["confirmatory"].astype(bool) & table["upper_half"].astype(bool)
        due = table[chosen]
        table = due[due["ratio"].notna()]
    if table.empty:
        return UNTESTED
    limit = evidence.decisions.thresholds.level_ratio
    inside = (table["ratio"] <= limit) & (table["ratio"] >= 1 / limit)
    outside = (table["ratio_low"] > limit) | (table["ratio_high"] < 1 / limit)
    answer = Answer.HOLDS if inside.all() else Answer.UNDECIDED
    if outside.any():
        answer = Answer.FAILS
    asked = set(evidence.confirmatory()["cell"])
    missing = len(due) - len(table) + len(asked - set(due["cell"]))
    if missing and answer == Answer.HOLDS:
        answer = Answer.UNDECIDED
    low, high = float(table["ratio"].min()), float(table["ratio"].max())
    centre = float(np.exp(np.log(table["ratio"]).mean()))
    result = f"ratios {low:.2f} to {high:.2f}; {inside.sum()} of {len(table)} within"
    detail = joined(
        f"{outside.sum()} surely outside" if outside.any() else "",
        f"{missing} without a ratio" if missing else "",
    )
    return Finding(answer, result, centre, low, high, detail, table)


def tails(evidence: ClaimTables) -> Finding:
    every = evidence.confirmatory()
    rows = every[every["tail_difference"].notna()]
    if rows["data"].nunique() < 3:
        return UNTESTED
    rules = evidence.decisions.thresholds
    by_data = rows.groupby("data")["tail_difference"].mean().to_numpy()
    half = student_quantile(len(by_data), rules.confidence)
    half *= float(by_data.std(ddof=1)) / math.sqrt(len(by_data))
    mean = float(by_data.mean())
    numbers = (mean, mean - half, mean + half)
    answer = within(*numbers[1:], 0.0, 2 * rules.delta)
    result = f"slope minus its prediction, on average {interval_text(*numbers)}"
    detail = left_out(len(every) - len(rows), "cell", " without a slope")
    return Finding(answer, result, *numbers, detail, rows)


def dimensions(evidence: ClaimTables) -> Finding:
    every = evidence.rows()
    rows = every[(every["verdict"] != Verdict.INCONCLUSIVE) & every["upper_difference"].notna()]
    delta, maximum = evidence.decisions.thresholds.delta, 0
    answers, counts, kept = [], {}, []
    for _, row in rows.iterrows():
        shifts = dimension_shifts(row)
        if not shifts:
            continue
        kept.append(row.name)
        low, high = row["upper_difference_low"], row["upper_difference_high"]
        rejected = {name: not low <= shift <= high for name, shift in shifts.items()}
        for name, out in rejected.items():
            before, total = counts.get(name, (0, 0))
            counts[name] = (before + out, total + 1)
        # The maximum itself is the prediction: its shift is 0.
        keeps = low <= delta and high >= -delta
        maximum += keeps
        if all(rejected.values()) and keeps:
            answers.append(Answer.HOLDS)
        elif not keeps and not all(rejected.values()):
            answers.append(Answer.FAILS)
        else:
            answers.append(Answer.UNDECIDED)
    if not answers or counts.get("mean", (0, 0))[1] == 0:
        return UNTESTED
    parts = [f"{name} rejected in {out} of {total}" for name, (out, total) in counts.items()]
    result = f"max kept in {maximum} of {len(kept)} cells, " + ", ".join(parts)
    left = len(every) - len(rows)
    aside = f"; {left} inconclusive cells tell nothing" if left else ""
    detail = f"{counted(answers)}{aside}{_tournament(evidence)}"
    return Finding(
        overall(answers), result, maximum / len(kept), detail=detail, rows=rows.loc[kept]
    )


def _tournament(evidence: ClaimTables) -> str:
    """Errors of each dimension on left-out cells, in words."""
    table = evidence.table("tournament")
    here = table[table["arm"] == arms.ERM] if len(table) else table
    if here.empty or here["held_out_rmse"].isna().any():
        return ""
    errors = [
        f"{row.predictor} {row.held_out_rmse:.3f} [{row.rmse_low:.3f}, {row.rmse_high:.3f}]"
        for row in here.itertuples()
    ]
    return f"; error on left-out cells: {', '.join(errors)}"


Rule = Callable[[ClaimTables], Finding]
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        primary, levels, estimation, tails, cold_start, falsifiability, extrapolation, lemma,
        dimensions, cell_rules.approximation, cell_rules.verdicts, cell_rules.limit,
        cell_rules.smoothness, cell_rules.intrinsic, cell_rules.ambient, cell_rules.ambient_level,
        cell_rules.predicted, cell_rules.sampling, cell_rules.off_manifold,
        cell_rules.embedding_dim, cell_rules.null_cells, method_rules.rivals,
        method_rules.newcomers,
    )
}  # fmt: skip
"""By the names that the decisions use."""
