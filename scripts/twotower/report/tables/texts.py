"""Rates and levels as tables of text: for papers, web pages and screens."""

import textwrap
from collections.abc import Callable

import pandas as pd

from twotower.report.tables.layouts import RATES
from twotower.study import arms
from twotower.study.labels import (
    ABSENT,
    KEYS,
    betas_text,
    cell_titles,
    cells_in_order,
    dims_text,
    interval_text,
    number_text,
    size_text,
)

CONSOLE_WIDTH = 110
UPPER_HALF = "upper half"
"""Stands in the column `fitted` of levels at the sizes where the level is judged."""


def rate_table(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates frame as text: one row per row of `rates`, by cell and arm, columns to be read.

    Columns: experiment, β and d (both sides where they differ), D, [setting: the other settings,
    where cells differ in any], arm, window, slope [95% interval], bound, predicted, reference,
    verdict.
    """
    rows = _in_order(rates)
    return pd.DataFrame(
        _cell_texts(rows)
        | {
            "arm": _texts(rows, str, "arm"),
            "window": _texts(rows, _window_text, "n_min", "n_max"),
            "slope [95% interval]": _texts(rows, interval_text, *_with_limits("slope")),
            "bound": _texts(rows, number_text, "bound_slope"),
            "predicted": _texts(rows, number_text, "predicted_slope"),
            "reference": _texts(rows, number_text, "reference_slope"),
            "verdict": _texts(rows, lambda each: ABSENT if pd.isna(each) else each, "verdict"),
        }
    )


def level_table(levels: pd.DataFrame) -> pd.DataFrame:
    """The table of levels as text: one row per row of `levels`, by cell, arm and size.

    Columns: experiment, β, d, D, [setting] as in `rate_table`, arm, ratings, risk, predicted,
    ratio [95% interval], spread, fitted.
    """
    rows = _in_order(levels, "n_ratings")
    return pd.DataFrame(
        _cell_texts(rows)
        | {
            "arm": _texts(rows, str, "arm"),
            "ratings": _texts(rows, size_text, "n_ratings"),
            "risk": _texts(rows, "{:.3g}".format, "mean_risk"),
            "predicted": _texts(rows, "{:.3g}".format, "predicted_risk"),
            "ratio [95% interval]": _texts(rows, interval_text, *_with_limits("ratio")),
            "spread": _texts(rows, number_text, "ratio_sd"),
            "fitted": _texts(rows, _fitted_text, "in_window", "upper_half"),
        }
    )


def _in_order(frame: pd.DataFrame, *further: str) -> pd.DataFrame:
    """The rows by cell and arm, in the order of every table, then by further columns."""
    place = {cell: position for position, cell in enumerate(cells_in_order(frame).index)}
    order = {arm: position for position, arm in enumerate(arms.ORDER)}
    rows = frame.assign(_cell=frame["cell"].map(place), _arm=frame["arm"].map(order))
    return rows.sort_values(["_cell", "_arm", *further], kind="stable")


def _cell_texts(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Columns that say what a row's cell is: its settings where cells differ in any."""
    cells = cells_in_order(rows)
    dims, betas = (cells.apply(write, axis=1) for write in (dims_text, betas_text))
    settings = cell_titles(rows, without=("smoothness", "intrinsic_dim", "ambient_dim"))
    named = any(settings.values())
    return {
        "experiment": _texts(rows, lambda names: str(names).replace(";", ", "), "experiment"),
        "β": [betas[cell] for cell in rows["cell"]],
        "d": [dims[cell] for cell in rows["cell"]],
        "D": _texts(rows, "{:d}".format, KEYS[-1]),
        **({"setting": [settings[cell] for cell in rows["cell"]]} if named else {}),
    }


def _texts(rows: pd.DataFrame, write: Callable[..., str], *columns: str) -> list[str]:
    return [write(*values) for values in rows[list(columns)].itertuples(index=False)]


def _with_limits(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def console_table(rates: pd.DataFrame) -> str:
    """The rates as plain text, at most CONSOLE_WIDTH columns wide, for the end of a run.

    A cell's settings stand on its first row only; long verdicts wrap. Experiments and the
    reference's slope beside each arm are left out (the reference has a row of its own).
    """
    table = rate_table(rates).drop(columns=["experiment", "reference"])
    counts = rates["cell"].value_counts()[cells_in_order(rates).index]
    first_rows = counts.cumsum() - counts
    table.loc[~table.index.isin(first_rows), : table.columns[table.columns.get_loc("arm") - 1]] = ""
    widths = [max(len(name), *map(len, table[name])) for name in table.columns[:-1]]
    room = max(CONSOLE_WIDTH - sum(widths) - 2 * len(widths), 12)
    rule = ["-" * width for width in [*widths, min(room, table["verdict"].map(len).max())]]
    lines = []
    for row in [list(table.columns), rule, *table.to_numpy().tolist()]:
        aligned = [
            text.ljust(width) if name in RATES.words else text.rjust(width)
            for name, text, width in zip(table.columns, row[:-1], widths, strict=False)
        ]
        first, *rest = textwrap.wrap(row[-1], room) or [""]
        lines.append("  ".join([*aligned, first]).rstrip())
        lines += [" " * (sum(widths) + 2 * len(widths)) + more for more in rest]
    return "\n".join(lines)


def console_reasons(rates: pd.DataFrame) -> list[str]:
    """A line for each inconclusive row: its cell, its arm and what failed."""
    titles = cell_titles(rates)
    rows = rates[rates["verdict"] == "inconclusive"]
    texts = [f"{titles[row.cell]}, {row.arm}: {row.reason}" for row in rows.itertuples()]
    texts = [text.replace("$", "") for text in texts]  # of d_u and d_i in titles
    return ["inconclusive:", *(f"  {text}" for text in texts), ""] if texts else []


def _fitted_text(in_window: bool, upper_half: bool) -> str:
    return UPPER_HALF if upper_half else "yes" if in_window else ABSENT


def _window_text(n_min: float, n_max: float) -> str:
    if pd.isna(n_min) or pd.isna(n_max):
        return ABSENT
    return f"{size_text(n_min)}–{size_text(n_max)}"
