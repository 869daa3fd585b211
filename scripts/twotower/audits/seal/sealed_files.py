"""The files that belong under a seal: results in their folder, code in the project, by kind."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.seal.manifest import FILE_KINDS, MANIFEST, SIGNATURE
from twotower.base import errors, places, safe_names
from twotower.records import job_records
from twotower.records.commits import code_files

CHECKPOINTS = places.RESULTS / "checkpoints"
_BY_FOLDER = {
    "data": "data", "runs": "weights", "references": "weights", "risks": "risks",
    "ranking": "risks", "components": "risks", "two_stages": "risks", "rates": "rates",
    "figures": "figures", "tables": "tables", "records": "records", "preregistration": "records",
}  # fmt: skip


def kind_of(path: str | Path) -> str:
    """The kind of a file by its path alone; the manifest knows the study's own file."""
    parts = Path(path).parts
    if parts[0] != places.RESULTS.name:
        return "code"
    return _BY_FOLDER.get(parts[1], "other") if len(parts) > 2 else "other"


def kinds(texts: Iterable[str]) -> frozenset[str]:
    """The kinds of files that WITHOUT= names, each one of KINDS.

    Raises:
        OptionError: if a text is not one of KINDS.
    """
    for text in texts:
        if text not in FILE_KINDS:
            raise errors.OptionError(f"WITHOUT={text}: allowed: {', '.join(FILE_KINDS)}")
    return frozenset(texts)


def project_of(folder: Path) -> Path:
    """Where the code of a folder's results is: in the folder itself, or here."""
    return folder if (folder / "Snakefile").is_file() else places.PROJECT


@dataclass(frozen=True)
class Looked:
    """What stands in a folder of results and in a project; nothing has been opened.

    Attributes:
        files: where each file is that belongs under a seal: results but the seal itself, logs, and
            timings that no record names; and code. By path in a manifest.
        odd: why what stands at a path is no file that could be sealed: a pipe, a device, a link
            that leads nowhere or to a folder, a name that no seal holds, a closed folder.
        left: files of results that a system or an editor has left there.
    """

    files: dict[str, Path] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def look(folder: Path, project: Path, given: Collection[str] = ()) -> Looked:
    """See what is there.

    Args:
        given: files, such as the study's, that are sealed all the same.
    """
    files, odd, left = {}, {}, []
    for place, why in safe_names.below(folder / places.RESULTS):
        path = place.relative_to(folder)
        if why:
            odd[path.as_posix()] = why
        elif safe_names.is_left(path.name) and path.as_posix() not in given:
            left.append(path.as_posix())
        else:
            files[path.as_posix()] = place
    kept = {*given, *(str(job_records.output_of(Path(path))) for path in files)}
    files = {path: files[path] for path in files if path in kept or not _beside(Path(path))}
    for place, why in code_files.standing(project):
        path = place.relative_to(project)
        if not code_files.is_hidden(path):
            (odd if why else files)[path.as_posix()] = why or place
    for path in given:
        if not (path in odd or places.is_made(path)) and (
            found := found_given(path, folder, project)
        ):
            files.setdefault(path, found)
    return Looked(files, odd, left)


def found_given(name: str, folder: Path, project: Path) -> Path | None:
    """Where a given file is that records name so; None if that cannot be known, or is nowhere."""
    found_at = [folder / name, project / name] if not name.startswith("given:") else []
    return next((place for place in found_at if place.is_file()), None)


def _beside(path: Path) -> bool:
    ending = {"logs": ".log", "benchmarks": ".tsv"}.get(path.parts[1])
    return path in (MANIFEST, SIGNATURE) or (ending is not None and path.suffix == ending)
