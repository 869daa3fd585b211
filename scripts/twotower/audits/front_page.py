"""README's table of claims and its picture, written from the findings that are published."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pandas as pd

from twotower.audits.publishing import FINDINGS, NOTE
from twotower.base import files, places
from twotower.base.errors import ExpectedError
from twotower.study import decisions
from twotower.study.decisions import Answer, Decisions
from twotower.study.rules import rule_words

README = Path("README.md")
PICTURE = Path("docs/images/learning_curves.png")
STUDIES = ("default", "standard")
"""The studies whose ledgers stand side by side; the picture is of the first."""
BEGIN = "<!-- The table of claims: `make readme` writes it. -->"
END = "<!-- The end of the table of claims. -->"

LINES = {
    "primary": "over all confirmatory cells, measured slopes follow the predicted ones",
    "primary level": (
        "over all confirmatory cells, risks are the predicted ones, within {level_ratio}"
    ),
    "1": "towers approximate the truth arbitrarily well as they grow (Theorem 1)",
    "2": "the risk falls as fast as the bound (Theorem 2)",
    "2b": "unlucky targets have the rate too (90% quantile), within {2 delta:.2f}",
    "2c": "so have targets made hardest for one n",
    "2d": "so has every rank",
    "3": "infinite smoothness gives the parametric rate, over the whole window",
    "3b": "of two smoothnesses the lower one rules",
    "4a": "smoothness helps",
    "4b": "intrinsic dimension hurts",
    "4c": "ambient dimension does neither, per factor 10",
    "4d": "nor does it change the constant by more than a factor {level_ratio}",
    "5": "max(d_u, d_i), neither sum nor mean, cell by cell",
    "6": "any depth keeps the rate",
    "8": "cold start: risk on new over risk on known users and items",
    "9.1, 9.2, 9.3": "the theory's three lemmas",
    "off_manifold": "from the rate of d to that of D as covariates leave the manifold",
    "embedding_dim, null_cells, falsifiability": "embedding dimension, null cells, falsifiability",
    "sampling": "outside fresh pairs the rate breaks where it must",
    "noise": "each noise has its predicted slope, within {2 delta:.2f}",
    "extrapolation": "{confidence}% intervals of the {extrapolated_sizes} largest sizes hold",
}
"""By claim, what README says it is; in braces what the thresholds give (`rule_words.filled`).

Several claims share a line where all have one verdict."""
_AND = ", "


class FrontPageError(ExpectedError):
    """README cannot be written, or is not what the findings say; the message names what."""


def write(project: Path) -> None:
    """Write README's table of claims, and its picture.

    Args:
        project: folder of README.md and docs/.

    Raises:
        FrontPageError: if a study is not published, or README has no place for the table.
    """
    page = _page(project)
    with files.atomic_write(project / README) as path:
        path.write_text(page, encoding="utf-8", newline="\n")
    with files.atomic_write(project / PICTURE) as path:
        path.write_bytes(_picture(project))


def check(project: Path) -> None:
    """Raise FrontPageError if README's table or picture is not that of the findings."""
    stale = []
    if (project / README).read_text(encoding="utf-8") != _page(project):
        stale.append(f"the table of claims in {README}")
    if (project / PICTURE).read_bytes() != _picture(project):
        stale.append(str(PICTURE))
    if stale:
        said = " and ".join(stale)
        raise FrontPageError(f"{said}: not what {FINDINGS} says; `make readme` writes it anew")


def unpublished(project: Path) -> list[str]:
    """Those of `STUDIES` that have no ledger among the findings."""
    return [study for study in STUDIES if not _ledger_path(project, study).exists()]


def table(ledgers: dict[str, pd.DataFrame]) -> str:
    """A Markdown table of the claims that any of the ledgers tests, a column for each ledger.

    Args:
        ledgers: by name of the study, `claims.csv`.
    """
    rows = {name: ledger.set_index("claim") for name, ledger in ledgers.items()}
    claims = list(dict.fromkeys(claim for ledger in rows.values() for claim in ledger.index))
    lines = [_row(["claim", *(f"{name} study" for name in rows)]), _row(["---"] * (len(rows) + 1))]
    for group in _groups(claims):
        answers = [_answer(ledger.reindex(group)) for ledger in rows.values()]
        if set(answers) == {_UNTESTED}:
            continue
        first = next(ledger for ledger in rows.values() if group[0] in ledger.index)
        cells = [_name(group, str(first.at[group[0], "statement"])), *answers]
        lines.append(_row(cells))
    return "\n".join(lines)


_UNTESTED = "not tested"


def _row(cells: list[str]) -> str:
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _groups(claims: list[str]) -> Iterator[list[str]]:
    """The claims of each line: those of `LINES`, then all others, one a line."""
    for line in LINES:
        if group := [claim for claim in line.split(_AND) if claim in claims]:
            yield group
    yield from ([claim] for claim in claims if claim not in _AND.join(LINES).split(_AND))


def _name(group: list[str], statement: str) -> str:
    line = next((line for line in LINES if group[0] in line.split(_AND)), "")
    if _AND not in line:
        joint = " " if group[0][:1].isdigit() else ": "
        said = rule_words.filled(LINES.get(line, statement), asdict(_rules().thresholds))
        return f"{group[0].replace('_', ' ')}{joint}{said}"
    number = group[0].partition(".")[0]
    return f"{number} {LINES[line]}" if number.isdigit() else LINES[line]


def _answer(rows: pd.DataFrame) -> str:
    """The verdict on a line's claims and what was measured; each claim apart where they differ."""
    verdicts = rows["verdict"].fillna(str(Answer.UNTESTED))
    tested = verdicts[verdicts != Answer.UNTESTED]
    if tested.empty:
        return _UNTESTED
    if len(rows) > 1:
        if tested.nunique() == 1 and len(tested) == len(rows):
            return _stressed(tested.iloc[0])
        said = (f"{claim.replace('_', ' ')} {_stressed(each)}" for claim, each in tested.items())
        return ", ".join(said)
    result = str(rows["result"].fillna("").iloc[0])
    result = re.sub(r"(?<!\w)-(?=\d)", "−", result)  # a minus sign; no dash within a word
    return f"{_stressed(tested.iloc[0])}{': ' if result else ''}{result}"


def _stressed(verdict: str) -> str:
    return verdict if verdict == Answer.HOLDS else f"**{verdict}**"


def _page(project: Path) -> str:
    """README as it should be."""
    if missing := unpublished(project):
        name = missing[0]
        found = f"{_ledger_path(project, name).relative_to(project)} is missing"
        raise FrontPageError(f"{found}; `make findings` writes it after a run of study {name}")
    text = (project / README).read_text(encoding="utf-8")
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not (begin and end):
        raise FrontPageError(f"{README}: no place for the table; allowed: lines {BEGIN} and {END}")
    ledgers = {study: pd.read_csv(_ledger_path(project, study)) for study in STUDIES}
    for study, judged in ledgers.items():
        if other := sorted(set(judged["decisions"]) - {_rules().label}):
            found = f"{_ledger_path(project, study).relative_to(project)} was judged by {other[0]}"
            raise FrontPageError(f"{found}, the rules are {_rules().label}: run study {study} anew")
    made = "; ".join(f"the {study} study is of {_made(project, study)}" for study in STUDIES)
    return f"{before}{begin}{table(ledgers)}\n\nOf these ledgers {made}.\n{end}{after}"


@cache
def _rules() -> Decisions:
    return decisions.load(places.PROJECT / "workflow/decisions.yaml")


def _made(project: Path, study: str) -> str:
    """Commit and date of a study's results, as its note says them."""
    note = (project / FINDINGS / study / NOTE).read_text(encoding="utf-8")
    commit = re.search(r"^- commit: `(\w+)`", note, re.MULTILINE)
    date = re.search(r"^- date: ([\d-]+)", note, re.MULTILINE)
    if not (commit and date):
        raise FrontPageError(f"{FINDINGS / study / NOTE}: no lines of commit and date")
    return f"commit {commit[1][:7]} ({date[1]})"


def _picture(project: Path) -> bytes:
    return (project / FINDINGS / STUDIES[0] / "figures" / PICTURE.name).read_bytes()


def _ledger_path(project: Path, study: str) -> Path:
    return project / FINDINGS / study / "tables" / "claims.csv"
