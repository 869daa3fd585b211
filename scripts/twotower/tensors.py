"""Tensors on disk: safetensors files, whose bytes depend on the numbers and names alone."""

from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from twotower.files import atomic_write


def write(path: str | Path, tensors: dict[str, np.ndarray]) -> None:
    """Write named arrays to a safetensors file, whole or not at all; keys are sorted."""
    contiguous = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    with atomic_write(path) as temporary:
        temporary.write_bytes(save(contiguous))  # save_file would make it private


def read(path: str | Path, rows: slice = slice(None)) -> dict[str, np.ndarray]:
    """Named arrays of a safetensors file, of each array only the given rows."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_slice(name)[rows] for name in file.keys()}  # noqa: SIM118
