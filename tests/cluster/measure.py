"""How much of a study's time on Slurm is work.

    sudo .venv/bin/python tests/cluster/measure.py config.yaml --here

Runs the study on a sandbox of two nodes with one CPU each and, with --here, on two cores without
Slurm. Arguments after the study go to `snakemake --config`, such as `replicates_per_job=3`. The
machine should do nothing else meanwhile, and needs two cores.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sandbox

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from twotower.base.pins import PINS  # noqa: E402
from twotower.records.job_log import WORKED  # noqa: E402

PARTS = ("Snakefile", "config.yaml", "README.md", "profiles", "scripts", "workflow")


def run(folder: Path, *arguments: str) -> float:
    """Seconds that Snakemake takes in a fresh copy of the project in `folder`."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    began = time.monotonic()
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return time.monotonic() - began


def work(folder: Path) -> tuple[int, float, float]:
    """Jobs, their seconds from start to end, and those after their imports."""
    seconds = []
    for path in folder.glob("results/benchmarks/**/*.tsv"):
        if path.name != "index.tsv":  # runs beside Snakemake
            with open(path, encoding="utf-8") as file:
                seconds += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    imported = 0.0
    for path in folder.glob("results/logs/**/*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(WORKED) and path.name != "index.log":
                imported += float(line.removeprefix(WORKED))
    return len(seconds), sum(seconds), imported


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", default="config.yaml")
    parser.add_argument("config", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--here", action="store_true", help="run without Slurm as well")
    given = parser.parse_args()
    config = ["--config", f"study={given.study}", *given.config]
    for name in PINS:  # importing the library has set none, but be sure that jobs set their own
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "slurm")
        folder.mkdir()
        sandbox.start(cpus=1, memory=8000)
        try:
            wall = run(folder, "--profile", "profiles/slurm", *config)
            jobs = [job for job in sandbox.jobs() if job["folder"] == str(folder)]
        finally:
            sandbox.stop()
        held = sum(job["cpus"] * (job["ended"] - job["began"]) for job in jobs)
        count, worked, imported = work(folder)
        print(f"{given.study} {' '.join(given.config)}: {count} jobs in {len(jobs)} Slurm jobs")
        print(f"wall time {wall:.0f} s; held {held:.0f} CPU s; jobs {worked:.0f} s, of that")
        print(f"after imports {imported:.0f} s; outside the jobs {1 - worked / held:.1%} of held,")
        print(f"imports included {1 - imported / held:.1%}")
        if given.here:
            folder = Path(temporary, "here")
            folder.mkdir()
            wall = run(folder, "--cores", "2", *config)
            count, worked, imported = work(folder)
            print(f"without Slurm on 2 cores: wall {wall:.0f} s, jobs {worked:.0f} s,")
            print(f"after imports {imported:.0f} s")


if __name__ == "__main__":
    main()
