"""README: one page, terms before their use, and the verdicts that the published ledger has."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_front_page_is_one_page_and_defines_its_terms_before_it_uses_them():
    assert len(LINES) <= 130
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


def test_its_table_of_claims_says_what_the_published_ledger_says():
    with open(ROOT / "docs/findings/tables/claims.csv", encoding="utf-8", newline="") as file:
        ledger = {row["claim"]: row for row in csv.DictReader(file)}
    start = LINES.index("| claim | default study | standard study |") + 2
    shown = {}
    for line in LINES[start : LINES.index("", start)]:
        claim, _, answer = (cell.strip() for cell in line.strip("|").split(" | "))
        shown[re.split("[ :]", claim)[0]] = answer.replace("*", "").replace("−", "-")
    undecided = {claim for claim, row in ledger.items() if row["verdict"] == "not decided"}
    assert undecided <= shown.keys()
    for claim in ledger.keys() & shown.keys():
        verdict, _, numbers = shown[claim].partition(": ")
        assert verdict == ledger[claim]["verdict"], claim
        for number in re.findall(r"-?[\d.]+\d%?|\d+", numbers):
            assert number in ledger[claim]["result"], claim
    assert len(ledger.keys() & shown.keys()) == 13
