"""Names that others wrote: which may be opened, and what is odd in a folder."""

import os
import socket
import subprocess

import pytest

from twotower.base import files, safe_names


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
        "\udcff": "its name cannot be sealed",
        "s": "a socket",
    }


@pytest.fixture
def deep(tmp_path):
    """1,500 folders in one another: too many for a function that calls itself, or for a path."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("abc", dir_fd=here)
        inner = os.open("abc", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path / "abc"], check=True)  # shutil would call itself


def test_folders_too_deep_to_be_entered_are_odd(deep):
    (deep / "file").touch()
    found = list(safe_names.below(deep))
    (odd,) = [path for path, why in found if why]
    assert odd.name == "abc" and len(os.fsencode(odd)) >= 4096
    assert dict(found)[odd] == "a folder that cannot be entered (File name too long)"
    assert sorted(files.below(deep)) == sorted([deep / "file", odd])


def test_links_to_folders_are_entered_where_they_may_be(tmp_path):
    (tmp_path / "disk/deep").mkdir(parents=True)
    (tmp_path / "disk/deep/file").touch()
    os.symlink("..", tmp_path / "disk/deep/round")
    (tmp_path / "kept").mkdir()
    os.symlink("../disk", tmp_path / "kept/data")
    os.symlink("kept", tmp_path / "top")
    for top in (tmp_path / "kept", tmp_path / "top"):
        assert list(files.below(top)) == [top / "data/deep/file"]
        assert list(files.below(top, links=False)) == [top / "data"]
    assert list(files.below(tmp_path / "missing")) == []


def test_what_is_too_large_for_a_text_is_not_read(tmp_path):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(400_000_000_000)
    with pytest.raises(OSError, match="400,000,000,000 bytes, too many to be read"):
        safe_names.text_of(tmp_path / "large")
