"""Whether a crate holds what its graph says: the bytes of every file, and no file besides.

Public validators look at the graph alone. This reads every file, needs nothing but Python's own
library, and takes any RO-Crate whose files have a `sha256`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from twotower import files, noted, safe_names
from twotower.logs import ExpectedError

METADATA = "ro-crate-metadata.json"
SEAL = "results/seal/manifest.json"
BESIDE = {"LICENSE", "README.md", "CITATION.cff", "codecheck.yml", "checklists.md", SEAL,
          f"{SEAL}.sig"}  # fmt: skip
"""What an export adds to the files of a seal, timings aside."""


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
        metadata: SHA-256 of the graph itself, which nothing in the crate vouches for.
    """

    faults: dict[str, str] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    described: set[str] = field(default_factory=set)
    metadata: str = ""


def check(folder: Path, sha256: str | None = None) -> Check:
    """Hash every file of a crate.

    Args:
        sha256: that of ro-crate-metadata.json as it was noted elsewhere, or its beginning.

    Raises:
        NoCrateError: if there is no ro-crate-metadata.json, or none that can be read.
        NotedError: if what was noted is no hash, or too little of one.
    """
    digits = noted.beginning("SHA256", sha256)
    found = Check(metadata=_metadata_hash(folder))
    named = {METADATA}
    sound: dict[str, str] = {}
    for path, entity in _files(folder, found):
        named.add(path)
        fault = _fault(folder / path, entity)
        if fault:
            found.faults[path] = fault
        else:
            sound[path] = entity["sha256"]
            found.bytes += (folder / path).stat().st_size
    for each, _ in safe_names.below(folder):
        path = each.relative_to(folder).as_posix()
        if path not in named:
            found.faults[path] = "extra: the graph does not name it"
    if (folder / SEAL).is_file():
        found.faults |= _unlike_seal(folder, sound, named | found.described)
    if not found.metadata.startswith(digits):
        found.faults[METADATA] = f"another one than was noted: {found.metadata}"
    found.files = len(sound.keys() - found.faults.keys())
    return found


def _metadata_hash(folder: Path) -> str:
    try:
        safe_names.text_of(folder / METADATA, "utf-8")
        return files.sha256(folder / METADATA)
    except ValueError:
        raise NoCrateError(f"{folder / METADATA}: this is no graph of an RO-Crate") from None
    except OSError as error:
        raise NoCrateError(
            f"{folder}: no {METADATA} that can be read ({error.strerror}); name a crate's folder"
        ) from None


def _files(folder: Path, found: Check) -> Iterator[tuple[str, dict]]:
    """Path and entity of each file that should be in the folder; unsafe ones become faults."""
    try:
        graph = json.loads((folder / METADATA).read_text(encoding="utf-8"))["@graph"]
        entities = [each for each in graph if "File" in _listed(each["@type"])]
        ids = [str(each["@id"]) for each in entities]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise NoCrateError(f"{folder / METADATA}: this is no graph of an RO-Crate") from None
    for entity_id, entity in zip(ids, entities, strict=True):
        if entity_id.startswith("#") or _is_address(entity_id):
            found.described.add(unquote(entity_id.removeprefix("#")))
            continue
        path = PurePosixPath(unquote(entity_id)).as_posix()
        if safe_names.is_path(path):
            yield path, entity
        else:
            found.faults[entity_id] = "leads out of the crate, or is no name of a file"


def _is_address(entity_id: str) -> bool:
    try:
        return bool(urlsplit(entity_id).scheme)
    except ValueError:
        return False


def _listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _fault(path: Path, entity: dict) -> str:
    if path.is_symlink() or not path.is_file():
        return "missing" if not path.exists() else "no file"
    wanted = entity.get("sha256")
    if not isinstance(wanted, str):
        return "the graph gives no sha256"
    if entity.get("contentSize") != str(path.stat().st_size):
        return f"changed: {path.stat().st_size} bytes, {entity.get('contentSize')} in the graph"
    own = files.sha256(path)
    return "" if own == wanted else f"changed: SHA-256 {own[:12]}…, {wanted[:12]}… in the graph"


def _unlike_seal(folder: Path, sound: dict[str, str], told: set[str]) -> dict[str, str]:
    """Where the graph, which names the files of `told`, contradicts the seal: one was edited.

    The seal itself may be edited too: then its root, or its signature, is another.
    """
    try:
        sealed = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
        entries = {str(each["path"]): str(each["sha256"]) for each in sealed}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {SEAL: "this is no seal"}
    why = "changed since it was sealed, and the graph with it"
    found = {path: why for path, own in sound.items() if entries.get(path, own) != own}
    why = "extra: the graph names it, it was not sealed"
    found |= {path: why for path in sound.keys() - entries.keys() if not _is_beside(path)}
    why = "missing: it was sealed, the graph does not name it"
    return found | dict.fromkeys(entries.keys() - told, why)


def _is_beside(path: str) -> bool:
    timing = path.startswith("results/benchmarks/") and path.endswith(".tsv")
    return timing or path in BESIDE
