"""Why git gives no answer: each of its messages, with what to do about it.

Like `twotower.running.doctor` it imports only Python's own library, and avoids newer syntax.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from twotower.base.errors import ExpectedError


class GitError(ExpectedError):
    """git gives no answer, for another reason than those below: damage, a time-out, a fault of git.

    Attributes:
        reason: what is wrong, mostly in git's own words.
        remedy: what to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason, self.remedy = reason, remedy


class NoGitError(GitError):
    """git is not installed, or cannot be run."""


class NoRepositoryError(GitError):
    """The folder is not the top of a git repository."""


class RefusedError(GitError):
    """There is a repository, and git does not read it for this user."""


class NoCommitError(GitError):
    """The repository can be read, and the commit is not in it."""


DAMAGED = (
    "if the repository is damaged, or was cloned in part (--filter), `git fsck` names what is "
    "missing, and a new clone holds all"
)
"""The remedy for all that is not known."""
_ANEW = "mend that, or clone the project anew"
_NEWER = "a newer git wrote this repository: install a newer git, `git --version` shows yours"
_LINE = "mend that line: these are settings of git"
_SETTINGS = "mend that setting: `git config --list --show-origin` names the file of each"
_RIGHTS = "let its owner allow you to read it, or clone the project as yourself"
_KNOWN = [
    (r"No space left|quota exceeded|Read-only file|could not create", GitError,
     "free some space there, or check who may write there"),
    (r"Permission denied", RefusedError, _RIGHTS),
    (r"git repo version|unknown repository extension|'extensions\.", RefusedError, _NEWER),
    (r"bad config line", GitError, _LINE),
    (r"config (value|file)|bad config", GitError, _SETTINGS),
    (r"in a work tree", NoRepositoryError, "it is a bare repository: make a clone of it"),
    (r"cannot change to", NoRepositoryError, "check the spelling of the folder"),
    (r"^(not a git repository: |invalid gitfile)", NoRepositoryError,
     "its file .git should name a repository, as those of worktrees and submodules do: `git "
     "worktree repair`, in the main clone, mends a moved one; or clone the project anew"),
    (r"/index: |index file (corrupt|smaller)|index uses", GitError,
     "`rm .git/index && git reset` writes the index anew, your files stay as they are"),
]  # fmt: skip
"""Patterns of what git says, tried in this order, with the kind of error and the remedy."""


def fault(said: str, folder: Path, code: int) -> GitError:
    """The error for what git wrote as it failed.

    Args:
        said: its standard error, under LC_ALL=C.
        folder: that was asked about.
        code: its exit status.
    """
    folder = folder.resolve()
    reason = reason_of(said) or f"git ended with code {code} and said nothing"
    if re.search(r"dubious ownership|unsafe repository", reason):
        return _refused(said, reason, folder)
    if re.search(r"^not a git repository \(or|^repository '.*' does not exist", reason):
        return _no_repository(folder)
    for pattern, kind, remedy in _KNOWN:
        if re.search(pattern, reason):
            return kind(f"{folder}: git says: {reason}", remedy)
    return GitError(f"{folder}: git says: {reason}", DAMAGED)


def reason_of(said: str) -> str:
    """The lines that give the reason: at most two, up to the first fatal one.

    Later lines, such as `and the repository exists.`, are advice.
    """
    told: list[str] = []
    for line in re.sub(r":\n[ \t]+", ": ", said).splitlines():
        kind, _, text = line.partition(": ")
        if kind in ("fatal", "error") and text not in told:
            told.append(text)
        if kind == "fatal":
            break
    return "; ".join(told[-2:]) or said.strip().split("\n")[0]


def within_another(folder: Path) -> NoRepositoryError:
    """The error for a folder where git answers for another folder, usually one further up."""
    why = "its settings name another folder (core.worktree)"
    if not (folder / ".git").exists():
        why = "it lies within another one, which `git rev-parse --show-toplevel` names"
    return NoRepositoryError(
        f"{folder} is no git repository of its own: {why}", "work in a git clone of the project"
    )


def _refused(said: str, reason: str, folder: Path) -> RefusedError:
    """The repository belongs to another user, whose hooks and settings could run programs.

    To clone it, git asks for the right to read its .git; all other commands, for its folder.
    """
    place = re.search(r"'(/.*)'", reason)
    if place:
        folder = Path(place[1])
        folder = folder.parent if folder.name == ".git" else folder
    places = [folder, folder / ".git"]
    others = [owner for owner in map(_owner, places) if owner not in (None, os.geteuid())]
    numbers = f" (number {others[0]}, yours is {os.geteuid()})" if others else ""
    named = re.findall(r"safe\.directory (.+)$", said, re.MULTILINE)  # quoted as a shell needs it
    trusted = [shlex.quote(str(each)) for each in places if each.is_dir()]
    wanted = [f"git config --global --add safe.directory {one}"
              for one in dict.fromkeys([*trusted, *named])]  # fmt: skip
    return RefusedError(
        f"git refuses {folder}: it belongs to another user{numbers}",
        f"if you trust what is in it, type `{' && '.join(wanted)}`",
    )


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _no_repository(folder: Path) -> GitError:
    """There is no repository here, or a .git that git does not accept."""
    own = folder / ".git"
    if not os.path.lexists(own):
        hint = " (GIT_DIR is set, and is not followed)" if "GIT_DIR" in os.environ else ""
        return NoRepositoryError(
            f"{folder} is no git repository{hint}", "work in a git clone of the project"
        )
    try:
        for part in ("HEAD", "objects", "refs"):
            (own / part).stat()
            if not os.access(own / part, os.R_OK | (0 if part == "HEAD" else os.X_OK)):
                raise PermissionError
    except PermissionError:
        return RefusedError(f"{own / part}: you may not read it", _RIGHTS)
    except OSError:
        return GitError(f"{own}: there is no {part} in it, so it is no repository", _ANEW)
    return GitError(f"{own}: its HEAD names no branch and no commit", _ANEW)
