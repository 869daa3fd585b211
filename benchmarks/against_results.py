"""How far slopes, risks and verdicts of two runs of one study are apart, as Markdown."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

LIMIT = 0.1  # of an interval's width: a slope that moves further is listed
NAMED_APART = ("cell", "data")  # a cell's id may change with the code that makes ids
WINDOW = ("n_min", "n_max", "units_min", "units_max", "widths", "n_ratings", "replicates")
"""What a slope was fitted to, which its result may decide."""
FIT = ("start", "n_ratings", "width", "replicate")


def compared(old: Path, new: Path) -> str:
    """Tables of the results in two projects' folders."""
    parts = [
        slopes(tables(old, "rates"), tables(new, "rates")),
        risks(tables(old, "risks"), tables(new, "risks")),
        verdicts(
            *(pd.read_csv(each / "results/tables/claims.csv", dtype=str) for each in (old, new))
        ),
    ]
    return "\n\n".join(parts)


def tables(project: Path, name: str) -> pd.DataFrame:
    """The table of that name of all experiments, below each other."""
    paths = sorted((project / "results/rates").glob(f"*/{name}.csv"))
    if not paths:
        place = f"results/rates/*/{name}.csv"
        sys.exit(f"{project} has no {place}: name the folder of a project whose study is made")
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def slopes(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """By arm, how many of the old intervals' widths the slopes moved; those that moved far."""
    keys = [name for name in settings(old, new, "slope") if name not in WINDOW]
    both = joined(old, new, keys).dropna(subset=["slope_old", "slope_new"])
    both["moved"] = both.slope_new - both.slope_old
    both["share"] = both.moved.abs() / (both.slope_high_old - both.slope_low_old)
    lines = [
        f"Slopes, moved in units of the old 95% interval's width ({len(both)} in both, "
        f"{len(old) - len(both)} of the old and {len(new) - len(both)} of the new without a "
        "partner or a slope):",
        "",
        "| arm | slopes | largest | median | mean move of the slope |",
        "| --- | --- | --- | --- | --- |",
    ]
    for arm, rows in both.groupby("arm"):
        figures = f"{rows.share.max():.3f} | {rows.share.median():.3f} | {rows.moved.mean():+.4f}"
        lines.append(f"| {arm} | {len(rows)} | {figures} |")
    far = both[both.share > LIMIT].sort_values("share", ascending=False)
    lines += ["", f"Moved by more than {LIMIT:g} of an interval: {len(far) or 'none'}."]
    if len(far):
        lines += ["", "| experiment | cell, old | arm | old | new | share |", "| --- " * 6 + "|"]
    for row in far.itertuples():
        figures = f"{row.slope_old:.3f} | {row.slope_new:.3f} | {row.share:.2f}"
        lines.append(f"| {row.experiment} | {row.cell_old} | {row.arm} | {figures} |")
    return "\n".join(lines)


def risks(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """By experiment and arm, the mean logarithm of new over old risks of the same fits."""
    both = joined(old, new, [*settings(old, new, "start"), *FIT])
    both["log_ratio"] = np.log(both.risk_new / both.risk_old)
    lines = [
        f"Risks of the same fits, new over old ({len(both)} in both, {len(old) - len(both)} of the "
        f"old and {len(new) - len(both)} of the new without a partner); the extremes are of means "
        "over the replicates of a cell and size:",
        "",
        "| experiment | arm | fits | mean log ratio | lowest | highest |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (experiment, arm), rows in both.groupby(["experiment", "arm"]):
        means = rows.groupby(["cell_old", "start", "n_ratings", "width"]).log_ratio.mean()
        figures = f"{rows.log_ratio.mean():+.4f} | {means.min():+.4f} | {means.max():+.4f}"
        lines.append(f"| {experiment} | {arm} | {len(rows)} | {figures} |")
    return "\n".join(lines)


def verdicts(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """The claims whose verdict changed."""
    both = old.merge(new, on="claim", how="outer", suffixes=("_old", "_new")).fillna("")
    lines = [
        f"| {row.claim} | {row.verdict_old or '–'} | {row.verdict_new or '–'} |"
        for row in both.itertuples()
        if row.verdict_old != row.verdict_new
    ]
    if not lines:
        return f"Verdicts of the ledger: the same for all {len(both)} claims."
    head = "| claim | old verdict | new verdict |\n| --- | --- | --- |"
    return "\n".join(["Verdicts of the ledger that changed:", "", head, *lines])


def settings(old: pd.DataFrame, new: pd.DataFrame, until: str) -> list[str]:
    """Columns that say what a row is of, in both: those to the left of a column."""
    left = list(old.columns[: old.columns.get_loc(until)])
    return [name for name in left if name in new.columns and name not in NAMED_APART]


def joined(old: pd.DataFrame, new: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows of the same settings; an empty setting equals an empty one."""

    def text(value: object) -> str:
        return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)

    tables = [table.assign(**{k: table[k].map(text) for k in keys}) for table in (old, new)]
    return tables[0].merge(tables[1], on=keys, suffixes=("_old", "_new"), validate="one_to_one")
