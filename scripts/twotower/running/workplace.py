"""Checks before any work: a run needs a folder to write to and a core to work on."""

import errno
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from twotower.base.errors import ExpectedError
from twotower.records import job_records

LEAST_FREE = 50 * 2**20
"""Bytes; the smallest studies write less, every other one more: `make plan` says how much."""
LONGEST_NAME = 200
"""Bytes of a file's name: while it is written it has a few more, and file systems take 255."""
ELSEWHERE = "work elsewhere with --directory"


class WorkplaceError(ExpectedError):
    """The run cannot work here; the message names the place, why, and a way out."""


def check(results: str | Path, cores: int | None = None) -> None:
    """Try to write where `results` is or will be; nothing stays behind.

    Raises:
        WorkplaceError: if it is no folder, cannot be written to, or has no space left; if `cores`
            is below 1, with which Snakemake would wait for ever. None: the site decides.
    """
    if cores is not None and cores < 1:
        raise WorkplaceError(f"--cores {cores}: no core to work on; allowed: 1 or more, or all")
    free = shutil.disk_usage(_tried(Path(results), str(results), ELSEWHERE)).free
    if free < LEAST_FREE:
        found = f"{results}: {free / 2**20:.1f} MiB are free on its disk"
        least = f"at least {LEAST_FREE // 2**20} MiB"
        raise WorkplaceError(f"{found}; allowed: {least}; free some space there, or {ELSEWHERE}")


def check_written(path: Path, told: str) -> None:
    """Try, before the work that makes it, whether a file can be written; nothing stays behind.

    Folders above it that are missing can be made.

    Args:
        path: of the file.
        told: what messages call it, as it was typed.

    Raises:
        WorkplaceError: if something else stands there, or the folder above cannot be written to.
    """
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        most = f"at most {LONGEST_NAME} bytes"
        raise WorkplaceError(f"{told}: the name of the file is too long; allowed: {most}")
    if path.is_dir():
        raise WorkplaceError(f"{told}: this is a folder; allowed: a file; name one in it")
    if os.path.lexists(path) and not path.is_file():
        raise WorkplaceError(f"{told}: this is no ordinary file; allowed: one; name another")
    _tried(path.parent if path.is_file() else path, told, "name another place")


def check_replaced(path: Path, told: str, begins: bytes, kind: str) -> None:
    """As `check_written`, of a file that takes the place of one of its own kind alone.

    Args:
        begins: the bytes that files of this kind begin with.
        kind: what they hold, in messages.

    Raises:
        WorkplaceError: as well for a file that begins with other bytes.
    """
    check_written(path, told)
    if not path.is_file():
        return
    with path.open("rb") as file:
        found = file.read(len(begins))
    if found != begins:
        text = f"{told}: this file holds no {kind}; allowed: one that does, or a new file"
        raise WorkplaceError(text)


def _tried(path: Path, told: str, other: str) -> Path:
    """Try to write where a path is or will be; returns the nearest folder that is there.

    Args:
        path: a folder, or nothing yet.
        told: what it is called in messages.
        other: what else to do than to mend the place.

    Raises:
        WorkplaceError: if something else is in the way, or that folder cannot be written to.
    """
    path = Path(os.path.abspath(path))
    place = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not place.is_dir():
        what = "this" if place == path else f"{place}"
        kind = "a link that leads nowhere" if place.is_symlink() else "a file"
        raise WorkplaceError(f"{told}: {what} is {kind}; allowed: a folder; move it away")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".twotower-", dir=place))
    except OSError as error:
        code = errno.errorcode.get(error.errno, "")
        hint = "free some space there" if code in ("ENOSPC", "EDQUOT") else "check who may write"
        text = f"{told}: cannot be written to ({error.strerror}); {hint}, or {other}"
        raise WorkplaceError(text) from None
    return place


def check_submitted(texts: Iterable[str]) -> None:
    """Check that paths and values arrive unchanged at a job on another machine, through its shells.

    Snakemake puts them into quotes. Inside these `$`, a backtick and `\\` keep their meaning, and
    the quotes end early if a text holds both kinds.

    Raises:
        WorkplaceError: naming the first text that would arrive changed.
    """
    for text in texts:
        odd = [each for each in "$`\\" if each in text]
        odd += ["both ' and \""] if {"'", '"'} <= set(text) else []
        odd += [] if text.isprintable() else ["a character that cannot be printed"]
        if odd:
            found = f"{text.strip()}: holds {odd[0]}, which changes on its way to a cluster's job"
            hint = "rename the file, or move the project to another folder"
            raise WorkplaceError(f"{found}; allowed: a name without it; {hint}")


def start_jobs_by_name() -> None:
    """Have Snakemake start Python by its name where a shell would take its path apart.

    Snakemake writes the path of its Python into shell commands without quotes (its issue 2645):
    below a folder with a space or an apostrophe no job would begin. There the name alone is given
    to it, and PATH, which needs no quotes, begins with the folder that it is found in.

    Raises:
        WorkplaceError: if that folder cannot stand in PATH.
    """
    folder, name = os.path.split(sys.executable)
    if folder and shlex.quote(sys.executable) != sys.executable:
        if os.pathsep in folder:
            found = f"{folder}: no job can start a Python that lies in a folder with {os.pathsep}"
            raise WorkplaceError(f"{found} in its name; move the project, and `make` there")
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])
        sys.executable = name


def lead_jobs_to(scripts: Path, module: bool = False) -> None:
    """Have the jobs of this run find the library in the folder of scripts.

    Snakemake hands sys.path on to no job. PYTHONPATH reaches the jobs, also those in a container,
    unless --apptainer-args asks for a clean environment.

    Args:
        scripts: the folder of scripts.
        module: whether another workflow imports this one; its jobs are told.

    Raises:
        WorkplaceError: if the path cannot stand in PYTHONPATH.
    """
    # what separates the paths may stand in the folder's own name, but seldom below where jobs run
    path = str(scripts) if os.pathsep not in str(scripts) else os.path.relpath(scripts)
    if os.pathsep in path:
        found = f"{scripts}: no job finds the library in a folder with {os.pathsep} in its name"
        raise WorkplaceError(f"{found}; rename the folder, or run in the project's own folder")
    if module:
        os.environ[job_records.MODULE] = "yes"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH")]))
