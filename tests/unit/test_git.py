"""What git is asked: of the folder that is meant, and of no other."""

import subprocess

import pytest

from twotower import git


@pytest.fixture
def repositories(tmp_path):
    """Two of them, each with one commit of its own."""
    found = []
    for name in ("one", "other"):
        place = tmp_path / name
        subprocess.run(["git", "init", "-q", place], check=True)
        about = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        message = ["commit", "-q", "--allow-empty", "-m", name]
        subprocess.run(["git", "-C", place, *about, *message], check=True)
        found.append(place)
    return found


def test_variables_of_the_shell_do_not_lead_to_another_repository(repositories, monkeypatch):
    one, other = repositories
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.pager'='false'")
    assert git.output(one, "log", "-1", "--format=%s") == b"one\n"


def test_what_git_says_against_it_is_told(tmp_path):
    with pytest.raises(git.GitError, match="git: fatal: not a git repository"):
        git.output(tmp_path, "log")
    assert git.output(tmp_path, "log", right=(128,)) == b""


def test_no_git_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(git.GitError, match="git cannot be run"):
        git.output(tmp_path, "log")


def test_programs_that_a_repository_names_are_not_run(repositories, tmp_path):
    one, _ = repositories
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    subprocess.run(["git", "-C", one, "config", "core.fsmonitor", program], check=True)
    git.output(one, "status")
    assert not (tmp_path / "ran").exists()
