"""What a crate's graph says of jobs and runs is held against the records in the crate."""

import json

import pytest

from twotower.audits.crate_check import recorded

JOB, RUN = "results/records/tables/a.csv.json", "results/records/runs/0123456789abcdef.json"
RECORDS = {JOB: {"rule": "tables", "code": "c0de"}, RUN: {"commit": None}}


def said(folder, code="c0de", commit="unknown", place="results/tables/a.csv", content=None):
    graph = [
        {"@id": "#run", "description": f"commit {commit}", "result": []},
        {"@id": "#job", "description": f"a job of the rule tables, code {code}",
         "result": {"@id": place}},
    ]  # fmt: skip
    for path, record in RECORDS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content or json.dumps(record), encoding="ascii")
    return list(recorded.faults(folder, graph, [*RECORDS, "results/records/runs/x.diff"]))


@pytest.mark.parametrize("place", ["results/tables/a.csv", "#results/tables/a.csv"])
def test_a_graph_as_the_records_is_sound(tmp_path, place):
    assert not said(tmp_path, place=place)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": "ffff"}, f"{JOB} says “a job of the rule tables, code c0de”"),
        ({"commit": "a" * 40}, f"{RUN} says “commit unknown”"),
        ({"place": "results/tables/b.csv"}, "it says “nothing” of results/tables/a.csv"),
    ],
)
def test_another_code_or_commit_or_no_job_is_told(tmp_path, changes, told):
    [fault] = said(tmp_path, **changes)
    assert told in fault


def test_a_record_that_is_none_is_told(tmp_path):
    assert "is no record" in said(tmp_path, content="[]")[0]
