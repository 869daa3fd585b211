"""Which rules a run was started with, and what verify says where they were not frozen."""

import hashlib
import json
from pathlib import Path

import pytest

from git_fakes import no_settings
from git_fakes import run as git
from twotower.audits.seal import manifest
from twotower.audits.verify import frozen, verification
from twotower.audits.verify.evidence import gather
from twotower.audits.verify.findings import Verification
from twotower.audits.verify.study import DECISIONS
from twotower.base import places
from twotower.records import run_records

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / DECISIONS).read_bytes()
OTHER = TEXT.replace(b"cold_start_ratio: 1.25", b"cold_start_ratio: 1.02").replace(
    b"ends below 1.25", b"ends below 1.02"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A clone with the frozen rules and a study."""
    no_settings(tmp_path, monkeypatch)
    place = tmp_path / "project"
    (place / "workflow").mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr(places, "PROJECT", place)
    for path, text in {"Snakefile": b"", "study.yaml": b"seed: 1\n", DECISIONS: TEXT}.items():
        Path(path).write_bytes(text)
    Path(".gitignore").write_text("results/\n")
    git(place, "init", "-q", "-b", "main")
    commit("first")
    return place


def commit(message):
    git(Path(), "add", "-A")
    git(Path(), "commit", "-q", "-m", message)


def label(text=TEXT):
    return f"v3:{hashlib.sha256(text).hexdigest()[:10]}"


def started(targets=()):
    """The record of a run, as the workflow writes it."""
    study = {"file": "study.yaml", "given": {}, "content": {"seed": 1}, "settings": {"seed": 1}}
    content = Path(DECISIONS).read_bytes()
    rules = {"label": label(content), "sha256": hashlib.sha256(content).hexdigest()}
    return run_records.start(study, targets, decisions=rules)


def checked(own=None):
    about = {"file": "study.yaml", "settings": "0" * 64, "run": own}
    sealed = manifest.build(".", about, Path()) if own else None
    result = Verification()
    frozen.check(gather(Path(), Path(), sealed), result)
    return result


def told(result):
    wrong = [f"{path}: {each.reason}" for path, each in result.wrong().items()]
    return wrong, result.faults, result.notes


def test_a_run_names_its_rules_and_nothing_is_told_of_frozen_ones(project):
    own = started()
    assert run_records.read(own)["decisions"]["label"] == label()
    assert told(checked(own)) == told(checked()) == ([], [], [])


def test_later_commits_that_leave_the_rules_alone_are_no_change_of_them(project):
    own = started()
    Path("Snakefile").write_text("# later\n")
    commit("later")
    assert told(checked(own)) == ([], [], [])


def test_rules_changed_after_a_run_committed_and_judged_again_are_told_first(project):
    """The cheat: the study is run, a threshold is moved, and the rules judge again."""
    first = started()
    Path(DECISIONS).write_bytes(OTHER)
    commit("a threshold")
    own = started()
    found = told(checked(own))
    assert found[:2] == ([], [])
    assert found[2] == [
        "rules: they were changed between runs in this folder; the later ones were chosen when "
        "results of the earlier ones could be seen",
        f"rules: run {own} was started with {label(OTHER)}, by which the study is judged",
        f"rules: run {first} was started with {label()}",
    ]


def test_rules_changed_after_the_only_run_are_a_fault_and_their_commit_is_named(project):
    own = started()
    Path(DECISIONS).write_bytes(OTHER)
    commit("a threshold")
    wrong, faults, notes = told(checked(own))
    assert wrong == [f"{DECISIONS}: the run was started with the rules {label()}"]
    assert told(checked())[0] == wrong
    short = git(Path(), "rev-parse", "--short", "HEAD")
    before = git(Path(), "rev-parse", "HEAD~")[:12]
    assert [note.rpartition(" of ")[0] for note in notes] == [
        f"rules: changed after the run's commit {before}, in {short}"
    ]
    assert not faults


def test_uncommitted_rules_are_told_where_the_run_recorded_them(project):
    Path(DECISIONS).write_bytes(OTHER)
    own = started()
    wrong, faults, notes = told(checked(own))
    assert not wrong and not faults
    assert notes[0].startswith(f"rules: run {own} was started with the rules {label(OTHER)}, which")
    assert notes[0].endswith("but an uncommitted change of them")


def test_rules_that_neither_commit_nor_difference_hold_are_a_fault(project):
    name = started()
    run = json.loads((run_records.RUNS / f"{name}.json").read_text())
    sha256 = hashlib.sha256(OTHER).hexdigest()
    run["decisions"] = {"label": label(OTHER), "sha256": sha256}
    (run_records.RUNS / f"{name}.json").unlink()
    own = run_records.digest(run)
    place = run_records.RUNS / f"{own}.json"
    place.write_text(json.dumps(run, indent=2, sort_keys=True) + "\n")
    Path(DECISIONS).write_bytes(OTHER)
    [fault] = checked(own).faults
    assert "which are not those of its commit" in fault
    assert fault.endswith("and no recorded change touches them")


def test_a_threshold_that_its_words_contradict_is_named(project):
    own = started()
    Path(DECISIONS).write_bytes(TEXT.replace(b"cold_start_ratio: 1.25", b"cold_start_ratio: 1.02"))
    about = {"file": "study.yaml", "settings": "0" * 64, "run": own}
    found = verification.examine(Path(), manifest.build(".", about, Path()), Path())
    assert "which reads 'ends below 1.02 in': write that" in found.files[DECISIONS].reason


@pytest.mark.parametrize(
    "rules",
    [{}, {"label": "v3:0"}, {"label": label(), "sha256": "0" * 64}, {"label": 1, "sha256": ""}, []],
)
def test_a_record_of_other_rules_than_its_label_names_is_no_record(project, rules):
    run = run_records.read(started()) | {"decisions": rules}
    place = run_records.RUNS / f"{run_records.digest(run)}.json"
    place.write_text(json.dumps(run))
    assert run_records.read(place.stem) is None


def test_older_records_that_name_no_rules_are_told_and_no_fault(project):
    study = {"file": "study.yaml", "given": {}, "content": {"seed": 1}, "settings": {"seed": 1}}
    own = run_records.start(study, [])
    told_of = "rules: the run did not record by which rules it was to be judged"
    assert told(checked(own)) == ([], [], [told_of])


def test_without_a_statement_verify_says_what_follows(project):
    started()
    notes = verification.examine(Path(), None, Path()).notes
    assert (
        "no statement was made before the run: nothing here dates the rules and the predictions, "
        "which may be later than the results (`make preregister`)"
    ) in notes
