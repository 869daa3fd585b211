"""A graphics card for each training job of a user on one machine.

Snakemake limits how many jobs run at once but names no card: all jobs would meet on the first one.
Here each job takes a card that no other job holds, by a lock on a file. The lock ends with the
process, however that ends. A Slurm allocation may hold several jobs too. They share out the cards
that Slurm made visible to them, and no others.
"""

import fcntl
import os
import tempfile
import time
from pathlib import Path

from twotower.base.errors import ExpectedError

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_ALLOCATION = ("SLURM_JOB_ID", "SLURM_STEP_GPUS")
"""Two Slurm jobs on one node may call their different cards by the same number. The locks of one
allocation are no concern of another; nor those of a step with cards of its own."""
_held: int | None = None  # descriptor of the locked file of this process


class CardError(ExpectedError):
    """A process that would compute on a card that another job may hold."""


def take(count: int) -> str:
    """Make one card the only one that this process sees; wait while others hold all of them.

    CUDA reads what is changed here as it starts: call this before. A second call changes nothing.

    Args:
        count: cards of the machine, as far as CUDA_VISIBLE_DEVICES lets them be seen.

    Returns:
        The card's name in CUDA_VISIBLE_DEVICES; "" where there is no card.
    """
    global _held
    if _held is not None:
        return os.environ[_VISIBLE]
    if count == 0:
        return ""
    visible = os.environ.get(_VISIBLE) or ",".join(map(str, range(count)))
    names = [name.strip() for name in visible.split(",")][:count]
    is_told = False
    while True:
        for name in names:
            if (lock := _lock(name)) is not None:
                _held, os.environ[_VISIBLE] = lock, name
                return name
        if not is_told:
            print(f"Waiting for a card: other jobs hold {', '.join(names)}.", flush=True)
            is_told = True
        time.sleep(1)


def check(count: int) -> None:
    """Refuse to go on if a process that took a card sees more than that one.

    Args:
        count: cards that CUDA shows to this process now.

    Raises:
        CardError: if there are several: CUDA had started before a card was taken.
    """
    if _held is not None and count > 1:
        raise CardError(
            f"this job took the card {os.environ[_VISIBLE]}, but CUDA shows {count} cards; "
            f"set {_VISIBLE} to one card, and run one job at a time"
        )


def _lock(name: str) -> int | None:
    """Descriptor of the locked file of a card; None if another process has it."""
    allocation = [value for key in _ALLOCATION if (value := os.environ.get(key))]
    words = "-".join(["tower-rates", str(os.getuid()), *allocation, "card", name])
    path = Path(tempfile.gettempdir(), f"{words.replace('/', '-')}.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
