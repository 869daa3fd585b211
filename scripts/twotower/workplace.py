"""Whether a run has a folder to write to and a core to work on: told before any work."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

from twotower.logs import ExpectedError

LEAST_FREE = 50 * 2**20
"""Bytes; the smallest studies write less, every other one more: `make plan` says how much."""
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
    folder = Path(os.path.abspath(results))
    if os.path.lexists(folder) and not folder.is_dir():
        kind = "a link that leads nowhere" if folder.is_symlink() else "a file"
        raise WorkplaceError(f"{results}: this is {kind}; allowed: a folder; move it away")
    place = next(path for path in (folder, *folder.parents) if path.is_dir())
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".twotower-", dir=place))
    except OSError as error:
        code = errno.errorcode.get(error.errno, "")
        hint = "free some space there" if code in ("ENOSPC", "EDQUOT") else "mind who may write"
        text = f"{results}: cannot be written to ({error.strerror}); {hint}, or {ELSEWHERE}"
        raise WorkplaceError(text) from None
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        found = f"{results}: {free / 2**20:.1f} MiB are free on its disk"
        least = f"at least {LEAST_FREE // 2**20} MiB"
        raise WorkplaceError(f"{found}; allowed: {least}; free some space there, or {ELSEWHERE}")
