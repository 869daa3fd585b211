"""What git is asked, of the folder that is meant and of no other; and why it gives no answer."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from git_fakes import give_away, made, no_settings, point, run, set_aside
from twotower.audits.rerun import clone as audit_clone
from twotower.records import git, git_faults

ELSEWHERE = "1" * 40


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    return no_settings(tmp_path, monkeypatch)


@pytest.fixture
def project(tmp_path):
    """Its path is one that a shell would take apart."""
    return made(tmp_path / "it's one")


def told(ask, *arguments):
    """Kind and text of the error of a question."""
    with pytest.raises(git.GitError) as caught:
        ask(*arguments)
    return type(caught.value), str(caught.value)


def object_of(project, name):
    """The file of an object of a repository."""
    digest = run(project, "rev-parse", name)
    return project / ".git/objects" / digest[:2] / digest[2:]


def replace(path, text):
    path.chmod(0o644)
    path.write_text(text)


STATES = {
    "no repository": (set_aside, git_faults.NoRepositoryError, "is no git repository; work in"),
    "a worktree's file that points nowhere": (
        lambda p: point(p, "gitdir: /nowhere/x"), git_faults.NoRepositoryError,
        "not a git repository: /nowhere/x; its file .git should name"),
    "a file .git of something else": (
        lambda p: point(p, "x"), git_faults.NoRepositoryError, "invalid gitfile format"),
    "no HEAD": (lambda p: (p / ".git/HEAD").unlink(), git.GitError, ".git: there is no HEAD in it"),
    "a HEAD that is none": (
        lambda p: replace(p / ".git/HEAD", "x"), git.GitError, "its HEAD names no branch"),
    "a newer git's": (
        lambda p: run(p, "config", "core.repositoryFormatVersion", "9"), git_faults.RefusedError,
        "found 9; a newer git wrote this repository: install a newer git"),
    "an unknown extension": (
        lambda p: [run(p, "config", "core.repositoryFormatVersion", "1"),
                   run(p, "config", "extensions.future", "yes")], git_faults.RefusedError,
        "unknown repository extension found: future; a newer git"),
    "a broken setting": (
        lambda p: replace(p / ".git/config", "[core"), git.GitError,
        ".git/config; mend that line"),
    "branches that cannot be read": (
        lambda p: (p / ".git/packed-refs").write_text("junk\n"), git.GitError,
        "unexpected line in .git/packed-refs: junk; if the repository is damaged"),
    "a branch that is none": (
        lambda p: (p / ".git/refs/heads/main").write_text("x\n"), git.GitError,
        "ignoring broken ref refs/heads/main"),
    "no commit yet": (
        lambda p: (p / ".git/refs/heads/main").unlink(), git.NoCommitError,
        "its git repository has no commit yet; commit the project"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_each_state_has_its_reason_and_its_remedy(project, name):
    spoil, kind, words = STATES[name]
    spoil(project)
    found, text = told(git.commit, project)
    assert found is kind and words in text and text.startswith(str(project.resolve()))


def test_another_owner_is_named_with_the_commands_that_allow_it(project, monkeypatch, settings):
    """They work as they stand, for questions and for a clone, which asks for a second right."""
    commit = git.commit(project)
    give_away(project, monkeypatch)
    for ask in (git.commit, git.changed, lambda p: git.require(p, commit)):
        kind, text = told(ask, project)
        assert kind is git_faults.RefusedError
        assert text.startswith(f"git refuses {project}: it belongs to another user")
        assert (f"(number 65534, yours is {os.geteuid()})" in text) == (os.geteuid() == 0)
    wanted = text.split("`")[1]
    for place in (project, project / ".git"):
        assert f"git config --global --add safe.directory {shlex.quote(str(place))}" in wanted
    subprocess.run(["sh", "-c", wanted], check=True)
    assert git.commit(project) == commit and settings.is_file()
    if os.geteuid() != 0:
        return  # a new clone would be another's too
    clone = project.parent / "clone"
    audit_clone.clone(project, {"commit": commit, "diff": None}, project, clone)
    assert (clone / "scripts/a.py").read_text() == "1\n"
    # the right to the folder alone: git speaks of a remote in the end, which is not the reason
    subprocess.run(["git", "config", "--global", "--unset", "safe.directory", "git$"], check=True)
    again = project.parent / "again"
    given = project, {"commit": commit, "diff": None}, project, again
    kind, text = told(audit_clone.clone, *given)
    assert kind is git_faults.RefusedError and "repository exists" not in text


def test_a_commit_that_is_not_there_is_told_from_one_that_cannot_be_looked_up(project, tmp_path):
    old, new = run(project, "rev-parse", "HEAD~1"), run(project, "rev-parse", "HEAD")
    shallow = tmp_path / "shallow"
    run(tmp_path, "clone", "-q", "--depth", "1", project.as_uri(), shallow)
    assert git.require(project, old) is None and git.require(shallow, new) is None
    kind, text = told(git.require, shallow, old)
    assert kind is git.NoCommitError
    assert text.startswith(f"{shallow} has no commit {old[:12]}; this clone is shallow")
    kind, text = told(git.require, project, ELSEWHERE)
    assert kind is git.NoCommitError and "`git fetch` brings it, if it was published" in text
    for spoil, words in {
        lambda: replace(object_of(project, "HEAD"), "x"): "is corrupt",
        lambda: object_of(project, "HEAD").unlink(): f"a branch names commit {new[:12]}, which",
    }.items():
        spoil()
        kind, text = told(lambda: [git.require(project, new), git.changed(project)])
        assert kind is git.GitError and words in text and "`git fsck` names what" in text


def test_a_file_that_is_missing_is_told_from_one_that_the_commit_does_not_have(project):
    (project / "new.py").touch()
    assert git.committed(project, Path("new.py")) is None
    assert git.committed(project, Path("scripts/a.py")) == b"1\n"
    object_of(project, "HEAD:scripts/a.py").unlink()
    assert told(git.committed, project, Path("scripts/a.py"))[0] is git.GitError


def test_a_folder_within_another_repository_has_no_commit_of_its_own(project, tmp_path):
    inner = project / "scripts"
    kind, text = told(git.commit, inner)
    assert kind is git_faults.NoRepositoryError and f"{inner} is no git repository of its" in text
    assert "lies within another one" in text
    kind, text = told(git.require, inner, ELSEWHERE)
    assert kind is git.NoCommitError and "lies within another git repository, which has no" in text
    assert git.require(inner, git.commit(project)) is None
    run(project, "config", "core.worktree", str(tmp_path))
    assert "core.worktree" in told(git.commit, project)[1]


def test_a_bare_repository_can_be_cloned_and_has_no_files_to_ask_about(project, tmp_path):
    bare = tmp_path / "bare"
    run(tmp_path, "clone", "-q", "--bare", project, bare)
    commit = git.commit(project)
    assert git.require(bare, commit) is None
    assert "it is a bare repository: make a clone" in told(git.commit, bare)[1]


def test_a_lock_that_another_git_holds_is_not_waited_for(project):
    (project / ".git/index.lock").touch()
    (project / "scripts/a.py").write_text("2\n")
    assert git.changed(project) == [" M scripts/a.py"]
    (project / ".git/index").write_bytes(b"x")
    assert "`rm .git/index && git reset` writes the index anew" in told(git.changed, project)[1]


def test_a_setting_of_the_user_that_git_cannot_read_is_named_with_its_file(project, settings):
    settings.write_text("[core")
    assert f"in file {settings}; mend that line" in told(git.commit, project)[1]
    settings.write_text("[core]\nbare = maybe\n")
    assert "'maybe' for 'core.bare'; mend that setting: `git config" in told(git.commit, project)[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_repository_that_one_may_not_read_is_no_missing_one(project):
    (project / ".git/objects").chmod(0)
    kind, text = told(git.commit, project)
    (project / ".git/objects").chmod(0o755)
    assert kind is git_faults.RefusedError and ".git/objects: you may not read it" in text


def test_of_many_lines_those_that_tell_the_reason_are_told():
    said = """warning: x
error: one
error: two
error: two
fatal: three:
\tfour
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
    assert git_faults.reason_of(said) == "two; three: four"
    assert git_faults.reason_of("xcrun: error: no tools\nx\n") == "xcrun: error: no tools"
    assert git_faults.reason_of("") == ""


def test_variables_of_the_shell_do_not_lead_to_another_repository(project, tmp_path, monkeypatch):
    other = made(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.pager'='false'")
    assert git.output(project, "log", "-1", "--format=%s") == b"it's one, second\n"
    set_aside(project)
    assert "(GIT_DIR is set, and is not followed)" in told(git.commit, project)[1]


def test_no_git_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told(git.commit, tmp_path) == (
        git.NoGitError, "git is not installed, or not on the PATH; install git")  # fmt: skip
    (tmp_path / "git").write_text("x")
    kind, text = told(git.commit, tmp_path)
    assert kind is git.NoGitError and "git cannot be run (Permission denied)" in text


def test_a_git_that_does_not_come_back_is_stopped(tmp_path, monkeypatch):
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(git.GitError, match="git took longer than 0 s in"):
        git.commit(tmp_path, patience=0.2)


def test_programs_that_a_repository_names_are_not_run(project, tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program"):
        run(project, "config", key, program)
    git.changed(project)
    git.require(project, git.commit(project))
    assert not (tmp_path / "ran").exists()
