"""README: one page, terms before their use, and the verdicts that the published ledgers have."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from twotower.audits import front_page, publishing

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_front_page_is_one_page_and_defines_its_terms_before_it_uses_them():
    assert len([line for line in LINES if not line.startswith("<!--")]) <= 130
    defined = LINES.index("## Seven terms")
    before = "\n".join(LINES[:defined])
    rows = [re.match(r"\| ([a-z]+) \|", line) for line in LINES[defined : defined + 12]]
    terms = [row[1] for row in rows if row and row[1] != "term"]
    known = ["cell", "arm", "risk", "reference", "window", "certificate", "confirmatory"]
    assert terms == known
    assert not [
        term
        for term in terms
        if re.search(rf"\b[{term[0]}{term[0].upper()}]{term[1:]}s?\b", before)
    ]
    answered = next(place for place, line in enumerate(LINES) if line.startswith("| an auditor"))
    assert answered < 40


@pytest.mark.parametrize("study", front_page.STUDIES)
def test_its_table_of_claims_says_what_the_published_ledger_says(study):
    if study in front_page.unpublished(ROOT):
        pytest.skip(f"no findings of study {study} are published")
    ledger = read_ledger(ROOT / "docs/findings" / study / "tables/claims.csv")
    start = LINES.index("| claim | default study | standard study |") + 2
    shown = {}
    for line in LINES[start : LINES.index("", start)]:
        claim, *answers = (cell.strip() for cell in line.strip("|").split(" | "))
        answer = answers[front_page.STUDIES.index(study)]
        told = [name for name in ledger if re.match(f"{name.replace('_', ' ')}[: ]", claim)]
        name = max(told, key=len, default=claim)
        shown[name] = answer.replace("*", "").replace("−", "-")
    undecided = {claim for claim, row in ledger.items() if row["verdict"] == "not decided"}
    assert undecided <= shown.keys()
    for claim in ledger.keys() & shown.keys():
        verdict, _, numbers = shown[claim].partition(": ")
        assert verdict == ledger[claim]["verdict"].removesuffix(" in this study"), claim
        for number in re.findall(r"-?[\d.]+\d%?|\d+", numbers):
            assert number in ledger[claim]["result"], claim
    assert len(ledger.keys() & shown.keys()) > 10


def read_ledger(path: Path) -> dict[str, dict[str, str]]:
    return pd.read_csv(path, dtype=str).fillna("").set_index("claim").to_dict("index")


# ---------------------------------------------------------------- the command that writes it


@pytest.fixture
def project(tmp_path):
    """A project of which two studies are published."""
    (tmp_path / "docs/images").mkdir(parents=True)
    shutil.copy2(ROOT / "README.md", tmp_path)
    shutil.copy2(ROOT / "docs/images/learning_curves.png", tmp_path / "docs/images")
    for study in front_page.STUDIES:
        shutil.copytree(ROOT / "docs/findings/standard", tmp_path / "docs/findings" / study)
    return tmp_path


def test_readme_is_written_from_the_findings_and_nothing_else_in_it_changes(project):
    before = (project / "README.md").read_text(encoding="utf-8")
    with pytest.raises(front_page.FrontPageError, match="the table of claims in README.md and doc"):
        front_page.check(project)
    front_page.write(project)
    front_page.check(project)
    after = (project / "README.md").read_text(encoding="utf-8")
    head, rest = after.split(front_page.BEGIN)
    written, tail = rest.split(front_page.END)
    assert before.startswith(head) and before.endswith(tail)
    note = (ROOT / "docs/findings/standard" / publishing.NOTE).read_text(encoding="utf-8")
    commit, date = re.search("commit: `(.{7})", note)[1], re.search("date: ([0-9-]+)", note)[1]
    assert written.count(f"commit {commit} ({date})") == 2
    picture = project / "docs/findings/default/figures/learning_curves.png"
    assert (project / front_page.PICTURE).read_bytes() == picture.read_bytes()


@pytest.mark.parametrize("study", front_page.STUDIES)
def test_a_number_that_is_not_that_of_the_findings_is_found(project, study):
    front_page.write(project)
    ledger = project / "docs/findings" / study / "tables/claims.csv"
    text = ledger.read_text(encoding="utf-8")
    told = read_ledger(ledger)["primary"]["result"]
    assert text.count(told) == 1
    ledger.write_text(text.replace(told, told.replace("]", "9]")))
    with pytest.raises(front_page.FrontPageError, match="^the table of claims in README.md: not"):
        front_page.check(project)


def test_another_picture_is_found(project):
    front_page.write(project)
    (project / "docs/findings/default/figures/learning_curves.png").write_bytes(b"another")
    with pytest.raises(front_page.FrontPageError, match="^docs/images/learning_curves.png: not"):
        front_page.check(project)


def test_without_findings_or_a_place_for_the_table_nothing_is_written(project):
    text = (project / "README.md").read_text(encoding="utf-8").replace(front_page.END, "")
    (project / "README.md").write_text(text, encoding="utf-8")
    with pytest.raises(front_page.FrontPageError, match="README.md: no place for the table"):
        front_page.write(project)
    shutil.rmtree(project / "docs/findings/default")
    assert front_page.unpublished(project) == ["default"]
    with pytest.raises(front_page.FrontPageError, match="claims.csv is missing; `make findings`"):
        front_page.write(project)
    assert (project / "README.md").read_text(encoding="utf-8") == text


def ledger_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["claim", "verdict", "result"])
    return frame.assign(statement="a statement")


def test_no_claim_is_left_out_of_the_table_but_those_that_no_study_tests():
    untested = "not tested in this study"
    one = ledger_of(
        ("new", "holds", "a|b -0.5, 1e-13 of 2-D"), ("7", untested, ""), ("9.1", "holds", ""),
        ("9.2", "fails", "x"), ("sampling", "fails", ""), ("off_manifold", untested, ""),
        ("embedding_dim", untested, ""),
        ("null_cells", "holds", "y"), ("falsifiability", "holds", "z"),
    )  # fmt: skip
    other = ledger_of(("9.1", "holds", ""), ("9.2", "holds", ""), ("null_cells", untested, ""))
    assert front_page.table({"a": one, "b": other}).splitlines()[2:] == [
        "| 9 the theory's three lemmas | 9.1 holds, 9.2 **fails** | holds |",
        "| embedding dimension, null cells, falsifiability "
        "| null cells holds, falsifiability holds | not tested |",
        "| sampling: outside fresh pairs the rate breaks where it must | **fails** | not tested |",
        r"| new: a statement | holds: a\|b −0.5, 1e-13 of 2-D | not tested |",
    ]
