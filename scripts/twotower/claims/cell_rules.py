"""Rules of the ledger that look at the cells of one experiment or a few.

Each takes the evidence and returns a finding; the frozen decisions say in words what it does.
"""

import numpy as np
import pandas as pd

from twotower.claims.findings import (
    UNTESTED,
    ClaimTables,
    Finding,
    interval_text,
    joined,
    left_out,
    near_prediction,
    of_verdict,
    overall,
    trend,
    verdict_counts,
    within,
)
from twotower.predictions import floors
from twotower.rates.intervals import difference
from twotower.rates.verdicts import Verdict
from twotower.study import arms
from twotower.study.decisions import Answer
from twotower.study.labels import cell_titles, shared_settings

# Settings that cells must share to be compared in one that is not among them; widths may differ.
_ALIKE = ["rank", "embedding_dim", "noise_sd", "noise", "rating_scale", "sampling", "catalogue"]
_ALIKE += ["ratings_each", "control", "depth", "schedule", "off_manifold_noise"]
_ALIKE += ["user_smoothness", "item_smoothness", "worst_case_at"]


def approximation(evidence: ClaimTables) -> Finding:
    table = evidence.table("approximation")
    table = table[table["arm"] == arms.ERM] if len(table) else table
    return _by_verdict(table, "curves")


def verdicts(evidence: ClaimTables) -> Finding:
    return _by_verdict(evidence.rows())


def limit(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    rows = rows[np.isinf(rows["smoothness"].astype(float))]
    if rows.empty:
        return UNTESTED
    limit = -1.0 + 2 * evidence.decisions.thresholds.delta
    answers = [_at_most(row, limit) for row in rows.itertuples()]
    row = rows.loc[rows["slope_high"].fillna(0.0).idxmax()]
    numbers = (row["slope"], row["slope_low"], row["slope_high"])
    upper = row["upper_predicted_slope"] + row["upper_difference"]
    detail = verdict_counts(rows)
    if not np.isnan(upper):
        due = row["upper_predicted_slope"]
        detail += f"; over the upper half {upper:.2f}, {due:.2f} predicted"
    result = f"slope {interval_text(*numbers)}"
    return Finding(overall(answers), result, *numbers, detail=detail, rows=rows)


def _at_most(row, limit: float) -> Answer:
    """Whether a slope is certainly as steep as a limit, or certainly not."""
    if row.verdict == Verdict.INCONCLUSIVE or np.isnan(row.slope_low):
        return Answer.UNDECIDED
    if row.slope_high <= limit:
        return Answer.HOLDS
    return Answer.FAILS if row.slope_low > limit else Answer.UNDECIDED


def smoothness(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    rows = rows[np.isfinite(rows["smoothness"].astype(float))]
    like = ["user_intrinsic_dim", "item_intrinsic_dim", "ambient_dim", "support", *_ALIKE]
    return _ordered(evidence, rows, rows["smoothness"], _labels(rows, like), steeper=True)


def intrinsic(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    rows = rows[rows["user_intrinsic_dim"] == rows["item_intrinsic_dim"]]
    own = rows["ambient_dim"] == np.ceil(rows["user_intrinsic_dim"].astype(float))
    ambient = rows["ambient_dim"].astype(str).where(~own, "own")
    groups = _labels(rows, ["smoothness", *_ALIKE]) + " " + ambient
    return _ordered(evidence, rows, rows["user_intrinsic_dim"], groups, steeper=False)


def ambient(evidence: ClaimTables) -> Finding:
    rows, groups, aside = _in_several_dims(evidence)
    if rows.empty:
        return UNTESTED
    rules = evidence.decisions.thresholds
    log_dim = np.log10(rows["ambient_dim"].astype(float))
    change, low, high = trend(rows, log_dim, groups, rules.confidence)
    answer = within(low, high, 0.0, rules.ambient_slope)
    if low <= 0 <= high and max(-low, high) <= rules.max_ambient_interval:
        answer = Answer.HOLDS
    result = f"{interval_text(change, low, high)} per factor 10 in D"
    return Finding(answer, result, change, low, high, aside, rows)


def ambient_level(evidence: ClaimTables) -> Finding:
    rows, groups, aside = _in_several_dims(evidence)
    rows = rows[rows["level"].notna()] if len(rows) else rows
    if rows.empty:
        return UNTESTED
    rules = evidence.decisions.thresholds
    logs = {name: np.log(rows[name].astype(float)) for name in ("level", "level_low", "level_high")}
    log_dim = np.log10(rows["ambient_dim"].astype(float))
    numbers = trend(rows.assign(**logs), log_dim, groups[rows.index], rules.confidence, "level")
    limit = float(np.log(rules.level_ratio))
    answer = within(numbers[1], numbers[2], 0.0, limit)
    factors = tuple(float(np.exp(number)) for number in numbers)
    result = f"risk changes by a factor {interval_text(*factors)} per factor 10 in D"
    return Finding(answer, result, *factors, aside, rows)


def _in_several_dims(evidence: ClaimTables) -> tuple[pd.DataFrame, pd.Series, str]:
    """Rows that stand beside others alike but for D, the group of each, and what is left out."""
    rows = evidence.rows()
    groups = _labels(rows, ["smoothness", "user_intrinsic_dim", "item_intrinsic_dim", *_ALIKE])
    usable = (rows["verdict"] != Verdict.INCONCLUSIVE) & rows["slope_low"].notna()
    beside = rows["ambient_dim"].groupby(groups).transform("nunique") > 1
    left = int((beside & ~usable).sum())
    rows, groups = rows[usable], groups[usable]
    several = rows["ambient_dim"].groupby(groups).transform("nunique") > 1
    return rows[several], groups[several], left_out(left, "cell")


def predicted(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    if rows.empty:
        return UNTESTED
    return _near(rows, near_prediction(rows, 2 * evidence.decisions.thresholds.delta))


def sampling(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    if rows.empty:
        return UNTESTED
    near = near_prediction(rows, 2 * evidence.decisions.thresholds.delta)
    answers = [
        of_verdict(verdict) if design == "fresh" else answer
        for design, verdict, answer in zip(rows["sampling"], rows["verdict"], near, strict=True)
    ]
    return _near(rows, answers)


def off_manifold(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    if rows.empty:
        return UNTESTED
    tolerance = 2 * evidence.decisions.thresholds.delta
    answers, names = [], []
    like = ["smoothness", "ambient_dim", "user_intrinsic_dim", "item_intrinsic_dim"]
    like += [name for name in _ALIKE if name != "off_manifold_noise"]
    for _, group in rows.groupby(_labels(rows, like), sort=False):
        group = group.sort_values("off_manifold_noise")
        if len(group) < 2:
            answers.append(Answer.UNDECIDED)
            names.append("a single thickness")
            continue
        answers += near_prediction(group.iloc[[0, -1]], tolerance)
        names += [f"τ = {noise:g}" for noise in group["off_manifold_noise"].iloc[[0, -1]]]
        steps = list(group.itertuples())
        for first, second in zip(steps, steps[1:], strict=False):
            _, _, high = difference(first, second)
            known = Verdict.INCONCLUSIVE not in (first.verdict, second.verdict)
            answer = Answer.FAILS if high < 0 else Answer.HOLDS
            answers.append(answer if known and not np.isnan(high) else Answer.UNDECIDED)
            names.append(f"τ {first.off_manifold_noise:g} to {second.off_manifold_noise:g}")
    slopes = f"slopes {rows['slope'].min():.2f} to {rows['slope'].max():.2f}"
    return Finding(overall(answers), slopes, detail=_exceptions(answers, names), rows=rows)


def embedding_dim(evidence: ClaimTables) -> Finding:
    rows = evidence.rows()
    if rows.empty:
        return UNTESTED
    factor = evidence.decisions.thresholds.floor_factor
    answers, ratios = [], []
    for _, row in rows.iterrows():
        if row["embedding_dim"] >= row["rank"]:
            answers.append(of_verdict(row["verdict"]))
            continue
        ratio = row["risk_at_n_max"] / floors.floor(row.to_dict())
        ratios.append(f"{ratio:.2f}")
        inside = Answer.HOLDS if 1 / factor <= ratio <= factor else Answer.FAILS
        answers.append(Answer.UNDECIDED if np.isnan(ratio) else inside)
    names = [f"fitted p = {p}" for p in rows["embedding_dim"]]
    result = f"risk over floor {', '.join(ratios)}" if ratios else "no cell below the truth"
    answer = overall(answers if ratios else [])
    return Finding(answer, result, detail=_exceptions(answers, names), rows=rows)


def null_cells(evidence: ClaimTables) -> Finding:
    rows = evidence.rows(arm=None)
    rows = rows[rows["control"] != "none"]
    if rows.empty:
        return UNTESTED
    smallest = float(rows["risk_at_n_max"].min())
    found = [verdict in (Verdict.CONSISTENT, Verdict.FASTER) for verdict in rows["verdict"]]
    result = f"smallest risk {smallest:.2f}, {sum(found)} cells with a rate"
    heard = any(found) or smallest < evidence.decisions.thresholds.null_risk
    answer = Answer.FAILS if heard else Answer.HOLDS
    if not heard and rows["risk_at_n_max"].isna().any():
        answer = Answer.UNDECIDED
    return Finding(answer, result, smallest, rows=rows)


# ---------------------------------------------------------------- shared


def _by_verdict(rows: pd.DataFrame, what: str = "cells") -> Finding:
    if rows.empty:
        return UNTESTED
    answers = [of_verdict(verdict) for verdict in rows["verdict"]]
    held = answers.count(Answer.HOLDS)
    slopes = rows["slope"].dropna()
    result = f"{held} of {len(rows)} {what} consistent or faster"
    if len(slopes) == 1:
        row = rows.loc[slopes.index[0]]
        numbers = (row["slope"], row["slope_low"], row["slope_high"])
        return Finding(
            overall(answers),
            f"slope {interval_text(*numbers)}",
            *numbers,
            detail=verdict_counts(rows),
            rows=rows,
        )
    if len(slopes):
        result += f", slopes {slopes.min():.2f} to {slopes.max():.2f}"
    share = held / len(rows)
    return Finding(overall(answers), result, share, detail=verdict_counts(rows), rows=rows)


def _ordered(
    evidence: ClaimTables, rows: pd.DataFrame, value: pd.Series, groups: pd.Series, steeper: bool
) -> Finding:
    """Whether slopes get steeper with a value, or flatter, in all pairs of cells of a group.

    Pairs count whose predictions differ enough. The result is the change over the one whose
    predictions differ most.
    """
    least = 2 * evidence.decisions.thresholds.delta
    pairs, unknown = [], 0
    for _, group in rows.groupby(groups, sort=False):
        cells = list(rows.loc[group.index].assign(value=value[group.index]).itertuples())
        for first in cells:
            for second in cells:
                due = second.predicted_slope - first.predicted_slope
                if second.value > first.value:
                    unknown += np.isnan(due)
                    pairs += [(due, first, second)] if abs(due) >= least else []
    if not pairs:
        return UNTESTED
    answers, names = [], []
    for _, first, second in pairs:
        _, low, high = difference(first, second)
        answer = Answer.UNDECIDED
        if Verdict.INCONCLUSIVE not in (first.verdict, second.verdict):
            agrees, contradicts = (high < 0, low > 0) if steeper else (low > 0, high < 0)
            answer = Answer.HOLDS if agrees else Answer.FAILS if contradicts else answer
        answers.append(answer)
        names.append(f"{first.value:g} to {second.value:g}")
    due, first, second = max(pairs, key=lambda pair: abs(pair[0]))
    numbers = difference(first, second)
    result = (
        f"slope changes by {interval_text(*numbers)} from {first.value:g} to {second.value:g}, "
        f"{due:.2f} predicted; {answers.count(Answer.HOLDS)} of {len(pairs)} pairs as predicted"
    )
    aside = left_out(unknown, "pair", " without a prediction")
    detail = joined(_exceptions(answers, names), aside)
    return Finding(overall(answers), result, *numbers, detail=detail, rows=rows)


def _near(rows: pd.DataFrame, answers: list[Answer]) -> Finding:
    distance = rows["difference"].abs().max()
    result = f"{answers.count(Answer.HOLDS)} of {len(rows)} slopes as predicted"
    titles = cell_titles(rows, without=shared_settings(rows))
    names = [titles[cell].replace("$", "") for cell in rows["cell"]]
    detail = _exceptions(answers, [f"({name})" if ", " in name else name for name in names])
    return Finding(overall(answers), result, float(distance), detail=detail, rows=rows)


def _exceptions(answers: list[Answer], names: list[str]) -> str:
    """Names of what failed and of what stayed open."""
    parts = []
    for answer in (Answer.FAILS, Answer.UNDECIDED):
        found = [name for name, given in zip(names, answers, strict=True) if given == answer]
        parts += [f"{answer}: {', '.join(found)}"] if found else []
    return joined(*parts)


def _labels(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """A text for each row that is the same where the columns are."""
    texts = [" ".join(map(str, values)) for values in rows[columns].itertuples(index=False)]
    return pd.Series(texts, index=rows.index, dtype=str)
