"""How many threads the numerical libraries of this process would use."""

import sys


def most() -> int:
    """The most threads that any BLAS or OpenMP library that is loaded, or torch, would use; 1 if
    none is loaded.
    """
    from threadpoolctl import threadpool_info  # here, since not all processes compute

    counts = [1, *(pool["num_threads"] for pool in threadpool_info())]
    if "torch" in sys.modules:
        counts.append(sys.modules["torch"].get_num_threads())
    return max(counts)
