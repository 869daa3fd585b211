"""Records of runs: study, commit and changes, and what is refused."""

import json
import os
import shutil
import subprocess

import pytest

from twotower.base import places
from twotower.records import environment, run_records


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with a study and a script."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "PROJECT", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/train.py").write_text("first\n")
    (tmp_path / "study.yaml").write_text("seed: 1\n")
    git("init", "-q")
    git("add", "scripts")
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "All.")
    return tmp_path


def git(*arguments):
    done = subprocess.run(["git", *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def started(**changes):
    study = {"file": "study.yaml", "given": {}, "content": {"seed": 1}, "settings": {"seed": 1}}
    return run_records.start(study | changes, ["b", "a"])


def test_a_run_names_study_commit_and_changes(project):
    (project / "scripts/train.py").write_text("second\n")
    (project / "scripts/new.py").write_bytes(b"new\0\n")
    run = run_records.read(started())
    assert run["commit"] == git("rev-parse", "HEAD")
    assert (run["targets"], run["study"]["file"]) == (["a", "b"], "study.yaml")
    assert environment.read(run["environment"]) is not None
    kept = (project / run["diff"]["file"]).absolute()
    git("stash", "-q", "--include-untracked", "--", "scripts", "study.yaml")
    git("apply", str(kept))
    assert (project / "scripts/train.py").read_text() == "second\n"
    assert (project / "scripts/new.py").read_bytes() == b"new\0\n"
    assert (project / "study.yaml").read_text() == "seed: 1\n"


def test_a_study_that_git_ignores_is_among_the_changes(project):
    (project / ".git/info/exclude").write_text("study.yaml\n")
    diff = (project / run_records.read(started())["diff"]["file"]).read_text()
    assert "+++ b/study.yaml" in diff and "+seed: 1" in diff


def test_changes_that_git_cannot_tell_are_not_recorded_as_none(project):
    (project / ".git/index").write_bytes(b"broken")
    with pytest.raises(run_records.git.GitError):
        started()


def test_changes_are_told_whole_whatever_files_are_named_and_git_is_set(project):
    odd = os.fsdecode(b"scripts/caf\xe9.txt")
    (project / odd).write_text("1\n")
    (project / "scripts/train.py").write_text("second\n")
    git("init", "-q", "scripts/inner")
    (project / "scripts/inner/a.py").write_text("1\n")
    for setting in ("context=0", "noprefix=true", "mnemonicPrefix=true", "orderFile=nowhere"):
        git("config", *f"diff.{setting}".split("="))
    kept = (project / run_records.read(started())["diff"]["file"]).absolute()
    (project / "scripts/train.py").write_text("first\n")
    shutil.rmtree(project / "scripts/inner")
    for each in (odd, "study.yaml"):
        (project / each).unlink()
    git("apply", str(kept))
    assert (project / "scripts/train.py").read_text() == "second\n"
    assert (project / odd).read_text() == (project / "scripts/inner/a.py").read_text() == "1\n"


def test_large_files_that_no_commit_holds_are_refused(project, monkeypatch):
    monkeypatch.setattr(run_records, "MOST_NEW", 1_000_000)
    (project / "scripts/large.bin").write_bytes(bytes(1_100_000))
    with pytest.raises(run_records.ChangesError, match="the largest is scripts/large.bin; .* 1 MB"):
        started()
    assert not run_records.RUNS.exists()


def test_a_repository_that_git_refuses_is_told(project, monkeypatch, capfd):
    (project / ".git/HEAD").write_text("nonsense")
    assert run_records.read(started())["commit"] is None
    told = capfd.readouterr().err
    assert "The commit is not recorded, so nobody can audit these results: " in told
    assert ".git: its HEAD names no branch and no commit; mend that" in told


def test_equal_runs_leave_one_record_and_other_settings_another(project):
    assert started() == started()
    assert len(run_records.names()) == 1
    started(settings={"seed": float("inf")}, given={"seed": float("inf")})
    assert len(run_records.names()) == 2


def test_without_a_repository_of_its_own_there_is_no_commit(project, monkeypatch):
    inner = project / "inner"
    (inner / "scripts").mkdir(parents=True)
    monkeypatch.setattr(places, "PROJECT", inner)
    run = run_records.read(started())
    assert (run["commit"], run["diff"]) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "--output=a"},
        {"commit": "0" * 39 + "\0"},
        {"targets": ["--snakefile=a"]},
        {"diff": {"file": "../a.diff", "sha256": "0" * 64}},
        {"environment": "../../a"},
    ],
)
def test_a_run_that_names_what_is_nobodys_to_open_is_none(project, change):
    run = run_records.read(started()) | change
    name = run_records.digest(run)
    (run_records.RUNS / f"{name}.json").write_text(json.dumps(run))
    assert run_records.read(name) is None


def test_pipes_in_place_of_runs_and_environments_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, read in ((run_records.RUNS, run_records), (environment.ENVIRONMENTS, environment)):
        place.mkdir(parents=True)
        os.mkfifo(place / f"{'0' * 16}.json")
        assert read.read("0" * 16) is None
