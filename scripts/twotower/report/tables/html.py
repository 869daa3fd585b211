"""Tables of text as a part of an HTML page."""

from html import escape
from pathlib import Path

import pandas as pd

from twotower.base.files import atomic_write


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table of text as one HTML element, `<table class="results">`, a line per row."""
    lines = ['<table class="results">', _row(table.columns, "th")]
    lines += [_row(row, "td") for row in table.itertuples(index=False)]
    with atomic_write(path) as temporary:
        text = "\n".join([*lines, "</table>"])
        temporary.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def _row(texts, kind: str) -> str:
    cells = (f"<{kind}>{escape(text)}</{kind}>" for text in texts)
    return f"<tr>{''.join(cells)}</tr>"
