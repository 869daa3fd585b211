"""Repositories of git for tests, and what can be wrong with them."""

import os
import subprocess

from twotower.records import git

AUTHOR = ["-c", "user.name=x", "-c", "user.email=x@example.org"]


def no_settings(tmp_path, monkeypatch):
    """No settings of a user or of this machine, such as folders that are trusted."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home / ".gitconfig"


def run(place, *arguments):
    done = subprocess.run(["git", "-C", place, *AUTHOR, *arguments], check=True,
                          capture_output=True)  # fmt: skip
    return done.stdout.decode().strip()


def made(place):
    """A repository with two commits of a file in a folder."""
    (place / "scripts").mkdir(parents=True)
    (place / "scripts/a.py").write_text("1\n")
    run(place, "init", "-q", "-b", "main")
    run(place, "add", ".")
    run(place, "commit", "-q", "-m", place.name)
    run(place, "commit", "-q", "--allow-empty", "-m", f"{place.name}, second")
    return place


def give_away(project, monkeypatch):
    """To another owner, where one is root; else git is told that all are another's."""
    if os.geteuid() == 0:
        for path in [project, *project.rglob("*")]:
            os.chown(path, 65534, 65534)
    else:
        monkeypatch.setitem(git._ALONE, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")


def set_aside(project):
    (project / ".git").rename(project / "elsewhere")


def point(project, text):
    set_aside(project)
    (project / ".git").write_text(text)
