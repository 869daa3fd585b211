"""Results that others made, and options that an auditor mistypes: no audit ends in a traceback."""

import html
import json
import os

import pandas as pd
import pytest

from twotower.audits.compare.rungs import Rung
from twotower.audits.rerun import judge, options, report
from twotower.audits.rerun import page as audit_page
from twotower.audits.rerun.findings import Audit
from twotower.audits.rerun.options import Asked
from twotower.audits.rerun.run import Outcome
from twotower.audits.rerun.verdicts import LEDGER, ClaimVerdict, Reproduction
from twotower.audits.verify.findings import FileVerdict as Verified
from twotower.audits.verify.findings import Verification
from twotower.records.job_graph import JobGraph, RecordedJob

RUN = {
    "study": {"file": "study.yaml", "content": {"name": "tiny"}},
    "commit": "0" * 40,
    "diff": None,
}


def audit(folder="."):
    return Audit(Asked(folder), "0" * 64, True, RUN, Verification())


def excused(*jobs):
    return ClaimVerdict(
        "4a", "", "", "", "", Reproduction.WITHIN_TOLERANCE, jobs=list(jobs), statistical=True
    )


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        (["results/rates/a.csv"], Reproduction.WITHIN_TOLERANCE),
        (["results/rates/a.csv", "results/tables/losses.csv"], Reproduction.DIFFERENT),
        (["results/tables/losses.csv", "results/index.csv"], Reproduction.DIFFERENT),
    ],
)
def test_fresh_seeds_excuse_what_their_claims_rest_on_alone(different, expected):
    found = audit()
    found.claims = [excused("results/rates/a.csv")]
    found.outcomes = {name: Outcome(Rung.DIFFERENT) for name in different}
    assert found.verdict == expected
    found.claims.append(ClaimVerdict("6", "", "", "", "", Reproduction.DIFFERENT))
    assert found.verdict == Reproduction.DIFFERENT


def test_a_claim_with_a_very_long_id_is_told():
    found = audit()
    found.claims = [ClaimVerdict("8" + "x" * 300, "Newcomers", "holds", "", "")]
    lines = report.text(found).splitlines()
    assert lines[1] == f"8{'x' * 18}…  IDENTICAL  Newcomers: holds."


def test_a_ledger_of_numbers_is_read_as_texts(tmp_path):
    (tmp_path / LEDGER).parent.mkdir(parents=True)
    lines = "claim,statement,verdict,result,figure,measured\n8,1,2,3,4,5\n9,,,,,\n"
    (tmp_path / LEDGER).write_text(lines)
    ledger = judge._ledger(tmp_path)
    assert ledger.iloc[0].tolist() == ["8", "1", "2", "3", "4", 5.0]
    assert pd.isna(ledger.iloc[1]["figure"])
    (tmp_path / LEDGER).write_text(lines + "8,1,other,3,4,5\n")  # none of two verdicts wins
    assert judge._ledger(tmp_path) is None
    os.truncate(tmp_path / LEDGER, 400_000_000_000)
    assert judge._ledger(tmp_path) is None


def test_names_that_are_not_utf_8_are_written_as_escapes(tmp_path):
    found = audit(tmp_path)
    name = "results/tables/" + os.fsdecode(b"caf\xe9.csv")
    found.verified.files[name] = Verified("EXTRA", ["it was not sealed"])
    (tmp_path / "audit").mkdir()
    page = audit_page.write(found, tmp_path / "audit")
    assert "results/tables/caf\\udce9.csv" in page.read_text(encoding="utf-8")
    text = (tmp_path / "audit" / audit_page.DATA).read_text(encoding="utf-8")
    assert json.loads(text)["files"] == {name: {"verdict": "EXTRA", "why": "it was not sealed"}}


def test_the_page_shows_what_results_say_as_text_and_pictures_that_are_none_by_name(tmp_path):
    found, figure = audit(tmp_path), "results/figures/one.png"
    (tmp_path / figure).parent.mkdir(parents=True)
    (tmp_path / figure).write_bytes(b"no picture")
    record = {"rule": "draw", "inputs": {}, "outputs": [figure]}
    found.graph = JobGraph({figure: RecordedJob(figure, record)})
    found.outcomes = {figure: Outcome(asked=False)}
    hostile = "\"><script>alert('1 & 2')</script>"
    found.claims = [ClaimVerdict("1", hostile, hostile, hostile, figure, why=hostile)]
    found.untested, found.notes = [hostile], [hostile]
    found.verified.faults.append(hostile)
    page = audit_page.page(found, report.content(found))
    assert "<script" not in page and html.unescape(page).count(hostile) == 7
    assert f"<figcaption>{figure}: not rerun; no picture</figcaption>" in page
    assert '<a href="#figure-one">' in page and ' id="figure-one"' in page


def test_a_nonce_that_is_not_utf_8_is_refused():
    with pytest.raises(options.OptionError, match="allowed: any text in UTF-8"):
        options.check(Asked(nonce=os.fsdecode(b"\xff")))
