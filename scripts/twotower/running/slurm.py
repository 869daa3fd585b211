"""Find and cancel the Slurm jobs that a killed Snakemake left behind, and wait for their end."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from twotower.records import last_run
from twotower.running import processes

_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""What Snakemake's Slurm jobs are named: the id of the run."""

CANCEL_SECONDS = 60.0
"""Longest wait until Slurm has ended the jobs that it was told to cancel."""
_ANSWER_SECONDS = 60.0


class _SlurmError(Exception):
    """Slurm does not answer; the message says what its program said."""


def cancel(folder: Path) -> list[str]:
    """Cancel this user's Slurm jobs that a Snakemake submitted from the folder; returns their ids.

    Raises:
        BusyError: if they have not ended within `CANCEL_SECONDS`; or if Slurm does not answer, and
            the folder is locked by a killed run that may have been on it.
    """
    try:
        ids = _jobs(folder)
    except _SlurmError as error:
        if processes.locked(folder) and _may_have_jobs(folder):
            raise processes.BusyError(
                f"Slurm does not say which jobs of the killed run are still at work ({error}): "
                "give `make resume` again when Slurm answers; if that cluster is gone for good, "
                "give `snakemake --unlock`, then `make resume`"
            ) from None
        return []
    until, left, told = time.monotonic() + CANCEL_SECONDS, set(ids), ""
    if ids:
        try:
            _said("scancel", *ids)
        except _SlurmError as error:  # some may have ended by themselves
            told = f" ({error})"
    while left:
        try:
            left = set(ids).intersection(_jobs(folder))
        except _SlurmError as error:
            told = f" ({error})"
        if left and time.monotonic() > until:
            raise processes.BusyError(
                f"Slurm has not ended job {min(left)} yet{told}: give `make resume` again when it "
                "has ended"
            )
        if left:
            time.sleep(1)
    return ids


def _may_have_jobs(folder: Path) -> bool:
    """Whether the run that locked the folder submitted its jobs to Slurm, as far as is known."""
    return "slurm run id" in processes.locked_by(folder) or last_run.by_slurm(folder)


def _jobs(folder: Path) -> list[str]:
    said = _said("squeue", "--me", "--noheader", "--format=%A|%j|%Z")
    rows = [line.strip().split("|", 2) for line in said.splitlines()]
    return sorted(
        row[0]
        for row in rows
        if len(row) == 3 and _RUN.search(row[1]) and os.path.realpath(row[2]) == str(folder)
    )


def _said(program: str, *arguments: str) -> str:
    """What one of Slurm's programs prints."""
    if not shutil.which(program):
        raise _SlurmError(f"{program} is not found on this machine")
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _SlurmError(f"{program} did not end within {_ANSWER_SECONDS:.0f} s") from None
    except OSError as error:
        raise _SlurmError(f"{program}: {error.strerror}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"])[-1]
        raise _SlurmError(f"{program}: {last}")
    return done.stdout
