"""Where things stand: the project, its results, and the name of a path in records."""

import os
from pathlib import Path

PROJECT = Path(os.path.realpath(__file__)).parents[3]
"""The folder of the code at work."""
RESULTS = Path("results")
"""What jobs make, below the folder of a run."""


def is_made(path: str | Path) -> bool:
    """Whether jobs make this path; such a file has a record, and all others are given."""
    return Path(path).is_relative_to(RESULTS)


def name(path: str | Path) -> str:
    """A path as records name it: below results/ as it is, else from the project's folder on.

    A file outside of the project, such as a user's ratings, has its name alone: no result depends
    on where it lies.
    """
    if is_made(path):
        return Path(path).as_posix()
    inside = Path(os.path.relpath(os.path.realpath(path), PROJECT))
    return f"given:{Path(path).name}" if inside.parts[0] == os.pardir else inside.as_posix()
