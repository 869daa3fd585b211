"""What an audit takes from the recorded commit, in a git repository made by hand."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from twotower.audits.compare import tolerances
from twotower.audits.rerun import audit
from twotower.audits.rerun import clone as audit_clone
from twotower.audits.rerun.clone import Clone
from twotower.audits.rerun.findings import Audit
from twotower.audits.rerun.options import Asked
from twotower.audits.verify.findings import Verification
from twotower.base import places

DECLARED = Path(__file__).parents[3] / tolerances.PLACE


def git(project, *arguments):
    command = ["git", "-C", project, "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture
def project(tmp_path):
    """A repository with one commit, which declares the tolerances of today."""
    place = tmp_path / "project"
    (place / "workflow").mkdir(parents=True)
    (place / tolerances.PLACE).write_bytes(DECLARED.read_bytes())
    (place / "code.py").write_text('"""What it does."""\n')
    git(place, "init", "--quiet")
    git(place, "add", "-A")
    git(place, "commit", "--quiet", "-m", "one")
    return place


def recorded(project, folder, changes=b""):
    """The record of a run at the project's commit, and its changes in the folder's results."""
    run = {"commit": git(project, "rev-parse", "HEAD").decode().strip(), "diff": None}
    if changes:
        path = "results/records/runs/a.diff"
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes(changes)
        run["diff"] = {"file": path, "sha256": hashlib.sha256(changes).hexdigest()}
    return run


def test_tolerances_are_those_of_the_commit_whatever_the_changes_say(project, tmp_path):
    place, folder = project / tolerances.PLACE, tmp_path / "given"
    place.write_text(DECLARED.read_text().replace("pixels: 0.01", "pixels: 0.99"))
    assert place.read_bytes() != DECLARED.read_bytes()
    run = recorded(project, folder, git(project, "diff", "--binary"))
    audit_clone.clone(project, run, folder, tmp_path / "clone")
    clone = Clone(tmp_path / "clone", Path("python"), reused=True)
    assert (clone.folder / tolerances.PLACE).read_bytes() == place.read_bytes()
    found = Audit(Asked(folder), "", False, run, Verification())
    assert audit._declared(clone.folder, found) == tolerances.load(DECLARED)
    assert "uncommitted changes touch workflow/audit.yaml" in found.notes[0]
    audit_clone.clone(project, run | {"diff": None}, folder, tmp_path / "plain")
    found.notes.clear()
    plain = Clone(tmp_path / "plain", Path("python"), reused=True)
    assert audit._declared(plain.folder, found).figures.pixels == 0.01 and not found.notes


def test_a_commit_that_is_an_option_is_none(project, tmp_path):
    run = recorded(project, tmp_path) | {"commit": "--orphan=evil"}
    with pytest.raises(audit_clone.git.GitError):
        audit_clone.clone(project, run, tmp_path, tmp_path / "clone")


def test_results_without_code_are_held_against_the_recorded_commit_not_todays(
    project, tmp_path, monkeypatch
):
    """An honest study was TAMPERED as soon as the auditor's clone was a commit newer."""
    folder, work = tmp_path / "given", tmp_path / "work"
    (folder / "results").mkdir(parents=True)
    run = recorded(project, folder)
    (project / "code.py").write_text('"""What it does, in better words."""\n')
    git(project, "commit", "--quiet", "-am", "two")
    against = []

    def verify(place, signers, root, code, without):
        against.append(code and (code / "code.py").read_text())
        return Verification()

    monkeypatch.setattr(audit.verification, "verify", verify)
    asked = Asked(folder, project=project)
    found = Audit(asked, "", True, run, Verification())
    clone = audit._clone(found, work, lambda line: None)
    audit._verify(found, clone, lambda line: None)
    assert against == ['"""What it does."""\n']
    # code that came with the results is part of what is judged
    (folder / "Snakefile").touch()
    audit._verify(found, clone, lambda line: None)
    assert against[1] is None


def test_verify_has_the_code_of_the_recorded_commit_for_results_without_any(
    project, tmp_path, monkeypatch
):
    """From a clone at another commit an honest study was STALE and CHANGED all over."""
    folder = tmp_path / "given"
    (project / "code.py").write_text('"""What it did."""\n')
    run = recorded(project, folder, git(project, "diff", "--binary"))
    git(project, "commit", "--quiet", "-am", "later")
    study = {"file": "study.yaml", "given": {}}
    monkeypatch.setattr(places, "PROJECT", project)
    monkeypatch.setattr(audit_clone, "run_of", lambda _: (None, "", found))
    found = run | {"study": study, "targets": []}
    with audit_clone.checked_out(folder) as (code, note):
        assert (code / "code.py").read_text() == '"""What it did."""\n'
        assert note.startswith("compared with the code of commit") and "changes" in note
    assert not code.exists()
    found = found | {"commit": "0" * 40}
    with audit_clone.checked_out(folder) as (code, note):
        assert code is None and "has no commit 000000000000" in note
    (folder / "Snakefile").touch()
    with audit_clone.checked_out(folder) as (code, note):
        assert (code, note) == (None, "")


def test_a_repository_that_came_with_the_results_is_not_asked(project, tmp_path, monkeypatch):
    """Its commits can hold any code, and the audit would have run it."""
    folder, own = tmp_path / "given", tmp_path / "own"
    shutil.copytree(project, folder)
    (folder / "Snakefile").touch()
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "forged")
    run = recorded(folder, folder)
    shutil.copytree(project, own)
    monkeypatch.setattr(places, "PROJECT", own)
    found = Audit(Asked(folder), "", True, run, Verification())
    with pytest.raises(audit_clone.CloneError, match=f"{own} has no commit {run['commit'][:12]}"):
        audit._clone(found, tmp_path / "work", lambda line: None)
