"""The files that belong under a seal: results in their folder, code in the project, by kind."""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from twotower.base import errors, files, places, safe_names
from twotower.records import job_records
from twotower.records.commits import code_files

SEAL = Path("results/seal")
MANIFEST = SEAL / "manifest.json"
CHECKPOINTS = places.RESULTS / "checkpoints"
SIGNATURE = SEAL / "manifest.json.sig"
FILE_KINDS = ("study", "code", "data", "weights", "risks", "rates", "figures", "tables", "records",
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


def sealed(folder: Path) -> list[str]:
    """Every file of results/ that belongs under the seal, from the folder on, sorted.

    That is all but the seal itself, logs, and timings that no record names.
    """
    recorded = set(job_records.recorded(folder))
    found = (place.relative_to(folder) for place in _ordinary(folder / places.RESULTS))
    return sorted(path.as_posix() for path in found if not _beside(path) or path in recorded)


def odd(folder: Path, project: Path) -> dict[str, str]:
    """What is beside the files of code and results and can be none of them, with the reason.

    Pipes, devices, links that lead nowhere or to a folder, names that cannot be sealed.
    """
    roots = [(folder, places.RESULTS), *((project, Path(name)) for name in code_files.CODE)]
    found = {}
    for base, name in roots:
        for place, why in safe_names.below(base / name):
            path = place.relative_to(base)
            if why and (name == places.RESULTS or not code_files.is_hidden(path)):
                found[path.as_posix()] = why
    return found


def found_given(name: str, folder: Path, project: Path) -> Path | None:
    """Where a given file is that records name so; None if that cannot be known, or is nowhere."""
    found_at = [folder / name, project / name] if not name.startswith("given:") else []
    return next((place for place in found_at if place.is_file()), None)


def digests(
    found_at: Mapping[str, Path], expected: Mapping[str, int] | None = None
) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of files, each read once, several at a time; by the same names.

    Args:
        expected: bytes that each should have, 0 of others: one that has many more (`MOST_MORE`)
            is not read, UNREAD stands in place of the SHA-256. A forger may leave one that takes
            hours. None: all are read.
    """

    def digest(name: str) -> tuple[int, str]:
        size = found_at[name].stat().st_size
        more = 0 if expected is None else size - expected.get(name, 0)
        return size, UNREAD if more > MOST_MORE else files.sha256(found_at[name])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(zip(found_at, pool.map(digest, found_at), strict=True))


def _ordinary(folder: Path) -> list[Path]:
    return [place for place, why in safe_names.below(folder) if not why]


def _beside(path: Path) -> bool:
    ending = {"logs": ".log", "benchmarks": ".tsv"}.get(path.parts[1])
    return path in (MANIFEST, SIGNATURE) or (ending is not None and path.suffix == ending)
