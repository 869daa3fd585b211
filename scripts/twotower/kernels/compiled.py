"""Compile loops with numba, once a machine and user, for the instructions that the pins name.

A job must neither pay seconds of compiling nor fail since it may not write: compiled code is kept
in the first of these folders that can be used, and in memory alone where none can:

1. `NUMBA_CACHE_DIR`, where that variable is set,
2. `tower-rates` in the user's cache folder (`XDG_CACHE_HOME`, by default `~/.cache`),
3. `tower-rates-<user's number>` in the system's folder for temporary files.

Code is found there by the content of this wing, never by its path or age, so that all copies of
one commit share it and no edit leaves old code in use. numba adds its own version, the processor
that it compiles for, and the types of the arguments. It replaces files whole, so that several
jobs at once do no harm: at worst each compiles for itself.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

FAST = {"reassoc", "contract", "nsz"}
"""What the compiler may do to sums: reorder them, and fuse a product with one. It may not assume
that no value is infinite or no number: a failed step of an optimizer is known by those."""


def compiled(function: Callable) -> Callable:
    """The function as machine code, for arguments of whatever types it is first called with."""
    dispatcher = numba.njit(fastmath=FAST, error_model="numpy")(function)
    if folder() is not None:
        dispatcher._cache = _Cache(dispatcher.py_func)
    return dispatcher


@cache
def folder() -> Path | None:
    """Where compiled code of this wing is kept; None where no folder can be written."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    for root in _roots():
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root.stat().st_uid != os.getuid():  # code is run from there
                continue
            found = root / digest.hexdigest()[:16]
            found.mkdir(mode=0o700, exist_ok=True)
            tempfile.TemporaryFile(dir=found).close()
        except OSError:
            continue
        return found
    return None


def _roots() -> list[Path]:
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    temporary = Path(tempfile.gettempdir(), f"tower-rates-{os.getuid()}")
    given = os.environ.get("NUMBA_CACHE_DIR")
    return [*([Path(given)] if given else []), user / "tower-rates", temporary]


class _Locator:
    """Tells numba the folder, and what names a function's code beside its name and its types."""

    def __init__(self, function: Callable) -> None:
        self._line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Callable, source: str) -> "_Locator":
        return cls(function)

    def ensure_cache_path(self) -> None:
        """The folder is there: `folder` has made it."""

    def get_cache_path(self) -> str:
        return str(folder())

    def get_source_stamp(self) -> str:
        return folder().name

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Impl(CompileResultCacheImpl):
    _locator_classes = (_Locator,)


class _Cache(FunctionCache):
    """numba's cache, which a file that is no longer whole or a full disk may not stop."""

    _impl_class = _Impl

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling other bytes than were written may raise
            self._write(self.flush)
            return None

    def save_overload(self, sig, data):
        self._write(super().save_overload, sig, data)

    def _write(self, write: Callable, *arguments) -> None:
        try:
            write(*arguments)
        except OSError:
            self.disable()
