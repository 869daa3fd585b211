"""docs/tables.md as data: the columns that it documents, and what differs in real tables."""

import csv
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_OF_A_CELL = "[columns of a cell](#columns-of-a-cell)"


class Documented(NamedTuple):
    """One section: the paths it is about, as patterns; its columns; those that may be absent."""

    patterns: tuple[str, ...]
    columns: frozenset[str]
    only: frozenset[str]


@cache
def sections() -> tuple[Documented, ...]:
    """Every table of the page."""
    text = (ROOT / "docs/tables.md").read_text(encoding="utf-8")
    _, _, cell = text.partition("\n## Columns of a cell\n")
    of_a_cell = _columns(cell.partition("\n## ")[0])
    found = []
    for part in re.split(r"\n### ", text)[1:]:
        head, _, body = part.partition("\n")
        body = body.partition("\n## ")[0]
        columns = _columns(body)
        if _OF_A_CELL in " ".join(body.split()):
            columns |= of_a_cell
        patterns = tuple(re.sub("<[a-z]+>", "*", path) for path in re.findall(r"`(\S+/\S+)`", head))
        assert patterns and columns, head
        only = frozenset(name for name, optional in columns.items() if optional)
        found.append(Documented(patterns, frozenset(columns), only))
    return tuple(found)


def _columns(body: str) -> dict[str, bool]:
    """Columns in the first cell of each row, and whether the row says that they are optional."""
    rows = re.findall(r"^\| (`.+?`) \| (.+?) \| .+ \|$", body, re.MULTILINE)
    named = [
        (name, meaning.startswith("Only"))
        for names, meaning in rows
        for name in re.findall(r"`([^`]+)`", names)
    ]
    assert len(dict(named)) == len(named), "a column stands twice in one section"
    return dict(named)


def header(path: Path) -> list[str]:
    """The columns of a table that was written: CSV, TSV or Markdown."""
    with open(path, encoding="utf-8", newline="") as file:
        if path.suffix == ".md":
            line = next(line for line in file if line.startswith("|"))
            return [name.strip() for name in line.strip().strip("|").split("|")]
        return next(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def faults(tables: dict[str, Iterable[str]], complete: bool = True) -> list[str]:
    """What the page says wrongly, a line for each table; `tables` maps a path to its columns.

    A table must have all columns of one section about its path, but for optional ones, and no
    other; if not `complete`, the page may document columns that the table does not have.
    """
    found = []
    for path, columns in tables.items():
        columns = set(columns)
        about = [s for s in sections() if any(fnmatchcase(path, p) for p in s.patterns)]
        if not any(
            columns <= s.columns and not (complete and s.columns - s.only - columns) for s in about
        ):
            differ = [sorted((s.columns ^ columns) - (s.only - columns)) for s in about]
            found.append(f"{path}: {differ or 'no section'}")
    return found


def written(folder: Path) -> dict[str, list[str]]:
    """Path below `folder` and columns of every table that a run has written to results/."""
    paths = (path for path in sorted((folder / "results").rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): header(path)
        for path in paths
        if path.suffix in (".csv", ".tsv", ".md")
    }
