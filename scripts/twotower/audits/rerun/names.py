"""Names in records that an audit turns into commands, and folders that it writes into.

Records come with the results, from whom the auditor need not trust. Where a record is read its
paths stay below the folder and its words are no options (`safe_names`). Here a word must also be
one that a run of the project would be asked for.
"""

import os
import re
from pathlib import Path

from twotower.base import places, safe_names
from twotower.base.errors import ExpectedError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NamesError(ExpectedError):
    """A record names what no run of the project does; the message says where and what."""


def check_run(run: dict) -> None:
    """Refuse a run whose record holds what could reach beyond the study when it is run again.

    Raises:
        NamesError: naming the first such value.
    """
    wrong = [("setting", key) for key in run["study"]["given"] if not _NAME.fullmatch(key)]
    wrong += [("target", name) for name in run["targets"] if not (
        _NAME.fullmatch(name) or (safe_names.is_path(name) and places.is_made(name))
    )]  # fmt: skip
    for what, value in wrong[:1]:
        raise NamesError(
            f"the record of the run names the {what} {value!r}, which no run of the project "
            "writes; nothing is run"
        )


def check_place(folder: Path) -> None:
    """Refuse a folder to write into that is a file, a link, or holds one: it leads elsewhere.

    Raises:
        NamesError: naming the link.
    """
    if folder.exists() and not folder.is_dir():
        raise NamesError(
            f"{folder}: is a file; an audit writes into a folder of this name: move it"
        )
    inside = sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
    for place in [folder, *inside]:
        if place.is_symlink():
            raise NamesError(
                f"{place}: is a link to {os.readlink(place)!r}; an audit writes and removes files "
                "there, so that it must be a folder of its own: remove the link"
            )
