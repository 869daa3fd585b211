"""Whether a crate's croissant.json is a sound Croissant description, judged offline by mlcroissant.

Runs in the validator's own environment, as `validation` does. mlcroissant judges the file,
its warnings count, and it reads every record set whose files are in the crate. It hashes few of the
files, so each that is described and held is hashed here.
"""

import fnmatch
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import mlcroissant
from absl import logging as absl_logging

from twotower.audits.crate.entities import CROISSANT
from twotower.base import safe_names
from twotower.records.reading import bounded

TOLD = "`make export` writes it anew"


@dataclass
class Judged:
    """What was found.

    Attributes:
        faults: in words.
        files: how many were hashed, and are as described.
        left_out: how many are described and not held.
        records: rows of each record set that was read.
    """

    faults: list[str] = field(default_factory=list)
    files: int = 0
    left_out: int = 0
    records: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """All in one line."""
        read = ", ".join(f"{name} {count:,}" for name, count in self.records.items())
        gone = f" ({self.left_out} left out)" if self.left_out else ""
        return (
            f"{CROISSANT}: {self.files} files hashed{gone}; records read: {read or 'none'}; faults "
            f"and warnings, by mlcroissant {version('mlcroissant')}: {len(self.faults)}"
        )


def validate(crate: Path) -> Judged | None:
    """Judge the description in a crate; None if the crate has no description."""
    place = crate.resolve() / CROISSANT
    if not place.exists():
        return None
    found, said = Judged(), []
    with _heard(said):
        try:
            json.loads(safe_names.text_of(place, "utf-8"))
            dataset = mlcroissant.Dataset(str(place))
            gone = _hashed(dataset, place.parent, found)
            if not found.faults:
                said += _read(dataset, gone, found)
        except Exception as error:  # of any class: files that it did not foresee
            said.append(str(error) or type(error).__name__)
    lines = [line.strip(" -.") for text in said for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("Found the following")]
    found.faults = [f"{CROISSANT}: {line}; {TOLD}" for line in dict.fromkeys(lines)] + found.faults
    return found


def _hashed(dataset: mlcroissant.Dataset, folder: Path, found: Judged) -> set[str]:
    """Hash the files that are described; returns those that are not held."""
    described = {each.content_url: each.sha256 for each in dataset.metadata.file_objects}
    odd = [path for path in described if not safe_names.is_path(path)]
    found.faults += [f"{CROISSANT}: {path!r} leads out of the crate; {TOLD}" for path in odd]
    held = {path: folder / path for path in described.keys() - odd if (folder / path).is_file()}
    hashed, unread = bounded.digests(held)
    found.faults += [f"{path}: {each.why}" for path, each in sorted(unread.items())]
    for path, (_, sha256) in sorted(hashed.items()):
        if sha256 != described[path]:
            found.faults.append(f"{path}: changed, its SHA-256 is another one than {CROISSANT} has")
        else:
            found.files += 1
    gone = described.keys() - odd - held.keys()
    found.left_out = len(gone)
    return gone


def _read(dataset: mlcroissant.Dataset, gone: set[str], found: Judged) -> Iterator[str]:
    """Read the record sets whose files are all held; yields why one cannot be read."""
    sets = {each.uuid: each.includes for each in dataset.metadata.file_sets}
    for each in dataset.metadata.record_sets:
        used = {column.source.uuid for column in each.fields if column.source}
        patterns = {pattern for name in used for pattern in sets.get(name, [name])}
        if any(fnmatch.fnmatch(path, pattern) for path in gone for pattern in patterns):
            continue
        try:
            found.records[each.uuid] = sum(1 for _ in dataset.records(each.uuid))
        except Exception as error:  # it wraps what went wrong, several times
            while error.__cause__:
                error = error.__cause__
            told = " ".join(f"{type(error).__name__}: {error}".split())
            yield f"record set {each.uuid} cannot be read: {told}"


@contextmanager
def _heard(said: list[str]) -> Iterator[None]:
    """Gather warnings of any kind, and show none."""
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    loggers = [logging.getLogger(), absl_logging.get_absl_logger()]
    before = [each.handlers for each in loggers]
    with warnings.catch_warnings(record=True) as caught:
        for each in loggers:
            each.handlers = [handler]
        try:
            yield
        finally:
            for each, handlers in zip(loggers, before, strict=True):
                each.handlers = handlers
    said += [str(each.message) for each in caught]
