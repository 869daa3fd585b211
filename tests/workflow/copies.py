"""A copy of the project for a run, what can be asked of Snakemake there, and a study of seconds.

Nothing runs in the project's own folder. The micro study has two cells, two arms and two sizes;
its larger size is 512 because below that the certificate of the intrinsic dimension is a lottery.
"""

import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import warm_python
import yaml

from twotower.base.pins import PINS

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "config.yaml", "README.md", "profiles", "scripts", "workflow"]
SKIPPED = shutil.ignore_patterns("*.pyc.*")  # compiled code that another worker is writing
MICRO = {
    "name": "micro",
    "seed": 1,
    "replicates": 2,
    "replicates_per_job": 2,
    "sample_sizes": [64, 512],
    "test_pairs": 256,
    "certificate_sizes": [64],
    "defaults": {"width": {"schedule": "fixed", "units": 8}},
    "arms": {
        "erm": {"alternations": 1, "joint_steps": 2},
        "adam": {"steps": 5, "batch_size": 16, "learning_rate": 0.01},
    },
    "experiments": {
        "smoothness": {"title": "Smoothness helps", "vary": {"smoothness": [1.0, 2.0]}}
    },
}
ALONE = {"experiments": {"one": {"title": "One cell", "vary": {"smoothness": [1.0]}}}}


class Project:
    """A folder with the project in it, and what can be asked of Snakemake there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.python = folder, warm_python.python()

    def write_study(self, **changes: object) -> None:
        text = yaml.safe_dump(MICRO | changes, allow_unicode=True, sort_keys=False)
        (self.folder / "study.yaml").write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which must be there once, in a file of the project."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} in {path}"
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def environment(self, **changes: str) -> dict[str, str]:
        # Importing the library into these tests has set its pins here. Users do not have them, so
        # runs must not inherit them: they are to set their own.
        kept = {key: value for key, value in os.environ.items() if key not in PINS}
        kept.pop("SNAKEMAKE_PROFILE", None)
        return kept | changes

    def command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "snakemake", *arguments]

    def snakemake(self, *arguments: str, **options: object) -> subprocess.CompletedProcess:
        """Run Snakemake with these arguments alone; returns whatever the exit status."""
        given = {"env": self.environment(), "timeout": 900} | options
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            **given,
        )

    def run_study(self, *targets: str, **options: object) -> subprocess.CompletedProcess:
        """Run the study in study.yaml, which must succeed."""
        done = self.snakemake(*targets, "--config", "study=study.yaml", **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """Jobs that a dry run announces, by rule, without `all`; empty if nothing is to be done."""
        arguments = arguments or ("--config", "study=study.yaml")
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        if "Nothing to be done" in done.stdout + done.stderr:
            return {}
        found = re.findall(r"^([a-z_]+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        jobs = {rule: int(count) for rule, count in found}
        assert jobs.pop("total") == sum(jobs.values())
        jobs.pop("all", None)
        return jobs

    def made(self) -> dict[str, bytes]:
        """Every file in results/, by path, but for logs and benchmarks, which hold times."""
        results = self.folder / "results"
        timed = ("logs", "benchmarks")
        paths = {path.relative_to(results): path for path in results.rglob("*") if path.is_file()}
        return {
            f"{name}": path.read_bytes()
            for name, path in paths.items()
            if name.parts[0] not in timed and name.parts[:2] != ("records", "benchmarks")
        }

    def of_runs(self) -> list[str]:
        """Those of `made` that are records of environments and runs, and so of no job."""
        pattern = re.compile(r"records/(environments|runs)/[0-9a-f]{16}\.json")
        return sorted(name for name in self.made() if pattern.fullmatch(name))

    def index(self, smoothness: str = "") -> list[dict[str, str]]:
        """Rows of results/index.csv, all or those of one smoothness."""
        with open(self.folder / "results/index.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [row for row in rows if not smoothness or row["smoothness"] == smoothness]


def fresh_copy(folder: Path, origin: Path = ROOT) -> Project:
    """The project as someone has it who just fetched it, with the micro study as study.yaml."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (origin / part).is_dir():
            shutil.copytree(origin / part, folder / part, ignore=SKIPPED)
        else:
            shutil.copy2(origin / part, folder / part)
    project = Project(folder)
    project.write_study()
    return project
