"""What planning costs: processor seconds until the plan stands, and peak memory, by dry runs.

`make bench-planning` prints a line of Markdown for each study: the large study, whose cells share
data sets; as many configurations on fewer or more data sets, one each being the worst there is;
each also ten times smaller; and, as a floor, bare jobs without parameters, resources or functions.
Arguments go to Snakemake as they are: `python benchmarks/planning.py shapes --batch fit_rates=1/4`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).resolve().parents[1]
ADAM = {"steps": 2000, "batch_size": 256, "learning_rate": 1.0e-2}
BARE = """
rule all:
    input: expand("{{i}}.c", i=range({chains}))
rule a:
    output: "{{i}}.a"
    shell: "touch {{output}}"
rule b:
    input: "{{i}}.a"
    output: "{{i}}.b"
    shell: "touch {{output}}"
rule c:
    input: "{{i}}.b"
    output: "{{i}}.c"
    shell: "touch {{output}}"
"""


@dataclass(frozen=True)
class Planned:
    """A dry run: its jobs, processor and wall seconds to the plan, processor seconds of the whole,
    peak memory in MiB."""

    jobs: int
    seconds: float
    wall: float
    whole: float
    memory: float

    def line(self, name: str) -> str:
        each = 1000 * self.seconds / max(self.jobs, 1)
        return (
            f"| {name} | {self.jobs:,} | {self.seconds:.1f} s | {self.wall:.1f} s | "
            f"{self.whole:.1f} s | {self.memory:.0f} MiB | {each:.2f} ms |"
        )


def planned(folder: Path, *arguments: str) -> Planned:
    """A dry run of the workflow in a folder; CalledProcessError if it fails."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", *arguments]
    began = time.perf_counter()
    printed, seconds, wall = [], 0.0, 0.0
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        for line in process.stdout:
            printed.append(line)
            if not wall and line.startswith(("Job stats:", "Nothing to be done")):
                times = psutil.Process(process.pid).cpu_times()
                seconds, wall = times.user + times.system, time.perf_counter() - began
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = "".join(printed)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, text[-2000:])
    total = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    jobs = int(total[1]) if total else 0
    return Planned(jobs, seconds, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def with_own_data(study: dict, cells: int, **arms: dict) -> dict:
    """The study with one shape of towers, so many targets and noises, and further arms."""
    vary = {
        "smoothness": [round(0.5 + 0.01 * step, 2) for step in range(cells // 100)],
        "noise_sd": [round(0.1 + 0.02 * step, 2) for step in range(100)],
    }
    shapes = study["experiments"]["shapes"] | {"vary": vary}
    return study | {"experiments": {"shapes": shapes}, "arms": study["arms"] | arms}


def smaller(study: dict, times: int) -> dict:
    """The study with fewer shapes of towers."""
    shapes = study["experiments"]["shapes"]
    vary = shapes["vary"] | {"width": shapes["vary"]["width"][::times]}
    return study | {"experiments": {"shapes": shapes | {"vary": vary}}}


def main() -> None:
    arguments = sys.argv[1:]
    large = yaml.safe_load((ROOT / "workflow/studies/large.yaml").read_text(encoding="utf-8"))
    studies = {
        "500 configurations, 50 data sets": smaller(large, 10),
        "5,000 configurations, 50 data sets": large,
        "5,000 configurations, 2,500 data sets": with_own_data(large, 2500, adam=ADAM),
        "500 configurations, a data set each": with_own_data(large, 500),
        "5,000 configurations, a data set each": with_own_data(large, 5000),
    }
    print("| study | jobs | plan | wall | with printing | memory | a job |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        skipped = shutil.ignore_patterns(".*", "results", "__pycache__")
        folder = Path(shutil.copytree(ROOT, Path(name) / "project", ignore=skipped))
        for about, study in studies.items():
            (folder / "bench.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
            found = planned(folder, *arguments, "--config", "study=bench.yaml")
            print(found.line(about), flush=True)
        for jobs in (3000, 30_000):
            bare = Path(name) / f"bare{jobs}"
            bare.mkdir()
            (bare / "Snakefile").write_text(BARE.format(chains=jobs // 3), encoding="utf-8")
            print(planned(bare, "--cores", "2").line("floor: bare jobs in chains of three"))


if __name__ == "__main__":
    main()
