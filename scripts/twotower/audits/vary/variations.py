"""Ways in which one study may be run that should not matter."""

from dataclasses import dataclass, field

BASE = "undisturbed"


@dataclass(frozen=True)
class Variation:
    """One way to run a study.

    Attributes:
        name: in a table.
        what: is done, in words.
        variables: of the environment, as a user's shell may have them.
        umask: of the run; None for the usual one.
        folder: that the project lies in.
        options: of Snakemake.
        study: values that are laid over the study's.
        edits: of the project's files: text to be replaced, and what by.
        backwards: whether folders are listed backwards.
        kinds: of results that are compared; empty: all.
        joins: whether it may be tried together with others that do.
    """

    name: str
    what: str
    variables: dict[str, str] = field(default_factory=dict)
    umask: int | None = None
    folder: str = "project"
    options: tuple[str, ...] = ()
    study: dict = field(default_factory=dict)
    edits: dict[str, dict[str, str]] = field(default_factory=dict)
    backwards: bool = False
    kinds: tuple[str, ...] = ()
    joins: bool = False


_PINS = "scripts/twotower/base/pins.py"
ODD_FOLDER = "a longer name, with spaces/and/it's é"

LOCALE = {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}
TIME_ZONE = {"TZ": "Pacific/Chatham"}
HASH_SEED = {"PYTHONHASHSEED": "7"}
SHELL = {  # what the shell says of threads must not count
    "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3",
    "ATEN_CPU_CAPABILITY": "default", "SOURCE_DATE_EPOCH": "86400", "MPLBACKEND": "svg",
    "COLUMNS": "60",
}  # fmt: skip
UMASK = 0o077

VARIATIONS = (
    Variation(
        "folder", "a long path, with spaces, ' and é; own .venv",
        folder=ODD_FOLDER, joins=True,
    ),
    Variation("locale", "LC_ALL=C LANG=de_DE.UTF-8", LOCALE, joins=True),
    Variation("time zone", "TZ=Pacific/Chatham", TIME_ZONE, joins=True),
    Variation("hash seed", "PYTHONHASHSEED=7", HASH_SEED, joins=True),
    Variation("umask", "umask 077", umask=UMASK, joins=True),
    Variation("order of files", "folders are listed backwards", backwards=True, joins=True),
    Variation("number of cores", "one job at a time", options=("--cores", "1"), joins=True),
    Variation("the shell's threads", "OMP_NUM_THREADS=3, other pins otherwise", SHELL, joins=True),
    Variation(
        "a cell alone",
        "the first cell as the only one; its data, fits and risks",
        study={"experiments": {"smoothness": {"vary": {"smoothness": [1.0]}}}},
        kinds=("data", "weights", "risks"),
    ),
    Variation("small jobs", "one replicate a job", study={"replicates_per_job": 1}),
    Variation(
        "pins lowered",
        "ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE ONEDNN_MAX_CPU_ISA=SSE41 "
        "OPENBLAS_CORETYPE=Nehalem",
        edits={
            _PINS: {
                '"AVX2,STRICT"': '"COMPATIBLE"',
                '"avx2"': '"default"',
                '"ONEDNN_MAX_CPU_ISA": "AVX2"': '"ONEDNN_MAX_CPU_ISA": "SSE41"',
                '"Haswell"': '"Nehalem"',
            }
        },
    ),
    Variation(
        "an older processor",
        "NumPy and the C library are told that there is no AVX2",
        {
            "NPY_DISABLE_CPU_FEATURES": "X86_V3",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable",
        },
    ),
    Variation(
        "two threads",
        "two threads in each job, for torch, MKL and OpenBLAS",
        edits={
            _PINS: {f'"{name}_NUM_THREADS": "1"': f'"{name}_NUM_THREADS": "2"'
                    for name in ("OMP", "MKL", "OPENBLAS")},
            "scripts/twotower/towers/training_job.py": {"set_num_threads(1)": "set_num_threads(2)"},
        },
    ),
)  # fmt: skip


def together() -> Variation:
    """All variations that join, in one run: if it has the same bytes, each of them has."""
    found = [each for each in VARIATIONS if each.joins]
    return Variation(
        "together",
        ", ".join(each.name for each in found),
        {key: value for each in found for key, value in each.variables.items()},
        next(each.umask for each in found if each.umask is not None),
        next(each.folder for each in found if each.folder != Variation.folder),
        tuple(option for each in found for option in each.options),
        backwards=any(each.backwards for each in found),
    )
