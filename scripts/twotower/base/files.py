"""Files that appear whole or not at all, and CSV of the same bytes on every system."""

import codecs
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # most processes that read or write files hold no table
    import pandas as pd

from twotower.base import safe_names

_MARKS = {
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),  # before UTF-16, whose marks begin these
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
_ZEROS = 0.4  # of all bytes: plain letters leave half of them empty, or three quarters


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    A reader never sees half a file, and a failed block leaves an older `path` as it was. The
    temporary name is hidden, keeps the suffix (writers infer the format from it) and is unique,
    so that two processes may write the same path: the last rename wins. Missing parent folders
    are made. The mode follows the umask, as for any new file (tempfile would make it private).

    Raises:
        FileNotFoundError: if the block ends without having written the temporary path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(frame: "pd.DataFrame", path: Path) -> None:
    """Write a frame for machines: the same bytes for the same numbers, on every system.

    Floats have ten significant digits (%.10g): far finer than any interval here, and coarser
    than the last bits in which processors differ. Infinity is "inf", a missing value is empty,
    lines end in "\\n". A file read back and written again is the same file.
    """
    with atomic_write(path) as temporary:
        frame.to_csv(
            temporary, index=False, float_format="%.10g", lineterminator="\n", encoding="utf-8"
        )


def sha256(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def below(folder: Path, links: bool = True) -> Iterator[Path]:
    """All that a folder holds except folders; a folder that cannot be entered counts as a file.

    Args:
        links: enter links to folders, each folder once; else such a link counts as a file. The
            first folder itself may be a link.
    """
    return (path for path, _ in safe_names.walked(folder, links))


def wide_encoding(data: bytes) -> str:
    """The encoding with two or four bytes for each letter that a text shows; "" for another one.

    Args:
        data: the text, or its first four bytes.
    """
    for name, marks in _MARKS.items():
        if data.startswith(marks):
            return name
    if data.count(0) <= _ZEROS * len(data):
        return ""
    return f"UTF-{32 if data[:4].count(0) > 2 else 16}{'BE' if data[0] == 0 else 'LE'}"
