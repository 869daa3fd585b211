"""Checks of names that others wrote into manifests and records, once, where these are read.

A name that passes can be opened below a folder, handed to a program as one word, and printed.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from twotower.base.errors import ExpectedError

MOST_TEXT = 500_000_000  # bytes of a manifest, a record or a note
LONGEST, LONGEST_PART = 1000, 255  # bytes of a path, and of a name in it, that any system opens
LEAST_DIGITS = 16  # of a noted hash: 64 bits are no accident, nor soon forged

_HEX = re.compile("[0-9a-f]+")
_LEFT = re.compile(
    r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|.*~|\..*\.sw[a-p]|#.*#|\.#.*", re.DOTALL
)
_STRANGE = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotedError(ExpectedError):
    """What was noted is no hash, or too little of one; the message says what is allowed."""


def is_path(text: Any) -> bool:
    """Whether a text is a path that stays in its folder: relative, plain, and fit to be shown."""
    if not isinstance(text, str) or text in ("", ".") or text.startswith("-") or not _shows(text):
        return False
    path = PurePosixPath(text)
    size = max(len(part.encode()) for part in [*path.parts, ""])
    inside = not path.is_absolute() and ".." not in path.parts and path.as_posix() == text
    return inside and size <= LONGEST_PART and len(text.encode()) <= LONGEST


def is_hex(text: Any, digits: int) -> bool:
    """Whether a text is so many hexadecimal digits, in lower case."""
    return isinstance(text, str) and len(text) == digits and bool(_HEX.fullmatch(text))


def is_word(text: Any) -> bool:
    """Whether a text can be handed to a program and is not read as an option."""
    return isinstance(text, str) and not text.startswith("-") and _shows(text)


def is_size(value: Any) -> bool:
    """Whether a value is a number of bytes."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def shown(text: str) -> str:
    """A text for a terminal: control characters, and what cannot be written, as escapes."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def text_of(path: str | Path, encoding: str = "ascii", most: int = MOST_TEXT) -> str:
    """The text of an ordinary file, ends of lines as they are; a pipe or a device is not opened.

    Raises:
        OSError, UnicodeDecodeError: if it cannot be read so, or has more than `most` bytes.
    """
    return bytes_of(path, most).decode(encoding)


def bytes_of(path: str | Path, most: int = MOST_TEXT) -> bytes:
    """The bytes of an ordinary file; raises OSError as `text_of`."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "no ordinary file", str(path))
    if found.st_size > most:
        raise OSError(errno.EFBIG, f"{found.st_size:,} bytes, too many to be read", str(path))
    with open(path, "rb") as file:
        content = file.read(found.st_size + 1)
    if len(content) > found.st_size:
        raise OSError(errno.EBUSY, "it grew while it was read", str(path))
    return content


def is_left(name: str) -> bool:
    """Whether a file's name is one that systems and editors leave in folders unasked.

    Nothing in the project reads such a file.
    """
    return bool(_LEFT.fullmatch(name))


def beginning_of_hash(name: str, text: str | None) -> str:
    """A noted SHA-256 or its beginning in lower case; "" if nothing was noted: None.

    Args:
        name: what the user calls it, as ROOT.

    Raises:
        NotedError: if it is no hash, or too short to tell anything.
    """
    if text is None:
        return ""
    digits = text.strip().lower()
    if not is_hex(digits, len(digits)) or len(digits) < LEAST_DIGITS:
        raise NotedError(
            f"{name}={text}: allowed: the 64 hexadecimal digits as they were printed, or at least "
            f"the first {LEAST_DIGITS} of them"
        )
    return digits


def walked(folder: Path, links: bool = False) -> Iterator[tuple[Path, str]]:
    """What a folder holds that is no folder, with ""; folders that cannot be entered, and why.

    Args:
        links: enter folders that are links, each one once; else such a link is no folder. The
            folder itself may be one.
    """
    folder, entered = Path(folder), set()
    waiting = [folder] if os.path.isdir(folder) else []
    while waiting:  # os.walk calls itself for each folder in a folder
        place = waiting.pop()
        try:
            found = os.stat(place)
            if (found.st_dev, found.st_ino) in entered:
                continue
            entered.add((found.st_dev, found.st_ino))
            with os.scandir(place) as held:
                entries = sorted(held, key=lambda entry: entry.name)
        except OSError as error:
            yield place, f"a folder that cannot be entered ({error.strerror})"
            continue
        for entry in entries:
            path = place / entry.name
            if entry.is_dir(follow_symlinks=False) or (links and os.path.isdir(path)):
                waiting.append(path)
            else:
                yield path, ""


def below(folder: Path) -> Iterator[tuple[Path, str]]:
    """All that a folder holds but folders, and what is odd about it: "" for an ordinary file.

    A link to a file is one; a link to a folder is odd, and is not entered. A folder that cannot be
    entered, as one whose path is too long for the system, is odd as well.
    """
    for path, why in walked(folder):
        yield path, why or _oddity(path, folder)


def _oddity(path: Path, folder: Path) -> str:
    if path.is_symlink() and os.path.isdir(path):
        return "a link to a folder"
    if not is_path(path.relative_to(folder).as_posix()):
        return "its name cannot be sealed"
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return "a link that leads nowhere" if path.is_symlink() else "it cannot be looked at"
    return "" if stat.S_ISREG(mode) else _STRANGE.get(stat.S_IFMT(mode), "no ordinary file")


def _shows(text: str) -> bool:
    # isprintable is False for control characters, and for surrogates, which UTF-8 lacks
    return text.isprintable()
