"""This machine as `make doctor` tells it: processor, pins, cards, disk, cluster.

Like `twotower.running.doctor` it imports nothing beyond Python's own library, and avoids newer
syntax.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from twotower.base.pins import PINS

NEEDED_FLAGS = ("avx2", "fma")  # of the instruction set that the pins ask for
NETWORKED = ("nfs", "nfs4", "lustre", "gpfs", "beegfs", "cifs", "ceph", "fuse.sshfs")
REINSTALL = "rm -f .venv/installed; make .venv/installed"


@dataclass
class Section:
    """Facts under a heading, each a name and a text; `faults` and `notes` say what and how to mend.

    Faults keep runs from working, notes may matter.
    """

    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def processor() -> Section:
    """Model, flags that the pins rely on, cores, memory."""
    text = text_of(Path("/proc/cpuinfo"))
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
    has = flags[1].split() if flags else []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = Section("Processor")
    found.facts.append(("model", model[1] if model else platform.processor() or "unknown"))
    found.facts.append(("cores", f"{cores} for this process, {os.cpu_count()} in all"))
    told = [f"{flag} {'yes' if flag in has else 'no'}" for flag in (*NEEDED_FLAGS, "avx512f")]
    found.facts.append(("flags", ", ".join(told) if flags else "unknown on this system"))
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB", text_of(Path("/proc/meminfo")), re.MULTILINE))
    if "MemTotal" in memory:
        total, free = (int(memory.get(key, 0)) * 1024 for key in ("MemTotal", "MemAvailable"))
        found.facts.append(("memory", f"{_size(total)}, {_size(free)} of it available"))
    lacking = [flag for flag in NEEDED_FLAGS if flags and flag not in has]
    if lacking:
        what = f"The processor lacks {', '.join(lacking)}: results will not be the same to the byte"
        found.notes.append((what, "rates and verdicts agree all the same"))
    return found


def pins(before: dict[str, str]) -> Section:
    """The variables that make bits repeat, and what the shell had in their place."""
    found = Section("Pins of the numerical libraries (set for every job)")
    for name, value in PINS.items():
        given = before.get(name)
        text = value if given in (None, value) else f"{value} (the shell's {given!r} is overruled)"
        found.facts.append((name, text))
    return found


def graphics() -> Section:
    """Build of torch, and cards."""
    code = (
        "import json, torch; c = torch.cuda; "
        "count = c.device_count() if c.is_available() else 0; "
        "cards = [c.get_device_name(i) for i in range(count)]; "
        "print(json.dumps([torch.__version__, torch.version.cuda, cards]))"
    )
    answer = said([sys.executable, "-c", code], seconds=60)
    found = Section("Graphics cards")
    if answer is None:
        found.facts.append(("torch", "cannot be imported"))
        found.faults.append(("torch cannot be imported", REINSTALL))
    else:
        version, cuda, cards = json.loads(answer.splitlines()[-1])
        found.facts.append(("torch", f"{version}, {f'CUDA {cuda}' if cuda else 'without CUDA'}"))
        found.facts.append(("seen by torch", ", ".join(cards) or "none: training runs on the CPU"))
    listed = said(
        ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    )
    found.facts.append(("driver", "; ".join(listed.splitlines()) if listed else "no NVIDIA driver"))
    if listed and answer is not None and not cards:
        what = "There is a card that torch does not see: its build, or the driver, is not for it"
        how = "pip install --require-hashes --force-reinstall -r envs/requirements-cuda.txt"
        found.notes.append((what, f"for torch's CUDA build: .venv/bin/python -m {how}"))
    return found


def disk(root: Path) -> Section:
    """Free space, kind of file system, whether results can be written."""
    folder = Path("results")
    place = folder if folder.is_dir() else Path(".")
    found = Section("Disk")
    used = shutil.disk_usage(place)
    kind = _file_system(place)
    found.facts.append(("results/", f"{_size(used.free)} free of {_size(used.total)}, {kind}"))
    found.facts.append(("project", _file_system(root)))
    try:
        from twotower.running import workplace

        workplace.check(folder)
        found.facts.append(("writable", "yes"))
    except Exception as error:
        found.facts.append(("writable", "no"))
        found.faults.append((str(error), ""))
    if kind in NETWORKED:
        what = f"results/ is on a network file system ({kind}), where files appear late"
        found.notes.append((what, "snakemake --latency-wait 30"))
    return found


def slurm() -> Section:
    """Whether jobs can be sent to a cluster from here."""
    found = Section("Slurm")
    if not shutil.which("sinfo"):
        found.facts.append(("sinfo", "not here: runs stay on this machine"))
        return found
    from twotower.running import workplace

    try:
        workplace.check_submitted([os.getcwd()])
    except workplace.WorkplaceError as error:
        found.notes.append((str(error), ""))
    found.facts.append(("version", said(["sinfo", "--version"]) or "unknown"))
    partitions = said(["sinfo", "--noheader", "--format=%P %a, %D nodes, %c CPUs, %m MB, %l, %G"])
    if partitions is None:
        found.facts.append(("controller", "does not answer"))
        what = "Slurm is installed but its controller does not answer"
        found.notes.append(
            (what, "ask who keeps it; runs on this machine go on, started some seconds later")
        )
        return found
    found.facts += [("partition", line) for line in partitions.splitlines()]
    config = said(["scontrol", "show", "config"]) or ""
    storage = re.search(r"^AccountingStorageType\s*= *(\S*)", config, re.MULTILINE)
    kept = bool(storage and storage[1] not in ("", "(null)") and not storage[1].endswith("/none"))
    found.facts.append(("accounting", storage[1] if kept and storage else "none"))
    if shutil.which("sacct") and not kept:
        what = (
            "sacct is here but no accounting: asked by sacct, the Slurm plugin would wait for ever"
        )
        found.notes.append((what, "slurm-status-command: squeue, as in profiles/slurm"))
    try:
        plugin = metadata.version("snakemake-executor-plugin-slurm")
        found.facts.append(("plugin", f"snakemake-executor-plugin-slurm {plugin}"))
    except metadata.PackageNotFoundError:
        what = "snakemake-executor-plugin-slurm is not installed: jobs cannot be sent to Slurm"
        found.notes.append((what, "make"))
    return found


def vouching() -> Section:
    """The programs that sign seals and statements, and check time stamps: no run needs them."""
    found = Section("Signatures and time stamps")
    secure = _first_line(["ssh", "-V"])
    keygen = (secure or "unknown version") if shutil.which("ssh-keygen") else "not here"
    found.facts.append(("ssh-keygen", keygen))
    found.facts.append(("openssl", _first_line(["openssl", "version"]) or "not here"))
    if keygen == "not here":
        what = "ssh-keygen is not installed: seals and statements can be neither signed nor checked"
        found.notes.append((what, "install OpenSSH; KEY= and SIGNERS= need it, nothing else does"))
    if found.facts[-1][1] == "not here":
        what = "openssl is not installed: time stamps can be neither had nor checked"
        found.notes.append((what, "install OpenSSL; TSA= and TSA_CA= need it, nothing else does"))
    return found


def _first_line(command: list[str]) -> str:
    """The first line that a program prints of itself; some print it as an error."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout.decode("utf-8", errors="replace").splitlines() or [""])[0].strip()


def said(command: list[str], seconds: float = 10) -> str | None:
    """What a command prints; None if there is none, it fails, or it takes too long."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", errors="replace").strip()


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _file_system(path: Path) -> str:
    """Type of the file system that holds a path, from the longest mount point above it."""
    best, kind = "", "unknown file system"
    for line in text_of(Path("/proc/mounts")).splitlines():
        mount, name = line.split()[1:3]
        mount = mount.replace("\\040", " ")
        below = (str(path.resolve()) + "/").startswith(mount.rstrip("/") + "/")
        if below and len(mount) >= len(best):
            best, kind = mount, name
    return kind


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
