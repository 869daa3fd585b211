"""Compare results with their records, and remove those that differ before a run carries on.

Snakemake decides by times and by notes of its own, and these hold no bytes. For this reason the
bytes are checked against the records. A file that fails is removed, and the times of all others
are set to agree with the records.
"""

import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from twotower.base import files, places, safe_names
from twotower.records import job_graph, job_records
from twotower.records.job_graph import TIMED
from twotower.records.reading import bounded

NOT_MADE = {"logs", "benchmarks", "records", "checkpoints", "seal", "preregistration"}
"""Folders of results/ whose files are not results."""

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}(\.[^.]+)?")


@dataclass
class Survey:
    """Results by how they agree with their records; paths as records name them.

    Attributes:
        sound: the record of each file with the recorded bytes, made from the inputs that are there.
        changed: files whose bytes or records are not as they were written, and why.
        stale: files as they were written, but made from other inputs than are there now.
        gone: files that are missing, although they have a record or others were made from them.
        unrecorded: files without a record.
        size: bytes that were read.
        known: every valid record, of sound files and others.
    """

    sound: dict[str, dict] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unrecorded: list[str] = field(default_factory=list)
    size: int = 0
    known: dict[str, dict] = field(default_factory=dict)


def survey() -> Survey:
    """Read and hash every result of this folder; change nothing."""
    found = Survey()
    recorded = sorted(job_records.recorded())
    checked = {path.as_posix(): path for path in recorded if not path.is_relative_to(TIMED)}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        read = zip(checked, pool.map(job_records.read, checked.values()), strict=True)
        found.known = {name: record for name, record in read if record is not None}
    there = {name: path for name, path in checked.items() if path.is_file()}
    sizes = {name: record["bytes"] for name, record in found.known.items()}
    hashed, unread = bounded.digests(there, sizes)
    found.size = sum(size for size, _ in hashed.values())
    for name, path in checked.items():
        record = found.known.get(name)
        if name not in there and os.path.lexists(path):
            found.changed[name] = "it is no file"
        elif name not in there:
            found.gone.add(name)
        elif record is None:
            found.changed[name] = "its record is damaged"
        elif name in unread:
            found.changed[name] = unread[name].why
        elif record["sha256"] != hashed[name][1]:
            found.changed[name] = "its bytes are not those that were recorded"
        else:
            found.sound[name] = record
    _set_stale_aside(found)
    read = {name for record in found.known.values() for name in record["inputs"]}
    found.gone |= {name for name in read if places.is_made(name) and not Path(name).exists()}
    names = {path.as_posix() for path in recorded}
    found.unrecorded = sorted(path for path in _results() if path not in names)
    return found


def unsound(found: Survey, planned: Iterable[str] = (), noted: Iterable[str] = ()) -> dict:
    """Files to be made anew and why: with each, all outputs of the job that made it.

    Args:
        planned: outputs of the study's plan; one without a record comes from a job that did not
            end. Other files without a record are left alone.
        noted: those of them that Snakemake has a note about. Without its note Snakemake would not
            see a later edit of settings or code.
    """
    planned, noted = set(planned), set(noted)
    reasons = found.changed | found.stale
    reasons |= dict.fromkeys(planned.intersection(found.gone), "it is gone")
    for path in planned.intersection(found.unrecorded):
        reasons[path] = "it has no record: its job did not end"
    for path in planned.intersection(found.sound) - noted:
        reasons[path] = "Snakemake has lost its note of the job that made it"
    beside = {}
    for record in found.known.values():
        first = next((path for path in record["outputs"] if path in reasons), None)
        for path in record["outputs"] if first else ():
            if path not in reasons:
                beside[path] = f"made by the job that makes {first}"
    return dict(sorted(reasons.items())) | dict(sorted(beside.items()))


def layers(found: Survey, paths: Iterable[str]) -> list[list[str]]:
    """The paths in groups, by the number of jobs before them; those without a record come last."""
    before = {path: record["inputs"] for path, record in found.known.items()}
    heights = job_graph.heights(before)
    groups: dict[float, list[str]] = {}
    for path in paths:
        groups.setdefault(heights.get(path, math.inf), []).append(path)
    return [groups[one] for one in sorted(groups)]


def without(found: Survey, removed: Iterable[str]) -> Survey:
    """The survey after files have been removed."""
    removed = set(removed)
    sound = {path: record for path, record in found.sound.items() if path not in removed}
    return Survey(sound=sound, known=found.known)


def remove(paths: Iterable[str]) -> int:
    """Remove results with their records; returns how many bytes of results that were."""
    size = 0
    for path in map(Path, paths):
        size += path.stat().st_size if path.is_file() else 0
        _discard(path)
        _discard(job_records.record_path(path))
    return size


def remove_temporary() -> list[str]:
    """Remove files that killed jobs had begun to write; return their paths."""
    left = [
        path
        for path in files.below(places.RESULTS)
        if _TEMPORARY.fullmatch(path.name) and path.is_file()
    ]
    for path in left:
        path.unlink()
    return sorted(path.as_posix() for path in left)


def remove_unreadable_notes() -> list[str]:
    """Remove Snakemake's notes of jobs that cannot be read; return their paths."""
    left = []
    for path in files.below(Path(".snakemake/metadata"), links=False):
        if path.is_dir():
            continue
        try:
            readable = isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
        except (OSError, ValueError, RecursionError):
            readable = False
        if not readable:
            _discard(path)
            left.append(path.as_posix())
    return sorted(left)


def remove_spent_checkpoints(found: Survey) -> None:
    """Remove the checkpoints of training jobs whose weights are there."""
    for path in map(Path, found.sound):
        if path.parts[1] == "runs":
            name = f"{path.parent.name}-{path.name}"
            _discard(places.RESULTS / "checkpoints" / name)


def settle_times(found: Survey) -> None:
    """Set the times of results to agree with their records, wherever a clock went wrong.

    No sound result is newer than now or older than what it was made from; a stale one is older
    than what has changed.
    """
    now, settled = time.time_ns(), {}
    before = {path: record["inputs"] for path, record in found.sound.items()}
    for path in job_graph.in_order(before):
        inputs = [settled[name] for name in before[path] if name in settled]
        settled[path] = max([min(os.stat(path).st_mtime_ns, now), *inputs])
        _set_time(path, settled[path])
    for path in found.stale:
        inputs = [Path(name) for name in found.known[path]["inputs"]]
        times = [place.stat().st_mtime_ns for place in inputs if place.exists()]
        _set_time(path, min([os.stat(path).st_mtime_ns, *(t - 10**9 for t in times)]))


def _set_time(path: str, wanted: int) -> None:
    if os.stat(path).st_mtime_ns != wanted:
        os.utime(path, ns=(wanted, wanted))


def _set_stale_aside(found: Survey) -> None:
    given: dict[str, str | None] = {}

    def today(name: str) -> str | None:
        """The SHA-256 that an input has, or will have once it is made anew; None if unknown."""
        if name in found.known:
            return found.known[name]["sha256"]
        if name not in given:
            place = Path(name) if places.is_made(name) else places.PROJECT / name
            given[name] = files.sha256(place) if place.is_file() else None
        return given[name]

    for path, record in list(found.sound.items()):
        for name, sha256 in record["inputs"].items():
            if today(name) not in (sha256, None):
                found.stale[path] = f"it was made from other bytes of {name}"
                del found.sound[path]
                break


def _results() -> Iterable[str]:
    """Every visible file of results/ that can be a result."""
    for path in files.below(places.RESULTS):
        within = path.relative_to(places.RESULTS).parts
        hidden = any(part.startswith(".") for part in within) or safe_names.is_left(within[-1])
        if within[0] not in NOT_MADE and not hidden and path.is_file():
            yield path.as_posix()


def _discard(path: Path) -> None:
    """Remove whatever stands at a path, a folder too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
