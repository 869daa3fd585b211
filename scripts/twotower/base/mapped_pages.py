"""Pages of mapped files: let go of once they have been read, so that memory stays flat.

Columns too large to read are views of mapped files (`tensors.read`). The pages that are touched
count as memory of the process until the kernel needs them elsewhere, and may fill a job's limit.
Loops over pairs walk in `parts`, which drops them as it goes: they stay in the kernel's file
cache, outside of the process, and come back from there when they are asked for again.
"""

import mmap
import weakref
from collections.abc import Iterator
from typing import Any

WINDOW = 1 << 28
"""Bytes that are read from mapped files before their pages are let go."""

_GATHERED = 1 << 16  # bytes that the kernel maps around one that is touched out of order

_maps: "weakref.WeakSet[mmap.mmap]" = weakref.WeakSet()
_touched = 0


def follow(mapped: mmap.mmap) -> None:
    """Let go of the pages of this mapped file too; nothing may ever be written to it."""
    _maps.add(mapped)


def parts(rows: int, *columns: Any) -> Iterator[slice]:
    """Slices of so many rows along axis 1 of tensors or arrays [B, n, …], together all n."""
    n = columns[0].shape[1]
    row_bytes = sum(column[:, :1].nbytes for column in columns) if _maps else 0
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))
        passed(rows * row_bytes)


def gathered(count: int) -> None:
    """Count rows that were read out of order."""
    passed(count * _GATHERED)


def passed(size: int) -> None:
    """Count bytes that were read; let go of all pages once they fill a window."""
    global _touched
    _touched += size
    if _touched >= WINDOW:
        release()


def release() -> None:
    """Let go of every page of every mapped file."""
    global _touched
    _touched = 0
    if hasattr(mmap, "MADV_DONTNEED"):  # where it is missing memory is merely reported higher
        for mapped in _maps:
            mapped.madvise(mmap.MADV_DONTNEED)
