"""What git says of a repository, which is trusted no further than that.

A repository's own settings can name programs that git runs as it looks at files, and hosts that it
fetches missing objects from: here they do not.
"""

import os
import subprocess
from pathlib import Path

from twotower.logs import ExpectedError

_COMMAND = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
_ALONE = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
          "LC_ALL": "C"}  # fmt: skip
_KEPT = "GIT_CONFIG_"
"""The user's variables for git that begin so; GIT_DIR and others would lead to another folder."""
PATIENCE = 300.0  # seconds; a clone of this project takes one


class GitError(ExpectedError):
    """There is no git, no repository, or git refuses; the message is the last line of its own."""


def output(folder: str | Path, *arguments: str, right: tuple[int, ...] = (0,)) -> bytes:
    """What git prints, asked in a folder.

    Args:
        right: exit codes that are no failure.

    Raises:
        GitError: if git is not installed, ends otherwise, or takes longer than `PATIENCE`.
    """
    command = [*_COMMAND, "-C", str(folder), *arguments]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    try:
        done = subprocess.run(
            command, capture_output=True, env=kept | _ALONE, timeout=PATIENCE, check=False
        )
    except OSError as error:
        raise GitError(f"git cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git took longer than {PATIENCE:.0f} s in {folder}") from None
    if done.returncode not in right:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(f"git: {said[-1] if said else f'ended with code {done.returncode}'}")
    return done.stdout
