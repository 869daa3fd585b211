"""Records: what they hold, and what a job does whose inputs are not as they were made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.base import files, identity, places
from twotower.records import code_digest, job_records, last_run

SCRIPTS = Path(__file__).parents[3] / "scripts"
DATA, RISKS = "results/data/a/ratings.csv", "results/risks/b.csv"
RULES, SCRIPT = Path("workflow/rules/evaluate.smk"), Path("scripts/evaluation/evaluate.py")
LIBRARY = Path("scripts/twotower/__init__.py")
KEEPING = Path("scripts/twotower/records/kept.py")
WORK = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, {scripts!r})
from twotower.base import places
from twotower.records import job_records
job_records.PATIENCE, places.PROJECT = 0.0, Path.cwd()
given = json.loads(sys.argv[1])
with job_records.job(SimpleNamespace(**given | {{"params": SimpleNamespace(**given["params"])}})):
    {work}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one recorded file, `DATA`, and one that was given, study.yaml."""
    monkeypatch.chdir(tmp_path)
    Path(DATA).parent.mkdir(parents=True)
    Path(DATA).write_text("n\n1\n")
    made_from = {"rule": "data", "code": "c", "settings": "s", "inputs": {}, "outputs": [DATA]}
    job_records.write(DATA, made_from)
    Path("study.yaml").write_text("seed: 1\n")
    for place in (RULES, SCRIPT, LIBRARY, KEEPING):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    RULES.write_text(f'rule evaluate:\n    script: "../../{SCRIPT}"\n')
    SCRIPT.write_text("import twotower.records.kept\n")
    return tmp_path


def code():
    code_digest.forget()
    return code_digest.code_digest(Path("scripts"), SCRIPT.relative_to("scripts").as_posix())


def bookkeeping():
    code_digest.forget()
    script = SCRIPT.relative_to("scripts").as_posix()
    return code_digest.bookkeeping_digest(Path("scripts"), script)


def run_job(work=None, **changes):
    """What a job's log says that reads `DATA` and writes `RISKS`; it runs in its own process."""
    given = {
        "input": [DATA, "study.yaml"],
        "output": [RISKS],
        "log": ["results/logs/job.log"],
        "rule": "evaluate",
        "params": {"spec": {"code": code(), "smoothness": float("inf"), "seed": 1}},
    } | changes
    work = work or "Path('results/risks').mkdir(exist_ok=True); Path(given['output'][0]).touch()"
    script = WORK.format(scripts=str(SCRIPTS), work=work)
    done = subprocess.run([sys.executable, "-c", script, json.dumps(given)], check=False)
    return done.returncode, Path("results/logs/job.log").read_text().splitlines()[0]


def test_a_record_names_bytes_code_settings_and_inputs(folder):
    assert run_job()[0] == 0
    record = job_records.read(RISKS)
    assert (record["rule"], record["code"], record["bytes"]) == ("evaluate", code(), 0)
    assert record["bookkeeping"] == bookkeeping() != code()
    assert record["sha256"] == files.sha256(RISKS)
    assert record["settings"] == job_records.settings_digest({"smoothness": "inf", "seed": 1})
    assert record["inputs"][DATA] == job_records.read(DATA)["sha256"]
    assert len(record["inputs"]) == 2
    assert record["outputs"] == [RISKS]


def test_equal_jobs_leave_equal_records(folder):
    run_job()
    before = job_records.record_path(RISKS).read_bytes()
    run_job()
    assert job_records.record_path(RISKS).read_bytes() == before
    assert str(folder).encode() not in before


@pytest.mark.parametrize("text", ["n\n2\n", "n\n1", ""])
def test_a_changed_input_is_refused_by_name(folder, text):
    Path(DATA).write_text(text)
    code, line = run_job()
    assert code == 1
    assert line.startswith(f"ChangedFileError: {DATA} changed since it was made: its SHA-256")
    assert line.endswith("`make resume` makes it anew")
    assert not Path(RISKS).exists()


def test_an_input_without_a_record_is_refused(folder):
    job_records.record_path(DATA).unlink()
    code, line = run_job()
    assert code == 1
    assert line.startswith(f"ChangedFileError: {DATA} has no valid record")


@pytest.mark.parametrize("path", [DATA, "study.yaml"])
def test_an_input_that_changes_during_the_work_fails_the_job(folder, path):
    code, line = run_job(f"Path({path!r}).write_text('other')")
    assert code == 1
    assert line.startswith(f"ChangedFileError: {path} changed while this job read it")


@pytest.mark.parametrize("path", [SCRIPT, LIBRARY])
def test_code_that_changes_before_or_during_the_work_fails_the_job(folder, path):
    planned = {"spec": {"code": code(), "seed": 1}}
    changed = f"ChangedFileError: {SCRIPT}, or a module that it leads to, changed"
    work = f"Path({str(path)!r}).write_text('a = 1'); Path('results/risks').mkdir()"
    assert run_job(f"{work}; Path(given['output'][0]).touch()", params=planned)[0] == 1
    assert job_records.read(RISKS) is None
    failed, line = run_job(params=planned)
    assert failed == 1 and line.startswith(changed)


def test_bookkeeping_that_changes_before_or_during_the_work_fails_no_job(folder):
    """The record names the bookkeeping that the job began with."""
    planned = {"spec": {"code": code(), "seed": 1}}
    KEEPING.write_text("a = 1")
    before = bookkeeping()
    work = f"Path({str(KEEPING)!r}).write_text('('); Path('results/risks').mkdir()"
    assert run_job(f"{work}; Path(given['output'][0]).touch()", params=planned)[0] == 0
    assert job_records.read(RISKS)["bookkeeping"] == before


def test_code_that_changed_since_the_run_began_fails_a_job_that_was_planned_again(folder):
    """As on a cluster, whose jobs are planned anew, each by a Snakemake of its own."""
    code_digest.forget()
    last_run.note_code(Path(), code_digest.digests(Path()))
    assert run_job()[0] == 0
    LIBRARY.write_text("a = 1")
    failed, line = run_job()
    assert failed == 1 and f"{SCRIPT}, or a module that it leads to, changed" in line


def test_a_job_that_does_not_end_leaves_no_record(folder):
    run_job()
    assert run_job("raise SystemExit(3)")[0] == 3
    assert job_records.read(RISKS) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"data"', '"date"'),
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace("rule", "\x00ule"),
    ],
)
def test_a_damaged_record_is_none(folder, damage):
    path = job_records.record_path(DATA)
    path.write_text(damage(path.read_text()))
    assert job_records.read(DATA) is None


def test_given_files_are_named_from_the_project_on(tmp_path, monkeypatch):
    """So that a run in another folder (--directory) leaves the same records."""
    monkeypatch.chdir(tmp_path)
    assert places.name(SCRIPTS.parent / "workflow/decisions.yaml") == "workflow/decisions.yaml"
    assert places.name("results/index.csv") == "results/index.csv"


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": float("inf")},
        {"bytes": True},
        {"sha256": "0" * 63},
        {"inputs": {"../a": "0" * 64}},
        {"inputs": {"/a": "0" * 64}},
        {"inputs": {"a": "--output=a"}},
        {"outputs": ["results/../a"]},
        {"outputs": ["results/\x1b[2J"]},
        {"rule": "--snakefile=a"},
        {"environment": "../a"},
        {"bookkeeping": "../a"},
        {"bookkeeping": None},
        {"bookkeeping": "0" * 17},
    ],
)
def test_a_record_that_names_what_is_nobodys_to_open_is_none(folder, change):
    sound = job_records.read(DATA)
    for record in (sound, sound | change):
        content = record | {"record": identity.digest(job_records.plain(record)).hex()}
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        job_records.record_path(DATA).write_text(text)
        assert (job_records.read(DATA) is not None) == (record is sound)


def test_a_pipe_in_place_of_a_record_is_not_opened(folder):
    job_records.record_path(DATA).unlink()
    os.mkfifo(job_records.record_path(DATA))
    assert job_records.read(DATA) is None
