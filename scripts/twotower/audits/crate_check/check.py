"""Whether a crate holds what its graph and its seal say: every file's bytes, and no other file.

Public validators look at the graph alone. This reads every file, needs nothing but Python's own
library, and takes any RO-Crate whose files have a `sha256`. One of this project must have its seal.
"""

import hashlib
import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from twotower.audits.crate_check import seal
from twotower.base import safe_names, words
from twotower.base.errors import ExpectedError
from twotower.records.reading import bounded, canonical

METADATA = "ro-crate-metadata.json"
MADE = (".venv", ".venv-validator", ".snakemake", "results-audit", "results-crate",
        "results-crate.zip")  # fmt: skip
"""What commands of the project make in its folder, and so in a crate that one works in."""
SHOWN = 5  # given files that are named; of more the number is told


class NoCrateError(ExpectedError):
    """The folder holds no crate that can be read."""


@dataclass
class Check:
    """What was found.

    Attributes:
        faults: by path, in words; empty for a sound crate.
        files: how many files were hashed, and are as the graph says.
        bytes: of those.
        described: files that are described but not held, by path or address.
        left_out: by kind, how many sealed files are so, and how many there are of the kind.
        given: files that are described as given to the run, which were not sealed.
        made: those of MADE that are there; nothing vouches for them.
        left: what a system or an editor has left there; nothing reads it.
        is_sealed: False for a crate of another project, where graph and file may be edited both.
        metadata: SHA-256 of the graph itself, which nothing in the crate vouches for.
    """

    faults: dict[str, str] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    described: set[str] = field(default_factory=set)
    left_out: dict[str, tuple[int, int]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    is_sealed: bool = True
    metadata: str = ""


def check(folder: Path, sha256: str | None = None) -> Check:
    """Hash every file of a crate.

    Args:
        sha256: that of ro-crate-metadata.json as it was noted elsewhere, or its beginning.

    Raises:
        NoCrateError: if there is no ro-crate-metadata.json, or none that can be read.
        NotedError: if what was noted is no hash, or too little of one.
    """
    digits = safe_names.beginning_of_hash("SHA256", sha256)
    graph, metadata = _read(folder)
    found = Check(metadata=metadata)
    described: list[tuple[str, dict]] = []
    entities = list(_files(graph, described, found))
    named = {METADATA, *(path for path, _ in entities)}
    sound = _hashed(folder, entities, found)
    found.faults |= dict(_extra(folder, named, found))
    if (folder / seal.SEAL).exists() or seal.is_of_this_project(graph):
        sealed = seal.compare(folder, graph, sound, named, described)
        found.faults = sealed.faults | found.faults
        found.left_out, found.given = sealed.left_out, sealed.given
    else:
        found.is_sealed = False
    if not found.metadata.startswith(digits):
        found.faults[METADATA] = f"its SHA-256 is not the noted one: {found.metadata}"
    right = sound.keys() - found.faults.keys()
    found.files, found.bytes = len(right), sum(sound[path][0] for path in right)
    return found


def read_graph(folder: Path) -> list[dict[str, Any]]:
    """The entities of a crate's graph.

    Raises:
        NoCrateError: if there is none, or none that can be read.
    """
    return _read(folder)[0]


def _read(folder: Path) -> tuple[list[dict[str, Any]], str]:
    """The entities of a crate's graph, and the SHA-256 of the file."""
    place = folder / METADATA
    try:
        written = safe_names.bytes_of(place)
        graph = canonical.strict(written.decode("utf-8"))["@graph"]
        for each in graph:
            each["@id"], each["@type"], each.get("sha256")
        return graph, hashlib.sha256(written).hexdigest()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f": {error}" if type(error) is ValueError else ""
        raise NoCrateError(f"{place}: this is no graph of an RO-Crate{why}") from None
    except OSError as error:
        raise NoCrateError(
            f"{folder}: no {METADATA} that can be read ({error.strerror}); name a crate's folder"
        ) from None


def text(found: Check, folder: Path) -> str:
    """The check of the crate in a folder, in lines."""
    lines = [f"{path}: {fault}" for path, fault in sorted(found.faults.items())]
    if found.left_out:
        lines += _left_out(found.left_out, shlex.quote(str(folder)))
    if found.given:
        told = words.named(sorted(found.given), SHOWN)
        lines.append(f"given to the run, and not part of the crate: {told}")
    if not found.is_sealed:
        lines.append(
            "no seal, and no trace of tower-rates: a file that was changed together with its entry "
            f"in the graph is not found; {len(found.described):,} described and not held"
        )
    if found.made:
        what = "not checked, since not part of the crate"
        hint = "`make` in this folder may run what is there"
        lines.append(f"{what}; {hint}: {', '.join(found.made)}")
    if found.left:
        told = "left by the system or an editor, no part of the crate, and read by nothing"
        lines.append(f"{told}: {words.named(sorted(found.left), SHOWN)}")
    whom = "graph and seal say" if found.is_sealed else "the graph says"
    size = f"{words.count(found.files, 'file')}, {found.bytes / 1e6:,.1f} MB"
    count = len(found.faults)
    if count:
        lines.append(f"NOT as {whom}: {words.count(count, 'fault')}, see above; {size} are")
    else:
        gone = sum(gone for gone, _ in found.left_out.values())
        lines.append(f"{size}, all as {whom}" + (f"; {gone:,} left out, see above" if gone else ""))
    lines.append(f"{METADATA}: SHA-256 {found.metadata}")
    return "\n".join(safe_names.shown(line.replace("\n", "\\n")) for line in lines)


def _left_out(counts: dict[str, tuple[int, int]], folder: str) -> list[str]:
    """What is left out, wholly or in part, and how such a crate is verified."""
    how = f'`make verify FOLDER={folder} WITHOUT="{" ".join(counts)}"`, `make audit` likewise'
    return [f"left out: {words.shares(counts)}; their sizes and hashes are the sealed ones", how]


def _files(graph: list, described: list, found: Check) -> Iterator[tuple[str, dict]]:
    """Path and entity of each file that should be in the folder; unsafe ones become faults.

    Others are appended to `described`, by path, or noted by address.
    """
    for entity in graph:
        entity_id = str(entity["@id"])
        if "File" not in _listed(entity["@type"]):
            continue
        if entity_id.startswith("#"):
            described.append((unquote(entity_id[1:]), entity))
            found.described.add(unquote(entity_id[1:]))
        elif _is_address(entity_id):
            found.described.add(entity_id)
        elif safe_names.is_path(path := PurePosixPath(unquote(entity_id)).as_posix()):
            yield path, entity
        else:
            found.faults[entity_id] = "leads out of the crate, or is not a file name"


def _is_address(entity_id: str) -> bool:
    try:
        return bool(urlsplit(entity_id).scheme)
    except ValueError:
        return False


def _listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _hashed(
    folder: Path, entities: list[tuple[str, dict]], found: Check
) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of the files that are as their entities say; the others become faults."""
    due: dict[str, dict] = {}
    for path, entity in entities:
        if path in due:
            found.faults[path] = "the graph names it twice"
        elif fault := _fault(folder / path, entity):
            found.faults[path] = fault
        else:
            due[path] = entity
    hashed, unread = bounded.digests({path: folder / path for path in due})
    found.faults |= {path: each.why for path, each in unread.items()}
    for path, (_, own) in hashed.items():
        wanted = due[path]["sha256"]
        if own != wanted:
            found.faults[path] = f"changed: SHA-256 {own[:12]}…, {wanted[:12]}… in the graph"
    return {path: each for path, each in hashed.items() if path not in found.faults}


def _fault(path: Path, entity: dict) -> str:
    """Why a file is not hashed; "" if it is to be."""
    try:
        looked = os.lstat(path)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if not stat.S_ISREG(looked.st_mode):
        return "no file"
    if not isinstance(entity.get("sha256"), str):
        return "the graph gives no sha256"
    if entity.get("contentSize") != str(looked.st_size):
        return f"changed: {looked.st_size} bytes, {entity.get('contentSize')} in the graph"
    return ""


def _extra(folder: Path, named: set[str], found: Check) -> Iterator[tuple[str, str]]:
    """What is there and the graph does not name, with why; notes what the project's tools made."""
    for entry in sorted(folder.iterdir()):
        if entry.name in MADE:
            found.made.append(entry.name)
            continue
        is_folder = entry.is_dir() and not entry.is_symlink()
        for place in [each for each, _ in safe_names.below(entry)] if is_folder else [entry]:
            path = place.relative_to(folder).as_posix()
            if path in named:
                continue
            if safe_names.is_left(place.name):
                found.left.append(path)
                continue
            folders, _, cached = path.partition("__pycache__/")
            if cached:
                cache = f"{folders}__pycache__"
                yield cache, "extra: compiled code that Python may run instead; remove the folder"
            else:
                yield path, "extra: the graph does not name it"
