"""Memory and time of the steps that touch all ratings, by their number: `make bench-streaming`.

The study workflow/studies/streaming.yaml runs in a copy of the project through Snakemake, with its
sizes scaled down for the smaller numbers. Memory is the kernel's account of each job's process:
its peak, and the peak of the part that belongs to no file. Seconds are those of the processor, so
that other work on the machine hardly matters. Takes half an hour and 2 GB of disk.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import psutil  # noqa: E402
import yaml  # noqa: E402

from twotower.study import grid  # noqa: E402
from twotower.study.reading import read_study  # noqa: E402

STUDY = ROOT / "workflow/studies/streaming.yaml"
RULES = ("generate_data", "train", "fit_reference")
MIB = 1 << 20


def status(pid: int) -> dict[str, int]:
    """Bytes in /proc/PID/status by name; empty once the process has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    parts = (line.split() for line in lines if line.endswith(" kB"))
    return {part[0].rstrip(":"): int(part[1]) * 1024 for part in parts}


def log_of(process: psutil.Process) -> Path | None:
    """The log that a job's process writes; None for any other process."""
    try:
        log = Path(os.readlink(f"/proc/{process.pid}/fd/1"))
    except OSError:
        return None
    return log if log.parent.name in RULES else None


@dataclass
class Used:
    """What a job has used: peaks in bytes, processor seconds, and those at the end of each fit."""

    total: int = 0
    anonymous: int = 0
    seconds: float = 0.0
    fits: list[float] = field(default_factory=list)


def watched(command: list, folder: Path) -> dict[str, Used]:
    """What every job of a run used, by rule and name."""
    jobs: dict[str, Used] = {}
    run = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while run.poll() is None:
        for process in run.children(recursive=True):
            log, memory = log_of(process), status(process.pid)
            if log is None or not memory.get("VmHWM"):
                continue
            job = jobs.setdefault(f"{log.parent.name}/{log.stem}", Used())
            job.total = max(job.total, memory["VmHWM"])
            job.anonymous = max(job.anonymous, memory["RssAnon"])
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                job.seconds = times.user + times.system
                ended = log.read_text().count("n = ") - len(job.fits)
                job.fits += [job.seconds] * ended
        time.sleep(0.02)
    if run.returncode:
        sys.exit(run.stderr.read().decode())
    return jobs


def measure(n: int) -> list[str]:
    """Rows of the table: every job that touches ratings of a study of n of them."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "project"
        skipped = shutil.ignore_patterns(".*", "results", "__pycache__")
        shutil.copytree(ROOT, project, ignore=skipped)
        text = yaml.safe_load(STUDY.read_text(encoding="utf-8"))
        most = text["sample_sizes"][-1]
        text["sample_sizes"] = [size * n // most for size in text["sample_sizes"]]
        path = project / "streaming.yaml"
        path.write_text(yaml.safe_dump(text), encoding="utf-8")
        runs = grid.runs(read_study(path))
        arms = {f"{run.id}-0": run.arm for run in runs}
        targets = [f"results/runs/{run.id}/0.safetensors" for run in runs]
        targets += {f"results/references/{run.cell.data_id}/0.safetensors" for run in runs}
        command = [sys.executable, "-m", "snakemake", *targets, "--cores", "1"]
        jobs = watched([*command, "--config", f"study={path}"], project)
        rows = []
        for job, used in jobs.items():
            rule, name = job.split("/")
            seconds = used.seconds
            ratings = n if rule == "generate_data" else sum(text["sample_sizes"])
            if rule == "train":
                seconds, ratings = used.fits[-1] - used.fits[-2], n  # the fit to all of them
            what = f"{rule}, {arms[name]}" if rule == "train" else rule
            rows.append(
                f"| {what} | {n:,} | {used.total / MIB:.0f} MiB | {used.anonymous / MIB:.0f} MiB "
                f"| {seconds * 1e6 / ratings:.2f} s |"
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [1_000_000, 5_000_000, 20_000_000]
    parser.add_argument("sizes", nargs="*", type=int, default=sizes, help="numbers of ratings")
    print("| step | ratings | peak memory | of it in no file | seconds per million ratings |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for n in parser.parse_args().sizes:
        print("\n".join(measure(n)), flush=True)


if __name__ == "__main__":
    main()
