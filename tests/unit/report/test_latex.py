"""LaTeX tables in a real document: two lines of preamble, nothing beyond the page."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from figure_fakes import planted_study
from twotower.claims import ledger as claims_ledger
from twotower.report.tables import latex, layouts, texts

ROOT = Path(__file__).parents[3]
DOCUMENT = r"""\documentclass{CLASS}
\usepackage{booktabs}
\begin{document}\input{table.tex}\end{document}
"""


def rates(planted: pd.DataFrame) -> tuple[pd.DataFrame, layouts.Layout]:
    return texts.rate_table(planted.drop_duplicates(["cell", "arm"])), layouts.RATES


def levels(planted: pd.DataFrame) -> tuple[pd.DataFrame, layouts.Layout]:
    names = ("mean_risk", "predicted_risk", "ratio", "ratio_low", "ratio_high", "ratio_sd")
    told = dict.fromkeys(names, 0.123) | {"in_window": True, "upper_half": True}
    return texts.level_table(planted.assign(n_ratings=65536, **told)), layouts.LEVELS


def claims(_: pd.DataFrame) -> tuple[pd.DataFrame, layouts.Layout]:
    ledger = pd.read_csv(ROOT / "docs/findings/standard/tables/claims.csv")
    return claims_ledger.display(ledger)[layouts.PRINTED_CLAIMS], layouts.CLAIMS


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed here")
@pytest.mark.parametrize("kind", ["{article}", "[twocolumn]{article}"])
@pytest.mark.parametrize("table", [rates, levels, claims])
def test_a_table_compiles_with_booktabs_alone_and_fits_its_pages(tmp_path, kind, table):
    latex.write(*table(planted_study()[1]), tmp_path / "table.tex")
    log = compiled(tmp_path, kind)
    assert "Float too large" not in log
    assert overfull(log) < 3, log
    text = (tmp_path / "table.tex").read_text("ascii")
    pages = int(re.search(r"Output written .*\((\d+) page", log)[1])
    assert pages <= text.count(r"\begin{table*}")
    # Left to itself, a box wider than the text says by how much: the page has 269 pt beside it.
    (tmp_path / "table.tex").write_text(text.replace(r"\makebox[\textwidth][c]", ""))
    assert overfull(compiled(tmp_path, "{article}")) < 210


def compiled(folder: Path, kind: str) -> str:
    """What pdflatex says of a document that holds the table."""
    (folder / "document.tex").write_text(DOCUMENT.replace("{CLASS}", kind))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="latin-1")
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def overfull(log: str) -> float:
    """The widest excess of a line, in points."""
    found = re.findall(r"Overfull .hbox \(([\d.]+)pt", log)
    return max(map(float, found), default=0.0)
