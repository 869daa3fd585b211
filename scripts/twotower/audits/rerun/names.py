"""Names that records give and an audit acts on: what may pass, and what is refused.

Records come with the results, from whom the auditor need not trust. A name out of them becomes a
path, or a word of a command: none may lead out of results/, and none may be an option.
"""

import os
import re
from collections.abc import Container
from pathlib import Path

from twotower.base import places, safe_names
from twotower.base.errors import ExpectedError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # SHA-1, or SHA-256


class NamesError(ExpectedError):
    """A record names what no run of the project does; the message says where and what."""


def is_name(name: str) -> bool:
    """Whether a name is one that a rule, an experiment or a setting can have."""
    return _NAME.fullmatch(name) is not None


def is_result(path: str) -> bool:
    """Whether a path names something below results/."""
    return safe_names.is_path(path) and places.is_made(path)


def check_result(path: str) -> None:
    """Refuse a path that is not `is_result`.

    Raises:
        NamesError: naming it.
    """
    if not is_result(path):
        raise NamesError(f"the path {path!r} leads out of {places.RESULTS}/; nothing is written")


def check_run(run: dict) -> None:
    """Refuse a run whose record holds what could reach beyond the study when it is run again.

    Raises:
        NamesError: naming the first such value.
    """
    study, diff, commit = run["study"], run["diff"], run["commit"]
    wrong = []
    if commit is not None and not _COMMIT.fullmatch(commit):
        wrong.append(("commit", commit))
    if not safe_names.is_path(study["file"]):
        wrong.append(("study file", study["file"]))
    wrong += [("setting", key) for key in study["given"] if not is_name(key)]
    wrong += [("target", name) for name in run["targets"] if not (is_name(name) or is_result(name))]
    if diff and not is_result(diff["file"]):
        wrong.append(("file of uncommitted changes", diff["file"]))
    for what, value in wrong[:1]:
        raise NamesError(
            f"the record of the run names the {what} {value!r}, which no run of the project "
            "writes; nothing of it is run"
        )


def fault_of_job(rule: str, paths: list[str], rules: Container[str]) -> str:
    """Why a recorded job is none that may be rerun; empty if it is one.

    Args:
        paths: its inputs and outputs.
        rules: those of the recorded commit.
    """
    if not is_name(rule) or rule not in rules:
        return f"its rule {rule!r} is none of the recorded commit"
    for path in paths:
        if places.is_made(path) and not is_result(path):
            return f"the path {path!r} leads out of {places.RESULTS}/"
    return ""


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
