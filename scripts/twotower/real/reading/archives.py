"""Archives in .zip: which of their members are files that are looked for, and unpacking these.

Members count by folder and name. What would leave a choice (a name in two folders, or twice in one)
is refused: no copy is taken without a word.
"""

import errno
import lzma
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from twotower.real.reading.faults import RatingsFileError, fault

MOST_BYTES = 2**32
"""Of the unpacked files together; those of MovieLens 32M have about a quarter of that."""
MOST_RATIO, FREE_BYTES = 200, 2**24
"""A member above FREE_BYTES may be at most so many times as large as its packed form."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError,
           OverflowError, struct.error, zlib.error, lzma.LZMAError)  # fmt: skip
_ALLOWED = "a .zip archive as GroupLens publishes it"
_UNPACK = "unpack it, and give the folder that holds the files you mean"


def is_archive(place: str | Path) -> bool:
    """Whether a path is a file that is named as a .zip archive, in upper or lower case."""
    return Path(place).suffix.lower() == ".zip" and Path(place).is_file()


class Archive:
    """The members of an archive that are looked for, all of one folder in it.

    Args:
        path: of the archive.
        wanted: names in lower case; a member of such a name in any case counts.

    Raises:
        RatingsFileError: if it cannot be read, if the names stand in two folders or twice in one,
            and for members that are encrypted, links, absurdly large or packed in a way that Python
            cannot undo.
    """

    def __init__(self, path: Path, wanted: Collection[str]):
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                listed = archive.infolist()
        except (*_BROKEN, OSError) as error:
            raise self._unreadable(error) from None
        self.members: dict[str, zipfile.ZipInfo] = {}
        places: dict[str, PurePosixPath] = {}
        for member in listed:
            place = _place(member)
            folder = member.filename.endswith(("/", "\\"))
            if place.name.lower() not in wanted or folder or _is_apart(place):
                continue
            if place.name in self.members:
                raise self._two(places[place.name], place)
            places[place.name], self.members[place.name] = place, member
        folders: dict[PurePosixPath, PurePosixPath] = {}
        for place in places.values():
            folders.setdefault(place.parent, place)
        if len(folders) > 1:
            raise self._two(*list(folders.values())[:2])
        for place in places.values():
            self._check(place, self.members[place.name])
        packed = [_place(one) for one in listed if _place(one).suffix.lower() in _PACKED]
        self.within = [str(one) for one in packed if not _is_apart(one)]
        """Archives that are members of this one."""
        self.names = [_place(one).name for one in listed if not _is_apart(_place(one))]

    @contextmanager
    def open(self, name: str) -> Iterator:
        """The bytes of a member, to be read once from its beginning."""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.members[name]) as file:
                yield file
        except _BROKEN as error:
            raise self._unreadable(error) from None

    @contextmanager
    def unpacked(self, names: Collection[str]) -> Iterator[Path]:
        """A temporary folder with some of the members, by their bare names."""
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                try:
                    with self.open(name) as packed, open(Path(folder, name), "wb") as file:
                        shutil.copyfileobj(packed, file, 2**20)
                except OSError as error:
                    raise self._unreadable(error) from None
            yield Path(folder)

    def _check(self, place: PurePosixPath, member: zipfile.ZipInfo) -> None:
        total = sum(one.file_size for one in self.members.values())
        ratio = member.file_size / max(1, member.compress_size)
        method = f"{place} is packed by method {member.compress_type}, which Python cannot read"
        checks = (
            (member.flag_bits & 1, f"{place} is encrypted", "files without a password"),
            (stat.S_ISLNK(member.external_attr >> 16), f"{place} is a link", "whole files"),
            (member.compress_type not in _METHODS, method, "a .zip archive as Python reads it"),
            (total > MOST_BYTES, f"its files have {total:,} bytes", f"at most {MOST_BYTES:,}"),
            (
                member.file_size > FREE_BYTES and ratio > MOST_RATIO,
                f"{place} is {ratio:,.0f} times as large as it is packed",
                f"at most {MOST_RATIO} times",
            ),
        )
        for bad, found, allowed in checks:
            if bad:
                raise fault(self.path, None, found, allowed, _UNPACK)

    def _two(self, first: PurePosixPath, second: PurePosixPath) -> RatingsFileError:
        found = f"it holds {first} " + ("twice" if first == second else f"and {second}")
        allowed = "the files of one layout, once, in one folder of the archive"
        return fault(self.path, None, found, allowed, _UNPACK)

    def _unreadable(self, error: Exception) -> RatingsFileError:
        found, remedy = f"it cannot be unpacked ({error})", "fetch it anew"
        if isinstance(error, OSError) and error.strerror:
            found, remedy = f"it cannot be read ({error.strerror})", "mind who may read it"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            found = f"it cannot be unpacked into {tempfile.gettempdir()} ({error.strerror})"
            remedy = "free some space there, or name another folder in the variable TMPDIR"
        return fault(self.path, None, found, _ALLOWED, remedy)


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    """Folder and name of a member; archives made on Windows may have backslashes."""
    return PurePosixPath(member.filename.replace("\\", "/"))


def _is_apart(place: PurePosixPath) -> bool:
    """Whether macOS put a member there, beside the file of that name."""
    return "__MACOSX" in place.parts or place.name.startswith("._")
