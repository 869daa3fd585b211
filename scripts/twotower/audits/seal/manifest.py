"""The manifest: every file that a study was made from or has made, under one hash, the root.

The root is that of a Merkle tree over the roots of one tree for each kind of file, and over what
the manifest says of the study, its runs and environments. Who has noted the root can tell later,
from the files alone, whether any of them was changed, added or removed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twotower.base import errors, identity, safe_names
from twotower.records.commits import code_files
from twotower.records.reading import bounded, canonical

FORMAT = "tower-rates seal 1"
SEAL = Path("results/seal")
MANIFEST, SIGNATURE = SEAL / "manifest.json", SEAL / "manifest.json.sig"
FILE_KINDS = ("study", "code", "data", "weights", "risks", "rates", "figures", "tables", "records",
              "other")  # fmt: skip


class ManifestError(errors.ExpectedError):
    """A manifest that cannot be read; the message says where, what, and what to do."""


@dataclass(frozen=True)
class Entry:
    """What a manifest says of a file: its kind, its size in bytes, its SHA-256."""

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
        written: the text that was read.
    """

    study: dict[str, Any]
    runs: tuple[str, ...]
    environments: tuple[str, ...]
    files: dict[str, Entry]
    written: str = field(default="", repr=False, compare=False)

    @property
    def _header(self) -> dict[str, Any]:
        return {"study": self.study, "runs": self.runs, "environments": self.environments}

    @property
    def roots(self) -> dict[str, str]:
        """The root of each kind's tree: its leaves are the entries as canonical JSON, by path."""
        leaves: dict[str, list[bytes]] = {kind: [] for kind in FILE_KINDS}
        for path, entry in sorted(self.files.items()):
            leaves.setdefault(entry.kind, []).append(_canonical(_row(path, entry)))
        return {kind: merkle_root(each).hex() for kind, each in sorted(leaves.items())}

    @property
    def root(self) -> str:
        """The root of a tree over the pairs of kind and root, and what no file says: 64 digits."""
        pairs = [*self.roots.items(), ("header", self._header)]
        return merkle_root(sorted(map(_canonical, pairs))).hex()

    def text(self) -> str:
        """The manifest as it is written: the same bytes for the same files."""
        content = {
            "format": FORMAT,
            **self._header,
            "roots": self.roots,
            "root": self.root,
            "files": [_row(path, entry) for path, entry in sorted(self.files.items())],
        }
        return canonical.text(content)

    @property
    def fault(self) -> str:
        """What is wrong with the text that was read: the root that it states, or its form."""
        stated = json.loads(self.written).get("root")
        if stated != self.root:
            return f"it states the root {stated}, its entries have {self.root}"
        return "" if self.written == self.text() else "it is not as `make seal` writes it"


def read(folder: str | Path = ".") -> Manifest:
    """The manifest of a folder, or in a file that is named; `fault` tells what is wrong with it.

    Raises:
        ManifestError: if there is no manifest, or the file there is not a manifest.
    """
    path = Path(folder) if Path(folder).is_file() else Path(folder) / MANIFEST
    try:
        written = safe_names.text_of(path)
        content = json.loads(written)
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
            written=written,
        )
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no seal; `make seal` makes one") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{path}: is no manifest: {error}") from None


def build(
    folder: str | Path = ".", study: Mapping | None = None, project: Path | None = None
) -> Manifest:
    """The manifest of what is in a folder now; writes nothing. What cannot be read is left out.

    Args:
        study: as `Manifest.study`; by default what an earlier manifest there says of it.
        project: where the code is; by default `project_of` the folder.
    """
    from twotower.audits.seal import sealed_files  # here: to read a manifest needs no package

    folder = Path(folder)
    project = sealed_files.project_of(folder) if project is None else project
    study = dict(read(folder).study if study is None else study)
    found_at = sealed_files.look(folder, project, [study["file"]]).files
    return of(study, bounded.digests(found_at)[0])


def of(study: Mapping[str, Any], found: Mapping[str, tuple[int, str]]) -> Manifest:
    """The manifest of files whose size and SHA-256 are known; its lists are those of the files."""
    from twotower.audits.seal.sealed_files import kind_of

    return Manifest(
        dict(study),
        listed(found, "runs"),
        listed(found, "environments"),
        {
            path: Entry("study" if path == study.get("file") else kind_of(path), *found[path])
            for path in sorted(found)
        },
    )


def listed(paths: Iterable[str], what: str) -> tuple[str, ...]:
    """The digests of the records among paths that stand in the folder of `what`, sorted."""
    folder = f"results/records/{what}"
    found = [Path(path) for path in paths if path.startswith(folder) and path.endswith(".json")]
    own = (path for path in found if path.parent.as_posix() == folder)
    return tuple(sorted(path.stem for path in own if not path.name.startswith(".")))


def code_root(project: Path, study: str) -> str:
    """The root of the tree over a project's code, all but the study's own file, as in a seal.

    Raises:
        ManifestError: if a file of it cannot be read.
    """
    places = {path: project / path for path in code_files.code(project) if path != study}
    found, unread = bounded.digests(places)
    for path, each in unread.items():
        raise ManifestError(f"{project / path}: {each.why}")
    return of({}, found).roots["code"]


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
        if row["kind"] not in FILE_KINDS or not sized:
            raise ValueError(f"kind, size or SHA-256 of {row['path']} is not of the right form")


def _row(path: str, entry: Entry) -> dict:
    return {"path": path} | vars(entry)


def _canonical(value: Any) -> bytes:
    return identity.canonical_json(value).encode("ascii")


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of the Merkle tree over `leaves` in their order, as in RFC 6962, section 2.1.

    A leaf's hash begins with a zero byte and a node's with a one, so that no node passes for a
    leaf. Returns 32 bytes; of no leaves the hash of b"".
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:  # joining neighbours, an odd one as it is, gives the tree of the RFC
        pairs = [_node(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
