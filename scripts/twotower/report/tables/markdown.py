"""Tables of text as Markdown."""

from pathlib import Path

import pandas as pd
from tabulate import tabulate

from twotower.base.files import atomic_write
from twotower.report.tables.layouts import Layout


def write(table: pd.DataFrame, layout: Layout, path: Path) -> None:
    """Write a table of text as a GitHub pipe table, a line per row, and its caption."""
    text = tabulate(
        table.map(lambda cell: cell.replace("|", r"\|")),
        headers="keys",
        showindex=False,
        tablefmt="pipe",
        disable_numparse=True,  # the numbers are text already, to the digits chosen
        colalign=["left" if name in layout.words else "right" for name in table.columns],
    )
    with atomic_write(path) as temporary:
        temporary.write_text(f"{text}\n\n{layout.caption}\n", encoding="utf-8", newline="\n")
