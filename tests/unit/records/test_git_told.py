"""Every command tells the one true reason why git gives no commit, with the remedy."""

import os
import shutil
from pathlib import Path

import pytest

from git_fakes import give_away, made, no_settings, point, run, set_aside
from twotower.audits import exporting
from twotower.audits.rerun import audit, clone
from twotower.audits.rerun.findings import Audit
from twotower.audits.rerun.options import Asked
from twotower.audits.verify import commit
from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification
from twotower.base import files, places
from twotower.records import git, run_records
from twotower.running import doctor


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    return no_settings(tmp_path, monkeypatch)


REASONS = {
    "another owner": (give_away, "git refuses {}: it belongs to another user", "--add safe."),
    "no repository": (lambda p, _: set_aside(p), "{} is no git repository", "work in a git clone"),
    "a pointer to nowhere": (
        lambda p, _: point(p, "gitdir: /nowhere/x"),
        "{}: git says: not a git repository: /nowhere/x", "`git worktree repair`"),
    "a newer git's": (
        lambda p, _: run(p, "config", "core.repositoryFormatVersion", "9"),
        "{}: git says: Expected git repo version", "install a newer git"),
}  # fmt: skip
LOOKED_UP = {
    "a commit of another clone": (
        lambda p, _: [shutil.rmtree(p / ".git"), run(p, "init", "-q")],
        "{} has no commit", "`git fetch` brings it"),
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    place = made(tmp_path / "project")
    monkeypatch.chdir(place)
    monkeypatch.setattr(places, "PROJECT", place)
    return place


def noted_by_verify(run):
    result = Verification()
    seal = type("Sealed", (), {"study": {"run": "0" * 16}})
    commit.check(Evidence(Path(), Path(), seal, runs={"0" * 16: run}), result)
    return result.notes


@pytest.mark.parametrize("name", [*REASONS, *LOOKED_UP])
def test_what_looks_a_commit_up_tells_why_it_cannot(project, tmp_path, monkeypatch, name):
    commit = git.commit(project)
    recorded = {"commit": commit, "diff": None, "study": {"file": "study.yaml"}}
    spoil, reason, remedy = (REASONS | LOOKED_UP)[name]
    spoil(project, monkeypatch)
    [verified] = noted_by_verify(recorded)
    date, [dated, fallback] = exporting._dated({"a": recorded}, project)
    assert date == "" and "CITATION.cff" in fallback
    with pytest.raises(clone.CloneError) as caught:
        asked = Asked(tmp_path / "given")
        audit._clone(Audit(asked, "", True, recorded, Verification()), tmp_path, print)
    monkeypatch.setattr(clone, "run_of", lambda _: (None, "", recorded))
    monkeypatch.setattr(clone.audit_names, "check_run", lambda _: None)
    with clone.checked_out(tmp_path / "given") as (code, without_code):
        assert code is None
    for text in (verified, dated, str(caught.value), without_code):
        assert reason.format(project) in text and remedy in text
        assert ("no commit" in text) == (name in LOOKED_UP)
    assert commit[:12] in verified and "PROJECT=…" in str(caught.value)


@pytest.mark.parametrize("name", REASONS)
def test_what_names_the_commit_that_is_here_tells_why_it_cannot(
    project, tmp_path, monkeypatch, capfd, name
):
    spoil, reason, remedy = REASONS[name]
    spoil(project, monkeypatch)
    assert run_records._commit(project) is None  # the run goes on
    text = capfd.readouterr().err
    assert reason.format(project) in text and remedy in text
    found = doctor.project(project)
    (what, how), told = found.notes[0], dict(found.facts)["commit"]
    assert told == "unknown: see what may matter, below"
    assert reason.format("this folder").removeprefix("this folder: ") in what and remedy in how
    assert str(tmp_path) not in what + how and not found.faults


def test_the_doctor_names_a_commit_and_what_it_does_not_hold(project):
    (project / "scripts/a.py").write_text("2\n")
    told = dict(doctor.project(project).facts)["commit"]
    assert told == f"{git.commit(project)[:12]}, 1 changed file that no commit holds"
    (project / ".git/index").write_bytes(b"x")
    found = doctor.project(project)
    assert dict(found.facts)["commit"].startswith(git.commit(project)[:12])
    assert "index file smaller" in found.notes[0][0]


def test_the_doctors_remedy_works_where_it_is_typed(project, monkeypatch):
    give_away(project, monkeypatch)
    [(_, how)] = doctor.project(project).notes
    assert '"$PWD"' in how and str(project) not in how
    assert os.system(how.split("`")[1]) == 0 and git.commit(project)


def test_changes_that_do_not_fit_the_commit_are_told(project, tmp_path):
    results = tmp_path / "given"
    path = Path("results/records/runs/a.diff")
    (results / path).parent.mkdir(parents=True)
    (results / path).write_text("--- a/scripts/a.py\n+++ b/scripts/a.py\n@@ -1 +1 @@\n-9\n+2\n")
    diff = {"file": path.as_posix(), "sha256": files.sha256(results / path)}
    recorded = {"commit": git.commit(project), "diff": diff}
    with pytest.raises(clone.CloneError, match="do not fit commit .*does not apply"):
        clone.clone(project, recorded, results, tmp_path / "clone")
