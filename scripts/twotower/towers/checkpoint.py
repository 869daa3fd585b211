"""What a killed training job has done already: finished fits, and the state of the one underway.

A checkpoint serves one job only. It names the job's settings, code, ratings and device, and holds
the digest of its own content: what was made by another job, or is not whole, is refused.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from twotower.base.files import atomic_write
from twotower.base.identity import canonical_json

EVERY_SECONDS = 30.0
"""Least time between two copies of the state of a fit; finished fits are written at once."""

_UNDERWAY = "underway"


class Progress:
    """What a fit resumes from and reports its state to; this one keeps nothing."""

    def earlier(self) -> dict[str, torch.Tensor]:
        """The state in which an earlier attempt was killed, on the CPU; empty if there is none."""
        return {}

    def offer(self, state: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        """Say that the fit has a state from which it can go on; it is asked for if it is kept."""


@dataclass(frozen=True)
class Entry:
    """Arrays and plain values under one name."""

    arrays: dict[str, np.ndarray]
    values: dict


class Checkpoint:
    """Finished entries of one job, in a file that is replaced whole each time.

    Attributes:
        finished: entries by name, those of an earlier attempt from the start.
        refused: why a file that was there is not used; "" if it is, or if there was none.
    """

    def __init__(self, path: str | Path | None = None, job: Mapping | None = None) -> None:
        """Read the file at `path`, if there is one and it is of this job.

        Args:
            path: None keeps everything in memory alone.
            job: all that the job's results depend on, as plain values.
        """
        self.path = None if path is None else Path(path)
        self.job = canonical_json(dict(job or {}))
        self.finished: dict[str, Entry] = {}
        self.refused = ""
        self._underway: tuple[str, Entry] | None = None
        self._written = time.monotonic()
        if self.path is not None and self.path.exists():
            self._read()

    def told(self) -> str:
        """What a log should say of the file that was found: a line, or ""."""
        if self.refused:
            return f"{self.path} is not used, and all towers are trained anew: {self.refused}\n"
        if self.finished or self._underway:
            state = f", and the state of {self._underway[0]}" if self._underway else ""
            return f"{self.path}: {len(self.finished)} finished fits{state} are taken over\n"
        return ""

    def finish(self, name: str, arrays: dict[str, np.ndarray], values: dict) -> None:
        """Add a finished entry; what was underway is over."""
        self.finished[name] = Entry(arrays, values)
        self._underway = None
        self._write()

    def fit(self, name: str) -> "FitProgress":
        """The progress of the entry of that name, which is not finished yet."""
        underway = self._underway
        return FitProgress(self, name, underway[1] if underway and underway[0] == name else None)

    def remove(self) -> None:
        """Delete the file: the job's outputs are written."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def keep(self, name: str, state: Callable[[], Mapping], values: dict) -> None:
        """Write the state of the entry underway, if the last copy is old enough."""
        if self.path is None or time.monotonic() - self._written < EVERY_SECONDS:
            return
        arrays = {key: tensor.detach().cpu().numpy() for key, tensor in state().items()}
        self._underway = (name, Entry(arrays, values))
        self._write()

    def _entries(self) -> dict[str, Entry]:
        entries = {f"finished/{name}": entry for name, entry in self.finished.items()}
        if self._underway is not None:
            entries[f"{_UNDERWAY}/{self._underway[0]}"] = self._underway[1]
        return entries

    def _write(self) -> None:
        if self.path is None:
            return
        entries = self._entries()
        arrays = {
            f"{place}:{name}": np.asarray(array, order="C")
            for place, entry in entries.items()
            for name, array in entry.arrays.items()
        }
        values = json.dumps({place: entry.values for place, entry in entries.items()})
        about = {"job": self.job, "values": values}
        content = save(arrays, about | {"digest": _digest(arrays, about)})
        with atomic_write(self.path) as temporary:
            temporary.write_bytes(content)
        self._written = time.monotonic()

    def _read(self) -> None:
        try:
            with safe_open(self.path, framework="numpy") as file:
                about = dict(file.metadata() or {})
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            self.refused = f"it cannot be read ({error})"
            return
        if about.pop("digest", None) != _digest(arrays, about):
            self.refused = "its bytes are not those that were written"
            return
        if about["job"] != self.job:
            self.refused = _difference(json.loads(about["job"]), json.loads(self.job))
            return
        for place, values in json.loads(about["values"]).items():
            own = {
                name.removeprefix(f"{place}:"): array
                for name, array in arrays.items()
                if name.startswith(f"{place}:")
            }
            kind, name = place.split("/", 1)
            if kind == _UNDERWAY:
                self._underway = (name, Entry(own, values))
            else:
                self.finished[name] = Entry(own, values)


class FitProgress(Progress):
    """The progress of one entry of a checkpoint.

    Attributes:
        seconds: how long earlier attempts had worked on it when their state was kept.
    """

    def __init__(self, checkpoint: Checkpoint, name: str, entry: Entry | None) -> None:
        self._checkpoint, self._name, self._entry = checkpoint, name, entry
        self.seconds = entry.values["seconds"] if entry else 0.0
        self._began = time.perf_counter()

    def earlier(self) -> dict[str, torch.Tensor]:
        if self._entry is None:
            return {}
        return {name: torch.from_numpy(array) for name, array in self._entry.arrays.items()}

    def offer(self, state: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        seconds = self.seconds + time.perf_counter() - self._began
        self._checkpoint.keep(self._name, state, {"seconds": seconds})


def _digest(arrays: dict[str, np.ndarray], about: dict[str, str]) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        total.update(array.tobytes())
    for name in sorted(about):
        total.update(f"{name}\0{about[name]}\0".encode())
    return total.hexdigest()


def _difference(found: dict, wanted: dict) -> str:
    """In words, the first settings in which two jobs differ."""
    keys = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
    parts = [f"{key} {found.get(key)!r}, not {wanted.get(key)!r}" for key in keys[:3]]
    return f"it was made by another job: {'; '.join(parts)}"
