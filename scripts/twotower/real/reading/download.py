"""Fetching an archive whose SHA-256 is known beforehand; nothing else is let in."""

import hashlib
import re
import urllib.error
import urllib.request
from pathlib import Path

from twotower.base import files
from twotower.base.errors import ExpectedError
from twotower.base.values import complaint, shown

MOST_BYTES = 2**30
"""MovieLens 25M is a quarter of that."""
_TIMEOUT = 60.0  # seconds without an answer
_PIECE = 1 << 20


class DownloadError(ExpectedError):
    """An archive that cannot be had, or is not the one that was asked for."""


def is_address(place: str) -> bool:
    """Whether a place is an address on the network rather than a path."""
    return place.lower().startswith(("http://", "https://", "file://"))


def checked_digest(address: str, sha256: object) -> str:
    """The SHA-256 that the archive at an address must have; raises DownloadError without one."""
    if isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256.lower()):
        return sha256.lower()
    found = f"--config movielens_sha256={'' if sha256 is None else shown(sha256)}"
    hint = (
        f"fetch {address} once, compare it with the MD5 that its authors publish beside it, "
        "and take its sha256sum; or give the path of that file as movielens=PATH"
    )
    raise DownloadError(complaint(found, "64 hexadecimal digits", hint))


def fetch(address: str, sha256: str, path: Path) -> None:
    """Write the archive to `path`, whole or not at all, if its SHA-256 is the given one.

    Raises:
        DownloadError: if it cannot be had, is larger than MOST_BYTES or has another SHA-256.
    """
    try:
        with files.atomic_write(path) as temporary:
            found = _received(address, temporary)
            if found != sha256:
                text = f"{address}: its SHA-256 is {found}"
                hint = "the file has changed or was damaged on its way; nothing was kept"
                raise DownloadError(complaint(text, sha256, hint))
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            f"{address}: it cannot be fetched ({reason}); fetch it elsewhere and give its path: "
            "--config movielens=PATH"
        ) from None


def _received(address: str, path: Path) -> str:
    """Write what an address sends, and return its SHA-256."""
    total, size = hashlib.sha256(), 0
    with (
        urllib.request.urlopen(address, timeout=_TIMEOUT) as answer,
        open(path, "wb") as file,
    ):
        while piece := answer.read(_PIECE):
            size += len(piece)
            if size > MOST_BYTES:
                raise DownloadError(f"{address}: more than {MOST_BYTES:,} bytes; nothing was kept")
            total.update(piece)
            file.write(piece)
    return total.hexdigest()
