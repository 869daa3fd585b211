"""Tensors on disk: safetensors files, whose bytes depend on the numbers and names alone.

Files larger than memory are written piece by piece (`writing`) and read where they lie
(`read` with `mapped`).
"""

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from twotower.base import mapped_pages
from twotower.base.files import atomic_write

MAPPED_BYTES = mapped_pages.WINDOW
"""Files below this size are read even where they may be mapped: that is faster."""

_LENGTH = 8  # bytes of the header's length, which stands first; the header is padded to as many
_TYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64}


def write(path: str | Path, tensors: dict[str, np.ndarray]) -> None:
    """Write named arrays to a safetensors file, whole or not at all; keys are sorted."""
    contiguous = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    with atomic_write(path) as temporary:
        temporary.write_bytes(save(contiguous))  # save_file would make it private


class Column:
    """A float64 array [B, n, …] in a file that is being written, a stretch of rows at a time.

    Plain reads and writes and not a mapped file: on a full disk a write raises OSError, where
    touching a mapped page would kill the process.

    Attributes:
        shape: [B, n, …].
    """

    def __init__(self, file: BinaryIO, offset: int, shape: tuple[int, ...]):
        self.shape = shape
        self._file, self._offset = file, offset
        self._row = 8 * math.prod(shape[2:])

    def __setitem__(self, place: tuple[int, slice], values: np.ndarray) -> None:
        """`column[b, start:stop] = values`."""
        start, stop = self._seek(place)
        shape = (stop - start, *self.shape[2:])
        self._file.write(np.ascontiguousarray(np.broadcast_to(values, shape), dtype="<f8").data)

    def __getitem__(self, place: tuple[int, slice]) -> np.ndarray:
        """`column[b, start:stop]`, read back: float64 [stop - start, …]."""
        start, stop = self._seek(place)
        flat = np.frombuffer(self._file.read((stop - start) * self._row), dtype="<f8")
        return flat.reshape(-1, *self.shape[2:])

    def _seek(self, place: tuple[int, slice]) -> tuple[int, int]:
        index, rows = place
        start, stop, _ = rows.indices(self.shape[1])
        self._file.seek(self._offset + (index * self.shape[1] + start) * self._row)
        return start, stop


@contextmanager
def writing(path: str | Path, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, Column]]:
    """Columns of a safetensors file to be filled in the block, whole or not at all.

    The same bytes as `write` of the same arrays. Rows that are not filled are 0.

    Args:
        shapes: of each column [B, n, …]; all are float64.
    """
    entries, offsets, end = {}, {}, 0
    for name in sorted(shapes):
        offsets[name], end = end, end + 8 * math.prod(shapes[name])
        span = [offsets[name], end]
        entries[name] = {"dtype": "F64", "shape": list(shapes[name]), "data_offsets": span}
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _LENGTH)
    start = _LENGTH + len(header)
    with atomic_write(path) as temporary, open(temporary, "w+b") as file:
        file.write(len(header).to_bytes(_LENGTH, "little") + header)
        file.truncate(start + end)
        yield {name: Column(file, start + offsets[name], tuple(shapes[name])) for name in shapes}


def read(
    path: str | Path, rows: slice = slice(None), mapped: bool = False
) -> dict[str, np.ndarray]:
    """Named arrays of a safetensors file, of each array only the given rows.

    Args:
        mapped: leave large files where they are: arrays are then views of the mapped file, whose
            pages are read when they are touched, and let go by the loops of `mapped_pages.parts`.
            What is written into such an array is lost.
    """
    with safe_open(path, framework="numpy") as file:  # checks the header, and the file's length
        if not mapped or Path(path).stat().st_size < MAPPED_BYTES:
            return {name: file.get_slice(name)[rows] for name in file.keys()}  # noqa: SIM118
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        header = json.loads(file.read(length))
        # private: torch warns of arrays that it must not write to
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    mapped_pages.follow(whole)
    arrays = {}
    for name in sorted(header.keys() - {"__metadata__"}):
        entry = header[name]
        count, offset = math.prod(entry["shape"]), _LENGTH + length + entry["data_offsets"][0]
        flat = np.frombuffer(whole, _TYPES[entry["dtype"]], count, offset)
        arrays[name] = flat.reshape(entry["shape"])[rows]
    return arrays
