"""The files of code that results depend on: which they are, and how they differ from a commit.

What git believes of the working files is not asked: flags of its index, ignored names, filters and
settings can hide an edit. The files themselves are read.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from twotower.base import errors, places, safe_names
from twotower.records import git
from twotower.records.commits.scratch import LINK, MODES, REPOSITORY, Entries, Scratch, scratch

CODE = ("Snakefile", "Makefile", "makefile", "GNUmakefile", "config.yaml", "pyproject.toml",
        "scripts", "workflow", "envs", "profiles")  # fmt: skip
"""Files and folders that results depend on, from the project's folder on.

Make takes GNUmakefile or makefile before Makefile."""
MOST_CHANGED = 20_000_000  # bytes of files that are not as a commit holds them


class ChangesError(errors.ExpectedError):
    """Uncommitted changes that are too large to be recorded."""


def code(project: Path) -> list[str]:
    """Every ordinary file of code, from the project's folder on, sorted; no hidden ones."""
    found = (path.relative_to(project) for path, why in standing(project) if not why)
    return sorted(path.as_posix() for path in found if not is_hidden(path))


def is_code(path: str) -> bool:
    """Whether results depend on a file of the project, by its path.

    Beside the Snakefile: modules and packages there stand before others of the same name.
    """
    first, *more = PurePosixPath(path).parts
    if first in CODE:
        return True
    return first.endswith((".py", ".pyc", ".so")) if not more else _begins_package(more)


def is_hidden(path: str | PurePosixPath) -> bool:
    """Whether a file is a tool's own, such as git's, Python's cache, or an editor's backup."""
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith((".", "__pycache__")) for part in parts)
    return hidden or safe_names.is_left(parts[-1])


def changes(project: Path, commit: str, study: str) -> bytes:
    """What code and study have otherwise than a commit, as `git apply` takes it; empty if nothing.

    Files are those that stand there, ignored ones too. One is as committed if its bytes are those
    of the commit, or what a clone makes of these by attributes that are committed.

    Raises:
        GitError: if git gives no answer.
        ChangesError: if changed files are larger than a record should hold.
    """
    own = places.name(study)
    with scratch(project) as there:
        there.load(commit)
        had = of_code(there.entries(), own)
        now = _now(project, had, own)
        changed = other(there, had, now, project)
        if _has_no_modes(project):
            changed = [path for path in changed if not _only_mode(had.get(path), now.get(path))]
        if not changed:
            return b""
        _check_size(project, [path for path in changed if path in now])
        there.put({path: (now[path][0], _bytes(project / path)) if path in now else None
                   for path in changed})  # fmt: skip
        return there.difference(commit)


def of_code(entries: Entries, study: str) -> Entries:
    """Those of a commit's files that are code or the study, without repositories within it."""
    return {path: entry for path, entry in entries.items()
            if (is_code(path) or path == study) and entry[0] != REPOSITORY}  # fmt: skip


def other(there: Scratch, wanted: Entries, found: Entries, project: Path) -> list[str]:
    """Paths of files that are not as wanted, or on one side only, sorted.

    Args:
        there: whose index holds what is wanted.
        found: files as they are in the project.
    """
    differing = [path for path in sorted(wanted.keys() | found.keys())
                 if wanted.get(path) != found.get(path)]  # fmt: skip
    both = [path for path in differing if path in wanted and path in found]
    there.check_out(both)
    return [
        path
        for path in differing
        if path not in both
        or wanted[path][0] != found[path][0]
        or (there.folder / path).read_bytes() != _bytes(project / path)
    ]


def blob(path: Path, digits: int) -> str:
    """git's hash of a file's bytes, or of a link's text: SHA-1 with 40 digits, else SHA-256."""
    total = hashlib.new("sha1" if digits == 40 else "sha256", usedforsecurity=False)
    if path.is_symlink():
        text = os.fsencode(os.readlink(path))
        total.update(b"blob %d\0" % len(text) + text)
        return total.hexdigest()
    with open(path, "rb") as file:
        total.update(b"blob %d\0" % os.fstat(file.fileno()).st_size)
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


def standing(project: Path) -> Iterator[tuple[Path, str]]:
    """What stands where code is, hidden files too, and why it is odd (`safe_names.below`)."""
    for name in sorted(os.listdir(project)):  # as they are spelled: some systems take other cases
        place = project / name
        if name in CODE and place.is_dir():
            yield from safe_names.below(place)
        elif place.is_file() and is_code(name):
            yield place, ""
        elif place.is_dir() and not name.startswith("."):
            yield from ((path, "") for path in place.glob("__init__.*") if path.is_file())


def _begins_package(more: list[str]) -> bool:
    return len(more) == 1 and more[0].startswith("__init__.")


def _now(project: Path, had: Entries, own: str) -> Entries:
    """The files of code and the study as they are; hidden ones if they are committed."""
    digits = len(next(iter(had.values()))[1]) if had else 40
    there = {path.relative_to(project) for path, _ in standing(project)}
    if (project / own).is_file():  # "given:…" is outside of the project
        there.add(PurePosixPath(own))
    found: Entries = {}
    for path in there:
        name = path.as_posix()
        if is_hidden(path) and name not in had and name != own:
            continue  # nor looked at: Python's cache holds files for an instant
        try:
            mode = os.lstat(project / path).st_mode
            if stat.S_ISLNK(mode) or stat.S_ISREG(mode):
                told = LINK if stat.S_ISLNK(mode) else MODES[bool(mode & stat.S_IXUSR)]
                found[name] = told, blob(project / path, digits)
        except FileNotFoundError:  # an editor's, say, that went since the folder was read
            continue
    return found


def _bytes(path: Path) -> bytes:
    return os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()


def _only_mode(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    return bool(one and other) and one[1] == other[1] and LINK not in (one[0], other[0])


def _has_no_modes(project: Path) -> bool:
    """Whether the project lies on a file system where every file can be run, as git found."""
    asked = "config", "--type=bool", "--default=true", "core.fileMode"
    return git.output(project, *asked).strip() == b"false"


def _check_size(project: Path, changed: list[str]) -> None:
    sizes = {path: os.lstat(project / path).st_size for path in changed}
    if sum(sizes.values()) > MOST_CHANGED:
        largest = max(sizes, key=sizes.__getitem__)
        raise ChangesError(
            f"files that no commit holds have {sum(sizes.values()) / 1e6:,.0f} MB, the largest is "
            f"{largest}; a run records its code with them, up to {MOST_CHANGED / 1e6:.0f} MB: "
            "commit them, or move them out of the code"
        )
