"""Statements before a run: what they hold, when they are refused, which one a run takes."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from studies import with_keys
from twotower.audits.seal import manifest, signatures
from twotower.audits.seal.preregistration import state
from twotower.base import places
from twotower.records import run_records
from twotower.running import statements
from twotower.running.statements import NAME, PARTS, STATED, StatementError
from twotower.study import decisions, grid, reading

DAY = "1700000000"  # 2023-11-14T22:13:20Z
RULES = places.PROJECT / statements.DECISIONS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a study, and a key to sign with."""
    monkeypatch.chdir(tmp_path)
    write_study()
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "key"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return tmp_path


def write_study(**changes):
    Path("study.yaml").write_text(yaml.safe_dump(with_keys(**changes)), encoding="utf-8")


def bytes_of(folder):
    return {place.name: place.read_bytes() for place in sorted(folder.iterdir())}


def settings():
    return run_records.study_digest(reading.read_study("study.yaml").model_dump())


def test_one_hash_stands_for_study_rules_and_predictions(folder):
    made, _ = state("study.yaml", clock=DAY)
    assert made.folder == Path("preregistration") / f"small-{made.sha256[:12]}"
    said = json.loads((made.folder / NAME).read_text(encoding="ascii"))
    for name in PARTS:
        found = hashlib.sha256((made.folder / name).read_bytes()).hexdigest()
        assert said["files"][name] == found
    assert said["date"] == "2023-11-14T22:13:20Z" and said["clock"] == "SOURCE_DATE_EPOCH"
    assert said["study"]["settings"] == settings() and said["previous"] is None
    assert said["rules"] == decisions.load(RULES).label
    assert (made.folder / "decisions.yaml").read_bytes() == RULES.read_bytes()
    assert json.loads((made.folder / "study.json").read_text())["replicates"] == 4
    assert said["code"]["root"] == manifest.code_root(places.PROJECT, "study.yaml")
    assert hashlib.sha256((made.folder / NAME).read_bytes()).hexdigest() == made.sha256


def test_the_same_statement_twice_has_the_same_bytes_signature_included(folder, monkeypatch):
    first, told = state("study.yaml", Path("key"), clock=DAY)
    assert "signed with key" in told[0]
    (folder / "other").mkdir()
    monkeypatch.chdir(folder / "other")
    write_study()
    second, _ = state("study.yaml", folder / "key", clock=DAY)
    assert bytes_of(folder / first.folder) == bytes_of(second.folder)
    Path("signers").write_text(f"me {(folder / 'key.pub').read_text()}")
    place = second.folder / NAME
    signature = second.folder / statements.SIGNATURE
    found = signatures.check(place, signature, Path("signers"), signatures.STATED)
    assert found.state == "valid"
    assert signatures.check(place, signature).state == "bad", "it is none of a seal"


def test_an_unchanged_study_keeps_its_statement_and_a_changed_one_names_it(folder):
    first, _ = state("study.yaml", clock=DAY)
    before = bytes_of(first.folder)
    again, told = state("study.yaml")
    assert again == first and bytes_of(first.folder) == before
    assert told == ["Nothing has changed: stated already on 2023-11-14T22:13:20Z."]
    write_study(replicates=5)
    amended, told = state("study.yaml", clock=DAY)
    assert amended.content["previous"] == first.sha256 and "amends" in told[0]
    assert state("study.yaml")[0] == amended
    write_study(name="another")
    assert state("study.yaml")[0].content["previous"] is None


@pytest.mark.parametrize("kind", ["data/{data}/targets.safetensors", "runs/{run}/0.safetensors",
                                  "risks/joint-{run}.csv", "logs/train/{run}-0.log"])  # fmt: skip
def test_after_the_run_nothing_can_be_stated(folder, kind):
    other = reading.validated(with_keys(seed=2), "other")
    for study in (other, reading.read_study("study.yaml")):
        run = grid.runs(study)[0]
        place = Path("results", kind.format(data=run.cell.data_id, run=run.id))
        if study is other:  # its results are no matter
            (first, _), stated = state("study.yaml"), Path("preregistration")
            assert [each.name for each in stated.iterdir()] == [first.folder.name]
            write_study(replicates=7)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    with pytest.raises(StatementError) as caught:
        state("study.yaml")
    assert f"jobs of this study have run here: {place}; " in str(caught.value)
    assert len(list(stated.iterdir())) == 1
    write_study()
    assert state("study.yaml")[1][0].startswith("Nothing has changed")
    with pytest.raises(StatementError, match="a statement now would come after them"):
        state("study.yaml", Path("key"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"clock": "-1"}, "SOURCE_DATE_EPOCH=-1: is no time"),
        ({"clock": "9" * 15}, "SOURCE_DATE_EPOCH=9+: is no time"),
        ({"clock": "soon"}, "SOURCE_DATE_EPOCH=soon: is no time; allowed: a whole number"),
        ({"authorities": Path("a.pem")}, "TSA_CA=a.pem: is for a time stamp; allowed: with TSA="),
        ({"key": Path("study.yaml")}, "study.yaml: ssh-keygen cannot sign with it"),
        ({"server": "http://127.0.0.1:9/"}, "TSA=http://127.0.0.1:9/: does not answer"),
    ],
)
def test_what_cannot_be_done_leaves_nothing(folder, given, words):
    with pytest.raises(statements.ExpectedError, match=words.replace("?", r"\?")):
        state("study.yaml", **given)
    assert not Path("preregistration").exists()


def test_a_run_takes_the_last_statement_of_its_study_and_rules_and_no_other(folder):
    rules = folder / "rules.yaml"
    rules.write_bytes(RULES.read_bytes())
    assert statements.bring(folder, settings(), rules) == "" and not STATED.exists()
    made, _ = state("study.yaml", Path("key"), clock=DAY)
    assert statements.bring(folder, settings(), rules) == made.sha256
    assert bytes_of(STATED) == bytes_of(made.folder)
    assert statements.bring(folder / "elsewhere", settings(), rules) == made.sha256, "it stays"
    rules.write_bytes(RULES.read_bytes() + b"\n")
    assert statements.bring(folder, settings(), rules) == "" and not STATED.exists()
    assert statements.bring(folder, "0" * 64, RULES) == ""


def test_a_run_of_something_else_leaves_a_statement_that_another_run_names(folder, monkeypatch):
    """As `snakemake movielens` beside a study: its settings are those of the default one."""
    made, _ = state("study.yaml")
    assert statements.bring(folder, settings(), RULES) == made.sha256
    monkeypatch.setattr(run_records, "names", lambda: ["a run"])
    monkeypatch.setattr(run_records, "read", lambda name: {"statement": made.sha256})
    assert statements.bring(folder, "0" * 64, RULES) == ""
    assert statements.read(STATED).sha256 == made.sha256


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": "tower-rates statement 1"}'])
def test_what_is_no_statement_is_told(folder, text):
    made, _ = state("study.yaml", clock=DAY)
    (made.folder / NAME).write_text(text)
    with pytest.raises(StatementError, match="is no statement.*`git checkout` brings it back"):
        statements.bring(folder, settings(), RULES)
    (made.folder / NAME).unlink()
    assert statements.made(folder) == []


def test_a_damaged_part_is_told_before_the_run(folder):
    made, _ = state("study.yaml", clock=DAY)
    place = made.folder / "predictions.csv"
    place.write_text(place.read_text().replace("0.", "0.0", 1))
    for do in (lambda: state("study.yaml"), lambda: statements.bring(folder, settings(), RULES)):
        with pytest.raises(StatementError, match="predictions.csv: is not as it was stated"):
            do()
    assert not STATED.exists()


def test_a_statement_that_was_damaged_in_the_results_comes_back_from_the_project(folder):
    made, _ = state("study.yaml", Path("key"), clock=DAY)
    statements.bring(folder, settings(), RULES)
    assert statements.restore(folder, made.sha256) == []
    (STATED / "predictions.csv").write_text("")
    (STATED / statements.SIGNATURE).unlink()
    assert statements.restore(folder, "0" * 64) == [], "another one is none of this run"
    back = statements.restore(folder, made.sha256)
    assert {Path(path).name for path in back} == {"predictions.csv", statements.SIGNATURE}
    assert bytes_of(STATED) == bytes_of(made.folder)


@pytest.mark.parametrize("name", ["-x.yaml", "-folder/x.yaml", "a\tb.yaml"])
def test_a_study_that_no_record_can_name_is_refused_before_it_is_stated(folder, name, monkeypatch):
    monkeypatch.setattr(places, "PROJECT", folder)  # of others the name alone is recorded
    place = folder / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(Path("study.yaml").read_bytes())
    with pytest.raises(reading.StudyError, match="could not name this file.*rename it"):
        state(f"./{name}", clock=DAY)
    assert not statements.FOLDER.exists()
