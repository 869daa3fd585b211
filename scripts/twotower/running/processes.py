"""Who is at work in a folder: a Snakemake that lives, or jobs that a killed one left behind."""

import contextlib
import os
import platform
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil

from twotower.base import errors
from twotower.records import last_run


class BusyError(errors.ExpectedError):
    """Somebody is at work in the folder."""


def locked(folder: Path) -> bool:
    """Whether a Snakemake has locked the folder; a killed one leaves its lock behind."""
    return any((folder / ".snakemake" / "locks").glob("*"))


def locked_by(folder: Path) -> dict[str, str]:
    """What Snakemake's log says about the run that locked the folder (see `last_run.headers`).

    Empty if the folder is not locked, or if no log says it.
    """
    locks = list(_lock_times(folder))
    for header in last_run.headers(folder) if locks else ():
        if not {"date", "host"} <= header.keys():
            continue
        if datetime.fromisoformat(header["date"]).timestamp() <= min(locks):
            return header
    return {}


def _lock_times(folder: Path) -> Iterator[float]:
    for path in (folder / ".snakemake" / "locks").glob("*"):
        with contextlib.suppress(FileNotFoundError):  # the run has ended since
            yield path.stat().st_mtime


def require_idle(folder: Path) -> None:
    """Check that no Snakemake runs in the folder, nor one that cannot be seen from here.

    Raises:
        BusyError: naming the process, or the machine where the run was started.
    """
    running = [process.pid for process in of_kind(folder, "run")]
    if running:
        raise BusyError(
            f"a run is at work in this folder (process {running[0]}): wait until it ends, or stop "
            "it with Ctrl-C where it was started"
        )
    host = locked_by(folder).get("host", platform.node())
    if host != platform.node():
        raise BusyError(
            f"the run that locked this folder was started on {host}, this is {platform.node()}: "
            f"give `make resume` there; if {host} is gone for good, give `snakemake --unlock` "
            "here, then `make resume`"
        )


def of_kind(folder: Path, kind: str) -> list[psutil.Process]:
    """Processes at work in the folder: every "run", or every "job" with the shell around it.

    If there are jobs but no run, the run was killed, and nothing waits for the jobs any more.
    """
    return [process for process in _at_work(folder) if _kind(process) == kind]


def stop_jobs(folder: Path) -> list[str]:
    """End the jobs at work in the folder; returns their names."""
    jobs, names = of_kind(folder, "job"), []
    for process in jobs:
        script = re.search(r"\.snakemake/scripts/tmp[^.]*\.([\w.]+)", " ".join(_command(process)))
        names.append(f"{script.group(1) if script else 'a job'} (process {process.pid})")
        for one in [process, *_children(process)]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
    psutil.wait_procs(jobs, timeout=10)
    return names


def _at_work(folder: Path) -> list[psutil.Process]:
    """Processes with this working folder, except this one and those that started it."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:  # it has ended, or is another user's
            continue
    return found


def _kind(process: psutil.Process) -> str:
    """What a process does here: "run", "job" or "" for anything else."""
    words = _command(process)
    if any(".snakemake/scripts/" in word for word in words):
        return "job"
    started = [Path(word).name for word in words[:3]]
    if started and started[0].startswith("python"):
        started = started[2:] if "-m" in started[1:2] else started[1:]
    if started[:1] == ["snakemake"]:
        return "job" if "--mode" in words else "run"
    return "run" if started[:1] == ["resume.py"] else ""


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
