"""All that a verification looks at, read once: files by hash, records, environments, runs."""

from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.seal import manifest, sealed_files
from twotower.audits.seal.manifest import Manifest
from twotower.base import places
from twotower.records import environment, job_records, run_records
from twotower.records.reading import bounded
from twotower.records.reading.bounded import Unread

NO_RECORD = (
    "it is no valid record: its content does not match the digest in its name, or it is not in the "
    "one form in which records are written"
)


@dataclass
class Evidence:
    """A folder's results and their project's code as they are.

    Attributes:
        folder, project: where results and code are.
        files: where each file is that belongs under a seal, by its path there.
        sealed: the manifest; None without one.
        found: size and SHA-256 of each file that was read, by its path in a manifest.
        records: by output, its record; None for a damaged one.
        environments, runs: by digest, those that are recorded; None for a damaged one.
        given: the SHA-256 of each given file that jobs read and that can be found.
        odd: why what stands at a path, a folder too, was not read.
        left: files of results that a system or an editor has left there; they were not read.
    """

    folder: Path
    project: Path
    sealed: Manifest | None
    files: dict[str, Path] = field(default_factory=dict)
    found: dict[str, tuple[int, str]] = field(default_factory=dict)
    records: dict[str, dict | None] = field(default_factory=dict)
    environments: dict[str, dict | None] = field(default_factory=dict)
    runs: dict[str, dict | None] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    odd: dict[str, Unread] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def run(self) -> dict | None:
        """The record of the run that the seal says has made the study."""
        return self.runs.get(self.sealed.study.get("run", "")) if self.sealed else None

    @property
    def reads_code(self) -> bool:
        """Whether all code was read; else none is looked at: a file of it may have no end."""
        return all(map(places.is_made, self.odd))

    @property
    def led_out(self) -> list[str]:
        """Results that are links to a file outside of the folder, and of results/ linked whole."""
        inside = (self.folder.resolve(), (self.folder / places.RESULTS).resolve())
        links = {path: place.resolve() for path, place in self.files.items() if place.is_symlink()}
        return [path for path, place in links.items() if places.is_made(path)
                and not any(map(place.is_relative_to, inside))]  # fmt: skip

    def sha256(self, path: str) -> str | None:
        """The SHA-256 of a made or given file as it is; None if it is not here, or not read."""
        return self.found[path][1] if path in self.found else self.given.get(path)

    def is_gone(self, path: str) -> bool:
        """Whether nothing is known of a path: neither it nor a folder above it is told as odd."""
        above = (each.as_posix() for each in Path(path).parents)
        return path not in self.found and self.odd.keys().isdisjoint([path, *above])


def gather(folder: Path, project: Path, sealed: Manifest | None, study: str = "") -> Evidence:
    """Read and hash everything; several files at a time.

    Of a file that has not the size that the seal, or else its record, says no byte is read, nor of
    a large one that was not sealed.

    Args:
        study: path of a study's file, for a seal that is to be made.
    """
    looked = sealed_files.look(folder, project, sealed.files if sealed else {study})
    evidence = Evidence(folder, project, sealed, looked.files, left=looked.left)
    for output in filter(None, map(job_records.output_of, map(Path, looked.files))):
        evidence.records[output.as_posix()] = job_records.read(output, folder)
    used, runs = (manifest.listed(looked.files, what) for what in ("environments", "runs"))
    evidence.environments = {name: environment.read(name, folder) for name in used}
    evidence.runs = {name: run_records.read(name, folder) for name in runs}
    sizes = dict.fromkeys(looked.files, 0) if sealed else {}
    sizes |= {path: record["bytes"] for path, record in evidence.records.items() if record}
    sizes |= {path: entry.bytes for path, entry in sealed.files.items()} if sealed else {}
    evidence.found, evidence.odd = bounded.digests(looked.files, sizes)
    evidence.odd |= {path: Unread(f"{why}: it was not read") for path, why in looked.odd.items()}
    _read_given(evidence)
    return evidence


def _read_given(evidence: Evidence) -> None:
    """Hash what jobs read that is neither made nor code, where it can be found."""
    sound = [record for record in evidence.records.values() if record]
    read = {name for record in sound for name in record["inputs"]} - evidence.found.keys()
    standing = {
        name: place
        for name in read
        if not places.is_made(name)
        and (place := sealed_files.found_given(name, evidence.folder, evidence.project))
    }
    found, _ = bounded.digests(standing)
    evidence.given = {name: sha256 for name, (_, sha256) in found.items()}
