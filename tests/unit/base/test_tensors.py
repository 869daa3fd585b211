"""Files of tensors: written in pieces, read where they lie."""

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from twotower.base import tensors

ARRAYS = {
    "ratings": np.random.default_rng(0).random((3, 50)),
    "user": np.random.default_rng(1).random((3, 50, 2)),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}


def test_a_file_written_in_pieces_is_the_one_written_at_once(tmp_path):
    tensors.write(tmp_path / "whole", ARRAYS)
    with tensors.writing(tmp_path / "pieces", SHAPES) as columns:
        for name, array in ARRAYS.items():
            for replicate in (2, 0, 1):
                columns[name][replicate, :30] = array[replicate, :30]
                columns[name][replicate, 30:50] = array[replicate, 30:]
                assert np.array_equal(columns[name][replicate, 10:40], array[replicate, 10:40])
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_block_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(KeyError), tensors.writing(tmp_path / "columns", SHAPES) as columns:
        columns["ratings"][0, :] = ARRAYS["ratings"][0]
        columns["unknown"][0, :] = 0.0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rows", [slice(None), slice(1, 3), slice(2, 3)])
def test_mapped_arrays_are_those_that_are_read(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "MAPPED_BYTES", 0)
    tensors.write(tmp_path / "file", ARRAYS)
    before = (tmp_path / "file").read_bytes()
    read, mapped = (tensors.read(tmp_path / "file", rows, m) for m in (False, True))
    assert read.keys() == mapped.keys()
    for name, array in mapped.items():
        assert np.array_equal(array, read[name]) and array.dtype == read[name].dtype
        torch.from_numpy(array).zero_()  # no warning, and the file stays as it is
    assert (tmp_path / "file").read_bytes() == before


@pytest.mark.parametrize("mapped", [False, True])
def test_a_file_cut_short_is_refused(mapped, tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "MAPPED_BYTES", 0)
    tensors.write(tmp_path / "file", ARRAYS)
    content = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(content[:-8])
    with pytest.raises(SafetensorError):
        tensors.read(tmp_path / "file", mapped=mapped)
