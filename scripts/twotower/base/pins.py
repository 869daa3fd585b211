"""Environment variables that make numerical libraries give the same bits on every run.

Sums and products change in their last bits with the number of threads and with the instruction
set that a library picks at run time. One thread and AVX2 are available on every x86-64 machine
of the last ten years; parallelism comes from running jobs side by side. Loops that numba compiles
are made for the first processor with AVX2, whatever the processor is. NumPy's loops are kept from
AVX-512, unless whoever starts the process has disabled others: some of the newest processors have
it, others do not, and targets and ratings would differ in their last bits.
"""

import os
import platform

PINS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_CBWR": "AVX2,STRICT",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "NUMBA_DISABLE_JIT": "0",
    "MPLBACKEND": "agg",
    "SOURCE_DATE_EPOCH": "0",
}
if platform.machine() in ("x86_64", "AMD64"):
    PINS |= {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
    OWN_CHOICE = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}
else:
    OWN_CHOICE = {}
"""Pins that a user's own value replaces: a variation of the audit takes more from NumPy."""


def apply() -> None:
    """Set the pins in this process's environment, for itself and for the jobs it starts."""
    os.environ.update(OWN_CHOICE | {k: v for k, v in os.environ.items() if k in OWN_CHOICE} | PINS)
