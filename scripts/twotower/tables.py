"""Tables of results: for machines, papers and screens."""

import textwrap
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from twotower.files import atomic_write
from twotower.labels import (
    ABSENT,
    KEYS,
    OPTIONAL_SETTINGS,
    cell_titles,
    cells_in_order,
    differing_settings,
    interval_text,
    number_text,
    size_text,
    smoothness_text,
)

CONSOLE_WIDTH = 110
CAPTION = (
    "Fitted rates. Slope of log risk against log number of ratings over the fit window "
    "(k = 1,024) with its 95% interval, beside the bound's asymptotic exponent, the finite-n "
    "prediction over the same sizes and the reference estimator's slope on the same ratings."
)
LABEL = "tab:rates"
_WORDS = {"experiment", "arm", "window", "verdict"}  # columns set flush left
_ARM_ORDER = {"erm": 0, "adam": 1, "reference": 2}


# ---------------------------------------------------------------- the rates, for a reader


def display_table(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates frame as text: one row per row of `rates`, by cell and arm, columns to be read.

    Columns: experiment, β, d_u, d_i, D, [depth, σ, p where they differ; the cell's id where all
    these do not tell the cells apart], arm, window, slope [95% interval], bound, predicted,
    reference, verdict.
    """
    cells = cells_in_order(rates)
    place = {cell: position for position, cell in enumerate(cells.index)}
    rows = rates.assign(_cell=rates["cell"].map(place), _arm=rates["arm"].map(_ARM_ORDER))
    rows = rows.sort_values(["_cell", "_arm"], kind="stable")
    optional = differing_settings(rates)
    ambiguous = ["cell"] if cells[[*KEYS, *optional]].duplicated().any() else []

    def texts(write, *columns: str) -> list[str]:
        return [write(*values) for values in rows[list(columns)].itertuples(index=False)]

    return pd.DataFrame(
        {
            "experiment": texts(lambda names: str(names).replace(";", ", "), "experiment"),
            "β": texts(smoothness_text, "smoothness"),
            "d_u": texts("{:d}".format, "user_intrinsic_dim"),
            "d_i": texts("{:d}".format, "item_intrinsic_dim"),
            "D": texts("{:d}".format, "ambient_dim"),
            **{OPTIONAL_SETTINGS[name]: texts("{:g}".format, name) for name in optional},
            **{name: texts(str, name) for name in ambiguous},
            "arm": texts(str, "arm"),
            "window": texts(_window_text, "n_min", "n_max"),
            "slope [95% interval]": texts(interval_text, "slope", "slope_low", "slope_high"),
            "bound": texts(number_text, "bound_slope"),
            "predicted": texts(number_text, "predicted_slope"),
            "reference": texts(number_text, "reference_slope"),
            "verdict": texts(lambda verdict: ABSENT if pd.isna(verdict) else verdict, "verdict"),
        }
    )


def console_table(rates: pd.DataFrame) -> str:
    """The rates as plain text, at most CONSOLE_WIDTH columns wide, for the end of a run.

    A cell's settings stand on its first row only; long verdicts wrap. Experiments and the
    reference's slope beside each arm are left out (the reference has a row of its own).
    """
    table = display_table(rates).drop(columns=["experiment", "reference"])
    users, items = table.pop("d_u"), table.pop("d_i")
    dims = [u if u == i else f"{u}, {i}" for u, i in zip(users, items, strict=True)]
    table.insert(1, "d", dims)
    counts = rates["cell"].value_counts()[cells_in_order(rates).index]
    first_rows = counts.cumsum() - counts
    table.loc[~table.index.isin(first_rows), : table.columns[table.columns.get_loc("arm") - 1]] = ""
    widths = [max(len(name), *map(len, table[name])) for name in table.columns[:-1]]
    room = max(CONSOLE_WIDTH - sum(widths) - 2 * len(widths), 12)
    rule = ["-" * width for width in [*widths, min(room, table["verdict"].map(len).max())]]
    lines = []
    for row in [list(table.columns), rule, *table.to_numpy().tolist()]:
        aligned = [
            text.ljust(width) if name in _WORDS else text.rjust(width)
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
    return ["inconclusive:", *(f"  {text}" for text in texts), ""] if texts else []


# ---------------------------------------------------------------- files


def to_markdown(rates: pd.DataFrame, path: Path) -> None:
    """Write the rates' display table as a GitHub pipe table, a line per row, and its caption."""
    table = display_table(rates).map(lambda text: text.replace("|", r"\|"))
    text = tabulate(
        table,
        headers="keys",
        showindex=False,
        tablefmt="pipe",
        disable_numparse=True,  # the numbers are text already, to the digits chosen
        colalign=["left" if name in _WORDS else "right" for name in table.columns],
    )
    _write_text(path, f"{text}\n\n{CAPTION}\n")


def to_latex(rates: pd.DataFrame, path: Path) -> None:
    """Write the rates' display table as a two-column float with caption and label.

    Needs the LaTeX packages booktabs and array. Text is escaped, and every character is ASCII,
    so that any engine and encoding will do.
    """
    table = display_table(rates).map(_latex)
    table.columns = [_LATEX_HEADERS.get(name, _latex(name)) for name in table.columns]
    # The two columns of words wrap, so that the table fits the width of a page.
    ragged = r">{{\raggedright\arraybackslash}}p{{{}}}".format
    middle = "".join("l" if name in ("arm", "window") else "r" for name in table.columns[1:-1])
    text = table.to_latex(
        index=False,
        escape=False,
        caption=_latex(CAPTION),
        label=LABEL,
        position="t",
        column_format=f"{ragged('2.1cm')}{middle}{ragged('2.8cm')}",
    )
    text = text.replace("{table}", "{table*}")
    text = text.replace(
        r"\begin{tabular}",
        "\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{3pt}\n\\begin{tabular}",
    )
    _write_text(path, f"% Needs \\usepackage{{array, booktabs}}\n{text}")


def _window_text(n_min: float, n_max: float) -> str:
    if pd.isna(n_min) or pd.isna(n_max):
        return ABSENT
    return f"{size_text(n_min)}–{size_text(n_max)}"


_LATEX_HEADERS = {"d_u": "$d_u$", "d_i": "$d_i$", "D": "$D$", "p": "$p$"}
_LATEX_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "−": "$-$",
    "–": "--",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "β": r"$\beta$",
    "σ": r"$\sigma$",
}


def _latex(text: str) -> str:
    return "".join(_LATEX_CHARACTERS.get(character, character) for character in text)


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
