r"""Tables of text as LaTeX that needs no package but booktabs: floats that fit a page.

A table of more lines than a page has goes on in further floats. All are as wide as they need, and
centred on the page where that is wider than its text.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from twotower.base.files import atomic_write
from twotower.report.tables.layouts import Layout

PAGE_LINES = 46
"""Lines of a table, in footnote size, that a page of the class article has room for."""
_CHARACTERS = 5.6
"""Letters of an average word, in footnote size, in a centimetre: 14 points have 5."""


def write(table: pd.DataFrame, layout: Layout, path: Path) -> None:
    r"""Write a table of text with caption and label: floats as wide as a page of two columns.

    Needs the LaTeX package booktabs. Text is escaped, and every character is ASCII, so that any
    engine and encoding will do.
    """
    parts = list(_pages(table, layout)) or [table]
    text = "".join(_float(part, layout, first=part is parts[0]) for part in parts)
    with atomic_write(path) as temporary:
        temporary.write_text(f"{_HEAD}{text}", encoding="utf-8", newline="\n")


_HEAD = r"""% Needs \usepackage{booktabs}
\providecommand{\ragged}{\rightskip=0pt plus 1fil\relax\hspace{0pt}}
"""


def _float(table: pd.DataFrame, layout: Layout, first: bool) -> str:
    texts = table.map(_latex)
    for name in layout.widths:
        if name in texts:
            texts[name] = [rf"\ragged {_breakable(text)}" for text in texts[name]]
    texts.columns = [_HEADERS.get(name, _latex(name)) for name in table.columns]
    columns = "".join(_column_format(name, layout) for name in table.columns)
    tabular = texts.to_latex(index=False, escape=False, column_format=columns)
    caption = f"\\caption{{{_latex(layout.caption)}}}\n\\label{{{layout.label}}}\n"
    if not first:
        caption = "\\addtocounter{table}{-1}\n\\caption{(continued)}\n"
    return (
        f"\\begin{{table*}}[tp]\n\\centering\n{caption}"
        "\\footnotesize\n\\setlength{\\tabcolsep}{3pt}\n"
        f"\\makebox[\\textwidth][c]{{%\n{tabular.rstrip()}}}\n\\end{{table*}}\n"
    )


def _column_format(name: str, layout: Layout) -> str:
    if name in layout.widths:
        return rf"p{{{layout.widths[name]}cm}}"
    return "l" if name in layout.words else "r"


def _pages(table: pd.DataFrame, layout: Layout) -> Iterator[pd.DataFrame]:
    """The rows by float: as many as fill a page, by the lines that wrapped texts take."""
    start, filled = 0, 0
    for place, row in enumerate(table.itertuples(index=False)):
        lines = _lines(dict(zip(table.columns, row, strict=True)), layout)
        if filled + lines > PAGE_LINES and place > start:
            yield table.iloc[start:place]
            start, filled = place, 0
        filled += lines
    if start < len(table):
        yield table.iloc[start:]


def _lines(row: dict[str, str], layout: Layout) -> int:
    """Lines that a row takes: those of the text that wraps most often."""
    return max(
        [1, *(math.ceil(len(row[name]) / (_CHARACTERS * width)) for name, width in
              layout.widths.items() if name in row)]
    )  # fmt: skip


_HEADERS = {"d": "$d$", "D": "$D$"}
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "−": "$-$",
    "–": "--",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "²": "$^2$",
    "½": "1/2",
    "Ω": r"$\Omega$",
    "β": r"$\beta$",
    "δ": r"$\delta$",
    "τ": r"$\tau$",
    "σ": r"$\sigma$",
}


def _latex(text: str) -> str:
    pairs = zip(text, f"{text[1:]} ", strict=False)
    return "".join("-{}" if one + two == "--" else _ESCAPED.get(one, one) for one, two in pairs)


def _breakable(escaped: str) -> str:
    """Paths and options may go on in the next line."""
    return re.sub(r"(/|=|\\_)(?=\w)", r"\1\\allowbreak{}", escaped)
