"""Compile loops with numba, for the instructions that the pins name, and keep their code.

`code_folder` says where. numba names code by its own version, the processor that it compiles for,
and the types of the arguments. It replaces files whole, so that several jobs at once do no harm:
at worst each compiles for itself.
"""

import hashlib
from collections.abc import Callable

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

from twotower.kernels.code_folder import folder

FAST = {"reassoc", "contract", "nsz"}
"""What the compiler may do to sums: reorder them, and fuse a product with one. It may not assume
that no value is infinite or no number: a failed step of an optimizer is known by those."""


def exact(function: Callable) -> Callable:
    """As `compiled`, but sums are taken in the order in which they are written.

    For formulas that live on rounding, such as a number split in a long and a short part. A product
    may still be fused with a sum.
    """
    return compiled(function, {"contract"})


def compiled(function: Callable, allowed: set[str] = FAST) -> Callable:
    """The function as machine code, for arguments of whatever types it is first called with.

    A function with constants is named by them. numba tells functions of one name apart by a number
    that starts anew in each process, so that code kept by two processes may bear one name, and
    whichever a third process loads first would be run for both. Functions that others call become
    a part of those: called apart, they would be optimized otherwise when kept code is loaded than
    when it is made, and give other last bits.
    """
    if function.__closure__:
        digest = hashlib.sha256(repr(_constants(function)).encode()).hexdigest()[:16]
        function.__qualname__ = f"{function.__qualname__}_{digest}"
    dispatcher = numba.njit(fastmath=allowed, error_model="numpy", forceinline=True)(function)
    if folder() is not None:
        dispatcher._cache = _Cache(dispatcher.py_func)
    return dispatcher


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


class _File(IndexDataCacheFile):
    """An index and files of code that several processes may write at once.

    numba counts the files of a function: of two processes that add code for different types, both
    would write the same file, and the index would lead one type to the code of the other.
    """

    def save(self, key, data):
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        self._save_data(f"{self._index_name}.{name}.nbc", data)
        self._save_index(self._load_index() | {key: f"{self._index_name}.{name}.nbc"})


class _Cache(FunctionCache):
    """numba's cache, which a file that is no longer whole or a full disk may not stop."""

    _impl_class = _Impl

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        file = self._cache_file
        self._cache_file = _File(file._cache_path, self._impl.filename_base, file._source_stamp)

    def _index_key(self, sig, codegen):
        """numba's own key holds a new number of every function that this one calls."""
        return sig, codegen.magic_tuple(), _constants(self._py_func)

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


def _constants(function: Callable) -> tuple:
    """A function's name, and the constants in its machine code and in those that it calls."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    known = (_constants(cell.py_func) if hasattr(cell, "py_func") else repr(cell) for cell in cells)
    return function.__qualname__, *known
