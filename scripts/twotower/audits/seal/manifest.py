"""The manifest: every file that a study was made from or has made, under one hash, the root.

The root is that of a Merkle tree over the roots of one tree for each kind of file, and over what
the manifest says of the study, its runs and environments. Who has noted
the root can tell later, from the files alone, whether any of them was changed, added or removed.
"""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.audits.seal import merkle
from twotower.base import errors, files, identity, places, safe_names
from twotower.records import environment, job_records, run_records

FORMAT = "tower-rates seal 1"
SEAL = Path("results/seal")
PLACE = SEAL / "manifest.json"
CHECKPOINTS = places.RESULTS / "checkpoints"
SIGNATURE = SEAL / "manifest.json.sig"

KINDS = ("study", "code", "data", "weights", "risks", "rates", "figures", "tables", "records",
         "other")  # fmt: skip
UNREAD = "not read"
"""In place of the SHA-256 of a file that is far larger than it was sealed."""
MOST_MORE = 1_000_000_000
"""Bytes by which a file may be larger than it should be, and is read all the same."""
_BY_FOLDER = {
    "data": "data", "runs": "weights", "references": "weights", "risks": "risks",
    "ranking": "risks", "rates": "rates", "figures": "figures",
    "tables": "tables", "records": "records", "preregistration": "records",
}  # fmt: skip
_SHADOWS = ("*.py", "*.pyc", "*.so", "*/__init__.*")
"""Beside the Snakefile: modules and packages there stand before others of the same name."""


class ManifestError(errors.ExpectedError):
    """A manifest that cannot be read; the message says where, what, and what to do."""


@dataclass(frozen=True)
class Entry:
    """What a manifest says of a file: one of KINDS, its size in bytes, and its SHA-256."""

    kind: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that was sealed.

    Attributes:
        study: file, settings (digest of its validated values) and run (digest of the record of
            the run that made it) of the study.
        runs, environments: digests of those that are recorded, sorted.
        files: by path; those of results/ from the folder on, code from the project's folder on.
    """

    study: dict[str, Any]
    runs: tuple[str, ...]
    environments: tuple[str, ...]
    files: dict[str, Entry]

    @property
    def roots(self) -> dict[str, str]:
        """The root of each kind's tree: its leaves are the entries as canonical JSON, by path."""
        leaves: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
        for path, entry in sorted(self.files.items()):
            leaves.setdefault(entry.kind, []).append(_leaf(path, entry))
        return {kind: merkle.root(each).hex() for kind, each in sorted(leaves.items())}

    @property
    def root(self) -> str:
        """The root of a tree over the pairs of kind and root, and what no file says: 64 digits."""
        header = {"study": self.study, "runs": self.runs, "environments": self.environments}
        pairs = [identity.canonical_json([kind, root]) for kind, root in self.roots.items()]
        pairs.append(identity.canonical_json(["header", header]))
        return merkle.root([pair.encode("ascii") for pair in sorted(pairs)]).hex()

    def text(self) -> str:
        """The manifest as it is written: the same bytes for the same files."""
        content = {
            "format": FORMAT,
            "study": self.study,
            "runs": self.runs,
            "environments": self.environments,
            "roots": self.roots,
            "root": self.root,
            "files": [_row(path, entry) for path, entry in sorted(self.files.items())],
        }
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def read(folder: str | Path = ".") -> Manifest:
    """The manifest of a folder, or in a file that is named; its own root is not compared.

    Raises:
        ManifestError: if there is none, or what is there is none.
    """
    path = Path(folder) if Path(folder).is_file() else Path(folder) / PLACE
    try:
        content = json.loads(safe_names.text_of(path))
        if content["format"] != FORMAT:
            raise ManifestError(f"{path}: is of the format {content['format']!r}, not {FORMAT!r}")
        _check(content)
        return Manifest(
            study=dict(content["study"]),
            runs=tuple(content["runs"]),
            environments=tuple(content["environments"]),
            files={
                row["path"]: Entry(row["kind"], row["bytes"], row["sha256"])
                for row in content["files"]
            },
        )
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no seal; `make seal` makes one") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{path}: is no manifest: {error}") from None


def build(
    folder: str | Path = ".", study: Mapping | None = None, project: Path | None = None
) -> Manifest:
    """The manifest of what is in a folder now; writes nothing.

    Args:
        study: as `Manifest.study`; by default what an earlier manifest there says of it.
        project: where the code is; by default `project_of` the folder.
    """
    folder = Path(folder)
    project = project_of(folder) if project is None else project
    study = dict(read(folder).study if study is None else study)
    places = {path: folder / path for path in sealed(folder)}
    places |= {path: project / path for path in code(project)}
    if given := found_given(study["file"], folder, project):
        places[study["file"]] = given
    found = digests(places)
    return Manifest(
        study=study,
        runs=tuple(run_records.names(folder)),
        environments=tuple(environment.names(folder)),
        files={
            path: Entry("study" if path == study["file"] else kind_of(path), *found[path])
            for path in sorted(found)
        },
    )


def digests(
    places: Mapping[str, Path], expected: Mapping[str, int] | None = None
) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of files, each read once, several at a time; by the same names.

    Args:
        expected: bytes that each should have, 0 of others: one that has many more (`MOST_MORE`)
            is not read, UNREAD stands in place of the SHA-256. A forger may leave one that takes
            hours. None: all are read.
    """

    def digest(name: str) -> tuple[int, str]:
        size = places[name].stat().st_size
        more = 0 if expected is None else size - expected.get(name, 0)
        return size, UNREAD if more > MOST_MORE else files.sha256(places[name])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(zip(places, pool.map(digest, places), strict=True))


def kind_of(path: str | Path) -> str:
    """The kind of a file by its path alone; the study's own file is told apart by the manifest."""
    parts = Path(path).parts
    if parts[0] != places.RESULTS.name:
        return "code"
    return _BY_FOLDER.get(parts[1], "other") if len(parts) > 2 else "other"


def project_of(folder: Path) -> Path:
    """Where the code of a folder's results is: in the folder itself, or here."""
    return folder if (folder / "Snakefile").is_file() else places.PROJECT


def code(project: Path) -> list[str]:
    """Every file of the project that results depend on, from its folder on, sorted."""
    found = []
    for name in run_records.CODE:
        place = project / name
        found += [place] if place.is_file() else _ordinary(place)
    for shadow in _SHADOWS:
        found += [path for path in project.glob(shadow) if path.is_file()]
    within = {path.relative_to(project) for path in found}
    return sorted(path.as_posix() for path in within if not _is_hidden(path))


def code_root(project: Path, study: str) -> str:
    """The root of the tree over a project's code, all but the study's own file, as in a seal."""
    places = {path: project / path for path in code(project) if path != study}
    found = {path: Entry("code", *each) for path, each in digests(places).items()}
    return Manifest({}, (), (), found).roots["code"]


def odd(folder: Path, project: Path) -> dict[str, str]:
    """What is beside the files of code and results and can be none of them, with the reason.

    Pipes, devices, links that lead nowhere or to a folder, names that cannot be sealed.
    """
    roots = [(folder, places.RESULTS), *((project, Path(name)) for name in run_records.CODE)]
    found = {}
    for base, name in roots:
        for place, why in safe_names.below(base / name):
            path = place.relative_to(base)
            if why and (name == places.RESULTS or not _is_hidden(path)):
                found[path.as_posix()] = why
    return found


def _ordinary(folder: Path) -> list[Path]:
    return [place for place, why in safe_names.below(folder) if not why]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in path.parts)


def sealed(folder: Path) -> list[str]:
    """Every file of results/ that belongs under the seal, from the folder on, sorted.

    That is all but the seal itself, logs, and timings that no record names.
    """
    recorded = {path.as_posix() for path in job_records.recorded(folder)}
    found = []
    for place in _ordinary(folder / places.RESULTS):
        path = place.relative_to(folder)
        if not _beside(path) or path.as_posix() in recorded:
            found.append(path.as_posix())
    return sorted(found)


def found_given(name: str, folder: Path, project: Path) -> Path | None:
    """Where a given file is that records name so; None if that cannot be known, or is nowhere."""
    places = [folder / name, project / name] if not name.startswith("given:") else []
    return next((place for place in places if place.is_file()), None)


def _check(content: dict) -> None:
    """Whether all that a manifest names may be opened and shown; raises ValueError if not."""
    study = content["study"]
    right = (
        study.keys() == {"file", "settings", "run"}
        and safe_names.is_path(study["file"])
        and safe_names.is_hex(study["settings"], 64)
        and safe_names.is_hex(study["run"], 16)
    )
    if not right:
        raise ValueError("what it says of the study is not of the right form")
    for name in [*content["runs"], *content["environments"]]:
        if not safe_names.is_hex(name, 16):
            raise ValueError(f"{name!r} is not 16 hexadecimal digits")
    for row in content["files"]:
        if not safe_names.is_path(row["path"]):
            raise ValueError(f"{row['path']!r:.200} is no path below its folder")
        sized = safe_names.is_size(row["bytes"]) and safe_names.is_hex(row["sha256"], 64)
        if row["kind"] not in KINDS or not sized:
            raise ValueError(f"kind, size or SHA-256 of {row['path']} is not of the right form")


def _beside(path: Path) -> bool:
    logs_or_times = {"logs": ".log", "benchmarks": ".tsv"}
    ending = logs_or_times.get(path.parts[1])
    return path in (PLACE, SIGNATURE) or (ending is not None and path.suffix == ending)


def _row(path: str, entry: Entry) -> dict:
    return {"path": path, "kind": entry.kind, "bytes": entry.bytes, "sha256": entry.sha256}


def _leaf(path: str, entry: Entry) -> bytes:
    return identity.canonical_json(_row(path, entry)).encode("ascii")
