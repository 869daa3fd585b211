"""Names that others wrote: which may be opened, and what is odd in a folder."""

import os
import socket

import pytest

from twotower import safe_names


@pytest.mark.parametrize("path", ["a", "results/a b/ö.csv", "given:u.data", ".hidden", "a..b"])
def test_plain_paths_pass(path):
    assert safe_names.is_path(path)


@pytest.mark.parametrize(
    "path",
    ["", ".", "/a", "..", "a/../b", "./a", "a//b", "a/", "a\0", "a\n", "\x1b[2J", "\ud800", "-a",
     "a" * 256, "a/" * 600 + "a", None, 3],
)  # fmt: skip
def test_others_do_not(path):
    assert not safe_names.is_path(path)


def test_sizes_and_digests():
    assert safe_names.is_size(0) and safe_names.is_size(10**15)
    assert not any(map(safe_names.is_size, (-1, 1.0, True, "1", None, float("inf"))))
    assert safe_names.is_hex("0a" * 20, 40)
    assert not any(safe_names.is_hex(each, 2) for each in ("0A", "0", "0\n", "00\n", 10, None))


def test_nothing_steers_a_terminal():
    assert safe_names.shown("é 1\n\x1b[2J\udcff") == "é 1\n\\x1b[2J\\udcff"


def test_what_is_odd_in_a_folder_is_named(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    os.symlink("file", tmp_path / "kept/link")
    os.symlink("kept", tmp_path / "again")
    os.symlink("nowhere", tmp_path / "dangling")
    os.symlink("/dev/zero", tmp_path / "device")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / os.fsdecode(b"\xff")).touch()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        found = {path.relative_to(tmp_path).as_posix(): why
                 for path, why in safe_names.below(tmp_path)}  # fmt: skip
    assert found == {
        "kept/file": "",
        "kept/link": "",
        "again": "a link to a folder",
        "dangling": "a link that leads nowhere",
        "device": "a device",
        "pipe": "a pipe",
        "\udcff": "its name is none that can be sealed",
        "s": "a socket",
    }
