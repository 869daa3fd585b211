"""What a process's numbers depend on besides code, settings and inputs: its environment.

It stands in `results/records/environments/<digest>.json`, once for all jobs that share it, and
the jobs' records name the digest. It holds no time, no path and no name of a machine, so that
equal runs on equal machines leave equal bytes.
"""

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from twotower.base import identity, pins, places
from twotower.base.files import atomic_write
from twotower.base.seeds import generator
from twotower.records import packages, startup
from twotower.records.reading import canonical

ENVIRONMENTS = Path("results/records/environments")
LOCK = Path("envs/requirements.txt")

FLAGS = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512dq", "avx512bw", "avx512vl",
         "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve")  # fmt: skip
"""Instruction sets that numerical libraries choose by."""

VARIABLES = ("NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "MKL_ENABLE_INSTRUCTIONS")
"""Variables, not pinned, by which libraries choose other instructions than they would by FLAGS.

Of GLIBC_TUNABLES, which is the C library's, the entries about the processor are recorded too.
"""

STEADY = ("python", "packages", "torch", "threads", "pins", "stream", "startup")
"""Parts that no two jobs of a study may differ in; the others, such as the processor, may."""

STREAM = ["0x1.01f9ca8530ed1p+0", "0x1.71fb70677f54bp-4", "0x1.0803da2381a88p+0",
          "-0x1.00fb8bbba1789p+1"]  # fmt: skip
"""The first normal deviates of the keyed stream that `current` draws, wherever it does."""


BESIDE = "packages that no lock pins"


def current(project: Path = places.PROJECT, computes: bool = True) -> dict:
    """The environment of this process, as it is now; after its work, with all libraries loaded.

    Args:
        project: whose lock file pins packages.
        computes: whether this process computes results. A run's main process does not, and may
            have loaded libraries before their threads were pinned.

    Returns:
        python: implementation, version, build and compiler.
        platform: system, machine and C library.
        cpu: model, those of FLAGS that it has, and those of VARIABLES that say something.
        packages, beside, torch: see `packages.packages`.
        threads: the most that a numerical library of this process would use; None for one that
            does not compute.
        pins: the variables of `twotower.base.pins` as they are, None for one that is not set.
        gpus: names of the cards that this process has used.
        startup: what it runs besides script, library and packages of the lock (`startup.current`).
        stream: the first four normal deviates of a keyed random stream, as exact hexadecimals.
    """
    installed = packages.packages(project / LOCK)
    return {
        "python": {
            "implementation": platform.python_implementation(),
            "version": platform.python_version(),
            "build": " ".join(platform.python_build()),
            "compiler": platform.python_compiler(),
        },
        "platform": {"system": os.uname().sysname, "machine": os.uname().machine, "libc": _libc()},
        "cpu": _processor(),
        **installed,
        "threads": _threads() if computes else None,
        "pins": {name: os.environ.get(name) for name in pins.PINS},
        "gpus": _cards(),
        "startup": installed["startup"] | startup.current(),
        "stream": [value.hex() for value in generator(0, {}, "test vector", 0).normal(size=4)],
    }


def digest(environment: dict) -> str:
    """The name of an environment: 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
    return identity.digest(environment).hex()[:16]


def save(environment: dict, folder: Path = Path()) -> str:
    """Write an environment below a folder, if it is not there already; returns its digest."""
    name = digest(environment)
    path = folder / ENVIRONMENTS / f"{name}.json"
    content = canonical.text(environment).encode("ascii")
    try:
        there = path.read_bytes() == content
    except OSError:
        there = False
    if not there:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    return name


def read(name: str, folder: Path = Path()) -> dict | None:
    """An environment by its digest; None if it is missing, or if its name does not fit."""
    try:
        environment = canonical.read(folder / ENVIRONMENTS / f"{name}.json")
        return environment if digest(environment) == name and _is_whole(environment) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def differences(one: dict, other: dict) -> list[str]:
    """In words, what differs between two environments: a line for each value, `that, not this`.

    Packages that no lock pins are named without their versions.
    """
    lines = []
    for place, (mine, others) in sorted(_values(one, other).items()):
        if mine != others and not place.startswith("beside"):
            lines.append(f"{place} {_told(others)}, not {_told(mine)}")
    mine, others = one.get("beside", {}), other.get("beside", {})
    for words, names in {
        "more": others.keys() - mine.keys(),
        "without": mine.keys() - others.keys(),
        "other versions of the": {n for n in mine.keys() & others.keys() if mine[n] != others[n]},
    }.items():
        if names:
            lines.append(f"{words} {BESIDE}: {', '.join(sorted(names))}")
    return lines


def _is_whole(environment: dict) -> bool:
    """Whether all parts are there, each of its kind; raises what dicts raise where they are not."""
    tables = ("python", "platform", "cpu", "packages", "beside", "torch", "pins")
    versions = [package["version"] for package in environment["packages"].values()]
    versions += environment["beside"].values()
    variables = environment["cpu"].get("variables", {})  # older records have none
    texts = [*versions, *variables.values()]
    for each in environment.get("startup", {}).values():  # older records have none
        texts += [each["sha256"], each["of"]]
    return (
        all(isinstance(environment[name], dict) for name in tables)
        and all(isinstance(text, str) for text in texts)
        and type(environment["threads"]) in (int, type(None))  # which True is not
        and environment.keys() <= {*tables, "threads", "gpus", "stream", "startup"}
        and isinstance(environment["gpus"], list)
        and isinstance(environment["stream"], list)
    )


def _values(one: Any, other: Any, place: str = "") -> dict[str, tuple]:
    """Both values at each place that is no mapping in either of the two."""
    if not isinstance(one, dict) and not isinstance(other, dict):
        return {place: (one, other)}
    one, other = (part if isinstance(part, dict) else {} for part in (one, other))
    found = {}
    for key in one.keys() | other.keys():
        found |= _values(one.get(key), other.get(key), f"{place} {key}".strip())
    return found


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    text = str(value)
    return text[:12] if re.fullmatch("[0-9a-f]{64}", text) else text


def _threads() -> int:
    """The most threads that any BLAS or OpenMP library that is loaded, or torch, would use; 1 if
    none is loaded.
    """
    from threadpoolctl import threadpool_info  # here, since not all processes compute

    counts = [1, *(pool["num_threads"] for pool in threadpool_info())]
    if "torch" in sys.modules:
        counts.append(sys.modules["torch"].get_num_threads())
    return max(counts)


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def _processor() -> dict:
    """Model and flags, of the first of all processors, on the file's first page; and VARIABLES."""
    variables = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    tunables = os.environ.get("GLIBC_TUNABLES", "").split(":")
    if chosen := [each for each in tunables if each.startswith("glibc.cpu.")]:
        variables["GLIBC_TUNABLES"] = ":".join(chosen)
    try:
        with open("/proc/cpuinfo", "rb", buffering=0) as file:
            text = file.read(8192).decode("ascii", "replace")
    except OSError:
        return {"model": platform.processor(), "flags": [], "variables": variables}
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*: (.+)$", text, re.MULTILINE)
    has = flags[1].split() if flags else []
    return {
        "model": model[1] if model else "",
        "flags": [flag for flag in FLAGS if flag in has],
        "variables": variables,
    }


def _cards() -> list[str]:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return []
    return [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
