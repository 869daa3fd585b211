"""The ledger: for each claim of the theory its cells, its verdict and how to rerun it."""

import math
import shlex
import textwrap
from collections.abc import Mapping

import pandas as pd

from twotower.base import commands
from twotower.claims.findings import ClaimTables, Finding
from twotower.claims.rules import RULES, Rule
from twotower.study.decisions import Answer, Claim, Decisions
from twotower.study.rules.click_decisions import ClickClaim, ClickDecisions

COLUMNS = [
    "claim", "statement", "prediction", "cells", "tested_on", "result", "measured", "low", "high",
    "verdict", "detail", "p_slower", "p_holm", "judged", "figure", "command", "decisions",
]  # fmt: skip
WIDTH = 110  # of the ledger on a screen
DEFAULT_STUDY = "config.yaml"


def ledger(
    tables: Mapping[str, pd.DataFrame],
    decisions: Decisions | ClickDecisions,
    study: str = DEFAULT_STUDY,
    rules: Mapping[str, Rule] = RULES,
) -> pd.DataFrame:
    """One row for each claim of the decisions, in their order.

    Args:
        tables: rates (combined), and those the study has of approximation, extrapolation,
            falsifiability, lemmas, tournament, meta_regression and cold_start.
        decisions: the frozen rules.
        study: the study's file, for the commands.
        rules: by name, those that the decisions name.

    Returns:
        Columns `COLUMNS`. `measured`, `low` and `high` are numbers where the claim has one;
        `result` says in words what they are. `p_slower` and `p_holm` are the smallest of the
        claim's confirmatory cells. `figure` and `command` are empty where the study tests nothing.
    """
    rows = []
    for claim in decisions.claims:
        finding = rules[claim.rule](ClaimTables(claim, tables, decisions))
        rows.append(_row(claim, finding, tables, study) | {"decisions": decisions.label})
    return pd.DataFrame(rows, columns=COLUMNS)


def stale(claims: pd.DataFrame, decisions: Decisions | ClickDecisions) -> bool:
    """Whether a table (of claims or of rates) was judged by other decisions than these."""
    return bool((claims["decisions"] != decisions.label).any())


def display(claims: pd.DataFrame) -> pd.DataFrame:
    """The ledger as text, for readers: a row per claim, what it measured and how to rerun it."""
    counts = [str(int(cells)) if cells > 0 else "" for cells in claims["cells"]]
    measured = claims["result"].fillna("")
    return pd.DataFrame(
        {
            "claim": claims["claim"].astype(str),
            "statement": claims["statement"],
            "prediction": claims["prediction"],
            "cells": counts,
            "measured": measured,
            "verdict": claims["verdict"],
            "detail": claims["detail"].fillna(""),
            "figure": claims["figure"].fillna(""),
            "command": claims["command"].fillna(""),
        }
    )


def to_console(claims: pd.DataFrame, decisions: Decisions | ClickDecisions | None = None) -> str:
    """The ledger as plain text, at most `WIDTH` columns wide: claims that the study tests.

    Args:
        claims: a ledger.
        decisions: those of the file as it is now; a last line says so if they are others.
    """
    tested = claims[claims["verdict"] != Answer.UNTESTED]
    table = display(tested)[["claim", "statement", "verdict", "measured"]]
    widths = {name: max([len(name), *map(len, table[name])]) for name in table}
    widths["statement"] = min(widths["statement"], 42)
    widths["measured"] = WIDTH - sum(widths.values()) + widths["measured"] - 6
    lines = [_cells(dict(zip(table, table, strict=True)), widths)]
    lines.append("  ".join("-" * width for width in widths.values()))
    for row in table.to_dict("records"):
        lines.append(_cells(row, widths))
    left = claims.loc[claims["verdict"] == Answer.UNTESTED, "claim"].astype(str)
    if len(left):
        lines += textwrap.wrap(f"Not tested in this study: {', '.join(left)}.", WIDTH)
    if decisions is not None and stale(claims, decisions):
        then = ", ".join(dict.fromkeys(claims["decisions"]))
        lines.append(f"STALE: judged by decisions {then}, the file is now {decisions.label}")
    return "\n".join(lines)


def _cells(row: dict[str, str], widths: dict[str, int]) -> str:
    """One row of the console table; long texts wrap within their column."""
    columns = [textwrap.wrap(row[name], width) or [""] for name, width in widths.items()]
    lines = []
    for line in range(max(map(len, columns))):
        texts = [column[line] if line < len(column) else "" for column in columns]
        padded = [text.ljust(width) for text, width in zip(texts, widths.values(), strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _row(
    claim: Claim | ClickClaim, finding: Finding, tables: Mapping[str, pd.DataFrame], study: str
) -> dict[str, object]:
    tested = finding.answer != Answer.UNTESTED
    rows = finding.rows
    p_values = {"p_slower": math.nan, "p_holm": math.nan}
    if "p_holm" in rows:
        confirmatory = rows[rows["confirmatory"].astype(bool)]
        p_values = {name: float(confirmatory[name].min()) for name in p_values}
    cells = int(rows["cell"].nunique()) if "cell" in rows else 0
    # The experiments of the study that the claim's cells stand in, as targets and as figures.
    present = _experiments(tables)
    own = [name for name in claim.experiments if name in present]
    figure = claim.figure
    if figure in claim.experiments and figure not in own:
        figure = own[0] if own else ""
    targets = claim.target or " ".join(own)
    command = " ".join(["snakemake", *targets.split()])
    if study != DEFAULT_STUDY:
        command += f" --config {shlex.quote(commands.config('study', study))}"
    return {
        "claim": claim.id,
        "statement": claim.statement,
        "prediction": claim.prediction,
        "cells": cells,
        "tested_on": (finding.tested_on or _cell_text(rows)) if tested else "",
        "result": finding.result,
        "measured": finding.measured,
        "low": finding.low,
        "high": finding.high,
        "verdict": str(finding.answer),
        "detail": finding.detail,
        **p_values,
        "judged": claim.judged,
        "figure": f"results/figures/{figure}.pdf" if tested and figure else "",
        "command": command if tested else "",
    }


def _experiments(tables: Mapping[str, pd.DataFrame]) -> set[str]:
    """Names of all experiments that the study has."""
    frames = [tables["rates"], tables.get("approximation", pd.DataFrame())]
    joined = [str(names) for frame in frames for names in frame.get("experiment", [])]
    return {name for names in joined for name in names.split(";")}


def _cell_text(rows: pd.DataFrame) -> str:
    """What the cells are, in short: the values of β, d and D that occur in them."""
    parts = []
    dims = [name for name in ("user_intrinsic_dim", "item_intrinsic_dim") if name in rows]
    if "smoothness" in rows:
        parts.append("β " + _values(rows["smoothness"]))
    if dims:
        parts.append("d " + _values(pd.concat([rows[name] for name in dims])))
    if "ambient_dim" in rows and len(rows) and rows["ambient_dim"].nunique() > 1:
        parts.append("D " + _values(rows["ambient_dim"]))
    return ", ".join(parts)


def _values(column: pd.Series) -> str:
    values = sorted(set(column.astype(float)))
    return " ".join("∞" if math.isinf(value) else f"{value:g}" for value in values)
