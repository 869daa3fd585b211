"""A crate against its seal: every sealed file is in the crate as sealed, or described as left out.

The seal may have been edited too, together with file and graph: then its root, or its signature,
is another, and so is the SHA-256 of the graph. Needs nothing but Python's own library.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from twotower.audits.crate_check import recorded
from twotower.audits.seal import manifest
from twotower.audits.seal.manifest import Entry, ManifestError
from twotower.base import safe_names

SEAL = manifest.MANIFEST.as_posix()
TRACES = ("tower-rates", "twotower", "results/records/", "results/seal", '"#seal"')
"""Words that graphs of this project hold, and hardly any other."""

ROOT = "#seal"
_PAGES = {"codecheck.yml", "checklists.md", "croissant.json"}
_BESIDE = {"LICENSE", "README.md", "CITATION.cff", SEAL, f"{SEAL}.sig"} | _PAGES
_ROOT = re.compile(r"root of (?:its|the) seal\b[a-z :,.]*?\b([0-9a-f]{64})\b")
_PAGE = re.compile(r"docs/[^/]+\.md|docs/images/[^/]+\.png")
_TIMING = re.compile(r"results/benchmarks/.+\.tsv")
_OWN = {"Snakefile", "Makefile", "config.yaml", "pyproject.toml", "scripts", "workflow", "envs",
        "profiles", "results"}  # fmt: skip
"""Where the project's own files are, which a seal holds and an export copies."""


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
    folder: Path,
    graph: list[dict[str, Any]],
    held: Mapping[str, tuple[int, str]],
    named: set[str],
    described: Iterable[tuple[str, Any]],
) -> Compared:
    """Hold a crate against the seal in it.

    Args:
        held: size and SHA-256 of the files that are as the graph says.
        named: all that the graph says to be held.
        described: path and entity of what the graph says not to be held.
    """
    try:
        sealed = manifest.read(folder)
    except ManifestError:
        there = os.path.lexists(folder / SEAL)
        missing = "missing: every crate of this project has the seal"
        return Compared({SEAL: "this is no seal" if there else missing})
    found = Compared()
    if sealed.fault:
        found.faults[SEAL] = sealed.fault
    for path, root in _stated(folder, graph, held):
        if root != sealed.root:
            found.faults[path] = f"it states {root} as the root of the seal, which is {sealed.root}"
    if others := list(recorded.faults(folder, graph, held)):
        more = f" (and {len(others) - 1:,} more)" if others[1:] else ""
        found.faults.setdefault("ro-crate-metadata.json", f"{others[0]}{more}")
    told = named | _described(sealed.files, named, described, found)
    for path, each in held.items():
        entry = sealed.files.get(path)
        if entry is None and not _is_beside(path):
            found.faults[path] = "extra: the graph names it, it was not sealed"
        elif entry and (entry.bytes, entry.sha256) != each:
            found.faults[path] = "changed since it was sealed, and the graph with it"
    why = "missing: it was sealed, the graph does not name it"
    found.faults |= dict.fromkeys(sealed.files.keys() - told, why)
    return found


def _stated(
    folder: Path, graph: list[dict[str, Any]], held: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Where a crate says what the root of its seal is, and what it says."""
    for entity in graph:
        if entity["@id"] == ROOT:
            yield "ro-crate-metadata.json", str(entity.get("value"))
    for path in sorted(_PAGES.intersection(held)):
        for root in _ROOT.findall(safe_names.bytes_of(folder / path).decode("utf-8", "replace")):
            yield path, root


def _described(
    sealed: dict[str, Entry], named: set[str], described: Iterable[tuple[str, Any]], found: Compared
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


def _is_beside(path: str) -> bool:
    """Whether an export adds such a file to those of a seal."""
    return path in _BESIDE or bool(_PAGE.fullmatch(path) or _TIMING.fullmatch(path))
