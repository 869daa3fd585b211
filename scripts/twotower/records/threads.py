"""The number of threads that the numerical libraries of this process would use."""

import ctypes
import sys
from pathlib import Path

_ASKED = {
    "openblas": (
        "scipy_openblas_get_num_threads64_",  # numpy's and scipy's own builds
        "scipy_openblas_get_num_threads",
        "openblas_get_num_threads64_",
        "openblas_get_num_threads",
    ),
    "mkl_rt": ("MKL_Get_Max_Threads",),
    "libgomp": ("omp_get_max_threads",),
    "libomp": ("omp_get_max_threads",),
    "libiomp": ("omp_get_max_threads",),
}
"""By a part of a library's name, functions of which one returns its number of threads."""


def most() -> int:
    """The most threads that a loaded numerical library would use; 1 if no library is loaded."""
    counts = [1, *_of_libraries()]
    if "torch" in sys.modules:
        counts.append(sys.modules["torch"].get_num_threads())
    return max(counts)


def _of_libraries() -> list[int]:
    """Of BLAS and OpenMP libraries.

    On Linux from the process's own list of them, in about a millisecond; threadpoolctl, which
    takes several, knows other systems.
    """
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        from threadpoolctl import threadpool_info

        return [pool["num_threads"] for pool in threadpool_info()]
    loaded = {line.split(maxsplit=5)[5] for line in lines.splitlines() if ".so" in line}
    counts = []
    for path in loaded:
        name = path.rsplit("/", 1)[-1]
        asked = next((known for part, known in _ASKED.items() if part in name), ())
        library = ctypes.CDLL(path) if asked else None
        function = next((f for f in asked if hasattr(library, f)), None)
        if function is not None:
            counts.append(int(getattr(library, function)()))
    return counts
