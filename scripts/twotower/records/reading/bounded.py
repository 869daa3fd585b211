"""Hashes of files that others have made: none takes for ever, and none ends the work.

Of a file that takes far less of the disk than its size says, most is holes: 8 TB of nothing fit in
a folder that anybody can hand over. Read are at most so many times the bytes that the disk holds.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

SMALL = 1_000_000  # bytes; of a smaller file it helps to know what is in it
MOST_TIMES = 20
"""A file of more bytes than so many times what it takes of the disk is hollow; file systems that
compress make numbers some 5 times smaller."""
MOST_HOLLOW = 1_000_000_000
"""Bytes of all hollow files together that are read all the same, the smallest files first."""
_PART = 1 << 20


class Unread(NamedTuple):
    """Why a file was not read; `resized` if it has another size than was said."""

    why: str
    resized: bool = False


def digests(
    found_at: Mapping[str, Path], sizes: Mapping[str, int] = MappingProxyType({})
) -> tuple[dict[str, tuple[int, str]], dict[str, Unread]]:
    """Size and SHA-256 of files by name, each read once; and why the others were not read.

    Args:
        sizes: bytes that they should have, as far as that is known: of others not a byte is read,
            but where the file is small.
    """
    looked, unread = {}, {}
    for name, place in found_at.items():
        try:
            looked[name] = os.stat(place)
        except OSError as error:
            unread[name] = _refused(error)
    hollow = _hollow(looked)
    if hollow:  # some file systems count what a file takes only once it is on the disk
        os.sync()
        with suppress(OSError):
            looked |= {name: os.stat(found_at[name]) for name in hollow}
        hollow = _hollow(looked)
    due: dict[tuple[int, int], str] = {}  # one file may have thousands of names
    for name, each in looked.items():
        size, said = each.st_size, sizes.get(name, each.st_size)
        if size != said and size > SMALL:
            unread[name] = Unread(f"it has {size:,} bytes, not {said:,}: it was not read", True)
        elif name in hollow:
            held = f"of which the disk holds {each.st_blocks * 512:,}"
            unread[name] = Unread(f"it has {size:,} bytes, {held}: it was not read")
        else:
            due.setdefault((each.st_dev, each.st_ino), name)

    def digest(name: str) -> str | Unread:
        try:
            return _sha256(found_at[name], looked[name].st_size)
        except OSError as error:
            return _refused(error)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        told = dict(zip(due, pool.map(digest, due.values()), strict=True))
    found = {}
    for name, each in looked.items():
        if name not in unread:
            one = told[each.st_dev, each.st_ino]
            if isinstance(one, Unread):
                unread[name] = one
            else:
                found[name] = each.st_size, one
    return found, unread


def _hollow(looked: Mapping[str, os.stat_result]) -> set[str]:
    """Those of the files that take far less than their size, beyond MOST_HOLLOW bytes in all."""
    counting = {each.st_dev for each in looked.values() if each.st_blocks}  # not all systems do
    left, found = MOST_HOLLOW, set()
    for name in sorted(looked, key=lambda name: (looked[name].st_size, name)):
        each = looked[name]
        if each.st_dev in counting and each.st_blocks * 512 * MOST_TIMES < each.st_size:
            left -= each.st_size
            if left < 0:
                found.add(name)
    return found


def _sha256(place: Path, size: int) -> str:
    """The SHA-256 of a file that has so many bytes; raises OSError if it has others by now."""
    total, left = hashlib.sha256(), size
    with open(place, "rb", buffering=0, opener=_opened) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "no ordinary file")
        while left and (part := file.read(min(left, _PART))):
            total.update(part)
            left -= len(part)
        if left or file.read(1):
            raise OSError(errno.EBUSY, "its size changed meanwhile")
    return total.hexdigest()


def _opened(place: str, flags: int) -> int:
    return os.open(place, flags | os.O_NONBLOCK)  # a pipe that is opened would wait for good


def _refused(error: OSError) -> Unread:
    return Unread(f"it cannot be read ({error.strerror or error})")
