"""A crate against its seal: every sealed file is in the crate as sealed, or described as left out.

The seal may have been edited too, together with file and graph: then its root, or its signature,
is another, and so is the SHA-256 of the graph. Needs nothing but Python's own library.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from twotower.base import safe_names

SEAL = "results/seal/manifest.json"
FORMAT = "tower-rates seal 1"
TRACES = ("tower-rates", "twotower", "results/records/", "results/seal", '"#seal"')
"""Words that graphs of this project hold, and hardly any other."""

_BESIDE = {"LICENSE", "README.md", "CITATION.cff", "codecheck.yml", "checklists.md",
           "croissant.json", SEAL, f"{SEAL}.sig"}  # fmt: skip
_PAGE = re.compile(r"docs/[^/]+\.md|docs/images/[^/]+\.png")
_TIMING = re.compile(r"results/benchmarks/.+\.tsv")
_OWN = {"Snakefile", "Makefile", "config.yaml", "pyproject.toml", "scripts", "workflow", "envs",
        "profiles", "results"}  # fmt: skip
"""Where the project's own files are, which a seal holds and an export copies."""


@dataclass(frozen=True)
class File:
    """Size in bytes, SHA-256 and kind (of `sealed_files.KINDS`; "" if not known) of a file."""

    bytes: int
    sha256: str
    kind: str = ""


@dataclass
class Compared:
    """What the seal says of a crate.

    Attributes:
        faults: by path, in words.
        left_out: by kind, how many sealed files are described and not held, and how many there are.
        given: what is described and not sealed, since the run was given it.
    """

    faults: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, tuple[int, int]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)


def is_of_this_project(graph: Any) -> bool:
    """Whether a graph is of this project, whose crates must have a seal."""
    try:
        text = unquote(json.dumps(graph, ensure_ascii=False))
    except RecursionError:  # no graph is that deep but one made to be
        return True
    return any(trace in text for trace in TRACES)


def compare(
    folder: Path, held: Mapping[str, File], named: set[str], described: Iterable[tuple[str, Any]]
) -> Compared:
    """Hold a crate against the seal in it.

    Args:
        held: the files that are as the graph says.
        named: all that the graph says to be held.
        described: path and entity of what the graph says not to be held.
    """
    try:
        sealed = _read(folder / SEAL)
    except FileNotFoundError:
        return Compared({SEAL: "missing: every crate of this project has the seal"})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Compared({SEAL: "this is no seal"})
    found = Compared()
    told = named | _described(sealed, named, described, found)
    for path, file in held.items():
        entry = sealed.get(path)
        if entry is None and not _is_beside(path):
            found.faults[path] = "extra: the graph names it, it was not sealed"
        elif entry and (entry.bytes, entry.sha256) != (file.bytes, file.sha256):
            found.faults[path] = "changed since it was sealed, and the graph with it"
    why = "missing: it was sealed, the graph does not name it"
    found.faults |= dict.fromkeys(sealed.keys() - told, why)
    return found


def _described(
    sealed: dict[str, File], named: set[str], described: Iterable[tuple[str, Any]], found: Compared
) -> set[str]:
    """Judge what is described and not held; returns its paths."""
    paths, wrong = set(), found.faults
    for path, entity in described:
        paths.add(path)
        entry = sealed.get(path)
        if entry is None and (path.split("/")[0] in _OWN or _is_beside(path)):
            wrong[path] = "extra: described as left out, it was not sealed"
        elif entry is None:
            found.given.append(path)
        elif (entity.get("contentSize"), entity.get("sha256")) != (str(entry.bytes), entry.sha256):
            wrong[path] = "missing: described, with other bytes than were sealed"
    gone = Counter(sealed[path].kind for path in (paths & sealed.keys()) - named - wrong.keys())
    all_of = Counter(entry.kind for entry in sealed.values())
    found.left_out = {kind: (gone[kind], all_of[kind]) for kind in sorted(gone)}
    return paths


def _read(path: Path) -> dict[str, File]:
    """The sealed files; raises OSError, ValueError, KeyError or TypeError if this is no seal."""
    content = json.loads(safe_names.text_of(path))
    if content["format"] != FORMAT:
        raise ValueError("another format")
    found = {}
    for row in content["files"]:
        name, size, sha256 = row["path"], row["bytes"], row["sha256"]
        right = safe_names.is_path(name) and safe_names.is_size(size)
        if not (right and safe_names.is_hex(sha256, 64)) or name in found:
            raise ValueError("a row that is none")
        found[name] = File(size, sha256, str(row["kind"]))
    return found


def _is_beside(path: str) -> bool:
    """Whether an export adds such a file to those of a seal."""
    return path in _BESIDE or bool(_PAGE.fullmatch(path) or _TIMING.fullmatch(path))
