"""A graphics card for each training job, on a machine where nobody hands them out.

Slurm tells a job its card in CUDA_VISIBLE_DEVICES. On a workstation Snakemake limits how many jobs
run at once but names no card, so that all would meet on the first: here each takes one that no
other job holds, by a lock on a file that ends with its process, however that ends.
"""

import fcntl
import os
import tempfile
import time
from pathlib import Path

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_held: int | None = None  # descriptor of the locked file of this process


def take(count: int) -> str:
    """Make one card the only one that this process sees; wait while others hold all of them.

    Only what CUDA reads when it starts is changed: call it before. A second call changes nothing,
    nor does one in a Slurm job.

    Args:
        count: cards of the machine, as far as CUDA_VISIBLE_DEVICES lets them be seen.

    Returns:
        The card's name in CUDA_VISIBLE_DEVICES; "" where there is no card, or Slurm chose it.
    """
    global _held
    if _held is not None:
        return os.environ[_VISIBLE]
    if count == 0 or "SLURM_JOB_ID" in os.environ:
        return ""
    visible = os.environ.get(_VISIBLE) or ",".join(map(str, range(count)))
    names = [name.strip() for name in visible.split(",")][:count]
    while True:
        for name in names:
            if (lock := _lock(name)) is not None:
                _held, os.environ[_VISIBLE] = lock, name
                return name
        time.sleep(1)


def _lock(name: str) -> int | None:
    """Descriptor of the locked file of a card; None if another process has it."""
    path = Path(tempfile.gettempdir(), f"tower-rates-{os.getuid()}-card-{name}.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
