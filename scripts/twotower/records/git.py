"""Ask git about a repository that nobody has to trust.

A repository's own settings can name programs that git runs when it looks at files, and hosts from
which it fetches missing objects; its replace refs and grafts can show another commit than a name
stands for. Here these have no effect. A repository of another owner is not read unless the user
allows it (`safe.directory`). `twotower.records.git_faults` words the
reasons why git gives no answer.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from twotower.records.git_faults import (
    DAMAGED,
    GitError,
    NoCommitError,
    NoGitError,
    fault,
    within_another,
)

_COMMAND = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
            "-c", "protocol.allow=never")  # fmt: skip
_ALONE = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
          "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull, "LC_ALL": "C"}  # fmt: skip
_KEPT = "GIT_CONFIG_"
"""The user's variables for git that begin so; GIT_DIR and others would lead to another folder."""
PATIENCE = 300.0  # seconds; a clone of this project takes one


def output(
    folder: str | Path,
    *arguments: str,
    right: tuple[int, ...] = (0,),
    about: Path | None = None,
    patience: float = PATIENCE,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """What git prints, asked in a folder.

    Args:
        right: exit codes that mean success.
        about: the repository that messages name, if not that of the folder.
        patience: seconds after which git is stopped.
        given: what git reads from its standard input.
        variables: more of its environment.

    Raises:
        GitError: if git is not installed, ends with another code, or takes longer; with the remedy.
    """
    done = _asked(folder, arguments, patience, given, variables or {})
    if done.returncode not in right:
        raise _fault(done, about or folder)
    return done.stdout


def commit(project: Path, patience: float = PATIENCE) -> str:
    """The commit that a repository stands at, in hexadecimal.

    Raises:
        NoRepositoryError: if the folder is not the top of a repository.
        NoCommitError: if the repository has no commit yet.
        GitError: if git gives no answer for another reason.
    """
    top = output(project, "rev-parse", "--show-toplevel", patience=patience)
    if Path(os.fsdecode(top).rstrip("\n")).resolve() != project.resolve():
        raise within_another(project.resolve())
    done = _asked(project, ["rev-parse", "--verify", "--quiet", "HEAD"], patience)
    if done.returncode == 0:
        return done.stdout.decode().strip()
    listed = _asked(project, ["for-each-ref"], patience)  # it complains where a branch is broken
    if done.stderr or listed.returncode or listed.stderr:
        raise _fault(done if done.stderr else listed, project)
    raise NoCommitError(f"{project.resolve()}: its git repository has no commit yet",
                        "commit the project, or work in a git clone")  # fmt: skip


def changed(project: Path, *paths: str, patience: float = PATIENCE) -> list[str]:
    """Lines of `git status` on files that differ from the commit; new files do not count."""
    asked = ["status", "--porcelain", "--untracked-files=no", "--", *paths]
    return output(project, *asked, patience=patience).decode("utf-8", "replace").splitlines()


def require(project: Path, sought: str) -> None:
    """Check that a repository has a commit.

    Raises:
        NoCommitError: if it does not.
        GitError: if git gives no answer.
    """
    done = _asked(project, ["cat-file", "-e", sought])
    if done.returncode == 0:
        return
    listed = output(project, "for-each-ref", "--format=%(objectname)").decode().split()
    if done.returncode != 1 or b"error: " in done.stderr:
        raise _fault(done, project)
    if sought in listed:
        told = f"{project.resolve()}: a branch names commit {sought[:12]}, which is missing"
        raise GitError(told, DAMAGED)
    asked = "rev-parse", "--is-shallow-repository", "--show-prefix"
    shallow, prefix = output(project, *asked).decode("utf-8", "replace").split("\n")[:2]
    if prefix:
        told = f"{project.resolve()} lies within another git repository, which has no commit"
        raise NoCommitError(f"{told} {sought[:12]}", "work in a git clone of the project")
    remedy = "`git fetch` brings it, if it was published where this clone comes from"
    if shallow == "true":
        remedy = "this clone is shallow, `git fetch --unshallow` brings its older commits"
    raise NoCommitError(f"{project.resolve()} has no commit {sought[:12]}", remedy)


def committed(clone: Path, path: Path) -> bytes | None:
    """A file as the commit of a clone has it; None if the commit has no such file.

    Raises:
        GitError: if git gives no answer.
    """
    if not output(clone, "ls-tree", "-z", "HEAD", "--", path.as_posix()):
        return None
    return output(clone, "cat-file", "blob", f"HEAD:{path.as_posix()}")


def _asked(
    folder: str | Path,
    arguments: Sequence[str],
    patience: float = PATIENCE,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    try:
        return subprocess.run(
            [*_COMMAND, "-C", str(folder), *arguments],
            input=given,
            capture_output=True,
            env={**kept, **_ALONE, **(variables or {})},
            timeout=patience,
            check=False,
        )
    except FileNotFoundError:
        raise NoGitError("git is not installed, or not on the PATH", "install git") from None
    except OSError as error:
        reason = f"git cannot be run ({error.strerror})"
        raise NoGitError(reason, "install git anew, or mend the PATH") from None
    except subprocess.TimeoutExpired:
        raise GitError(
            f"git took longer than {patience:.0f} s in {Path(folder).resolve()}",
            "try `git status` there, and try again when the disk answers faster",
        ) from None


def _fault(done: subprocess.CompletedProcess[bytes], folder: str | Path) -> GitError:
    return fault(done.stderr.decode("utf-8", "replace"), Path(folder), done.returncode)
