"""All that a verification looks at, read once: files by hash, records, environments, runs."""

from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.seal import sealed_files
from twotower.audits.seal.manifest import Manifest
from twotower.base import places, safe_names
from twotower.records import environment, job_records, run_records
from twotower.records.commits import code_files


@dataclass
class Evidence:
    """A folder's results and their project's code as they are.

    Attributes:
        folder, project: where results and code are.
        sealed: the manifest; None without one.
        found: size and SHA-256 of each file that is there, by its path in a manifest; of one that
            is far larger than it was sealed, `sealed_files.UNREAD` in place of the SHA-256.
        records: by output, its record; None for a damaged one.
        environments, runs: by digest, those that are recorded; None for a damaged one.
        given: the SHA-256 of each given file that jobs read and that can be found.
        odd: why what stands at a path is no ordinary file; it is not opened.
    """

    folder: Path
    project: Path
    sealed: Manifest | None
    found: dict[str, tuple[int, str]] = field(default_factory=dict)
    records: dict[str, dict | None] = field(default_factory=dict)
    environments: dict[str, dict | None] = field(default_factory=dict)
    runs: dict[str, dict | None] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> dict | None:
        """The record of the run that the seal says has made the study."""
        return self.runs.get(self.sealed.study.get("run", "")) if self.sealed else None

    def sha256(self, path: str) -> str | None:
        """The SHA-256 of a made or given file as it is; None if it is not there."""
        return self.found[path][1] if path in self.found else self.given.get(path)


def gather(folder: Path, project: Path, sealed: Manifest | None) -> Evidence:
    """Read and hash everything; several files at a time."""
    evidence = Evidence(folder, project, sealed, odd=sealed_files.odd(folder, project))
    ordinary = sealed_files.sealed(folder)
    kept = set(ordinary)
    for path in job_records.recorded(folder):
        place = job_records.record_path(path)
        if place.as_posix() not in kept:
            continue
        try:
            text = safe_names.text_of(folder / place)
        except (OSError, ValueError):
            text = ""
        evidence.records[path.as_posix()] = job_records.parsed(text)
    evidence.environments = {
        name: environment.read(name, folder) for name in environment.names(folder)
    }
    evidence.runs = {name: run_records.read(name, folder) for name in run_records.names(folder)}
    standing = {path: folder / path for path in ordinary}
    standing |= {path: project / path for path in code_files.code(project)}
    for path in sealed.files if sealed else ():
        if path not in standing and (place := sealed_files.found_given(path, folder, project)):
            standing[path] = place
    expected = {path: entry.bytes for path, entry in sealed.files.items()} if sealed else None
    evidence.found = sealed_files.digests(standing, expected)
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
    evidence.given = {name: sha256 for name, (_, sha256) in sealed_files.digests(standing).items()}
