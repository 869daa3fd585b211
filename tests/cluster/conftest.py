"""A micro study, run once here and once on a real Slurm; skipped where none can be started."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import copies
import pytest
import warm_python

import sandbox

ROOT = Path(__file__).parents[2]
PROFILE = "profiles/slurm"
FAST = {  # a job of these tests takes seconds: ask for its state as often
    "slurm-init-seconds-before-status-checks: 10": "slurm-init-seconds-before-status-checks: 2",
    "seconds-between-status-checks: 10": "seconds-between-status-checks: 2",
}
ALIVE = ("PENDING", "RUNNING", "COMPLETING")
DEADLINE = 900.0

# Three sizes, since a job is stopped at its third fit. Here are no cards to compute on.
STUDY = copies.MICRO | {
    "replicates": 3,
    "sample_sizes": [64, 128, 512],
    "training": {"gpu": True},
}


def put_before_training(project, code: str) -> None:
    """Put code before that of every training job of a copy of the project."""
    script = project.folder / "scripts/towers/train.py"
    script.write_text(code + script.read_text(encoding="utf-8"), encoding="utf-8")


class Cluster:
    """A copy of the project that runs on the sandbox, and what Slurm knows of its jobs."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.project = copies.fresh_copy(folder)
        self.project.write_study(**STUDY)
        self.project.python = python
        for old, new in FAST.items():
            self.project.edit(f"{PROFILE}/config.yaml", f"\n{old}", f"\n{new}")

    def prelude(self, code: str) -> None:
        """Put code before that of every training job."""
        put_before_training(self.project, code)

    def note_cards(self) -> None:
        """Have every training job write into cards.txt its card and when it began and ended."""
        self.prelude(NOTE_CARD)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake with the profile, its output in printed.txt."""
        command = self.project.command(*arguments, "--profile", PROFILE)
        with open(self.project.folder / "printed.txt", "w", encoding="utf-8") as printed:
            return subprocess.Popen(
                [*command, "--config", "study=study.yaml"],
                cwd=self.project.folder,
                env=self.project.environment(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def finish(self, run: subprocess.Popen) -> str:
        """What a started run printed; it must succeed."""
        try:
            status = run.wait(DEADLINE)
        finally:
            self.end(run)
        printed = (self.project.folder / "printed.txt").read_text(encoding="utf-8")
        assert status == 0, printed
        return printed

    def end(self, run: subprocess.Popen) -> None:
        """Stop a run that is still going, and its Slurm jobs."""
        run.kill()
        run.wait(DEADLINE)
        left = [str(job["id"]) for job in self.jobs() if job["state"] in ALIVE]
        if left:
            subprocess.run(["scancel", *left], check=False, timeout=60)

    def jobs(self, comment: str = "") -> list[dict]:
        """Slurm jobs of this copy, the first submitted first; of those a part of the comment."""
        own = [job for job in sandbox.jobs() if job["folder"] == str(self.project.folder)]
        found = [job for job in own if comment in job["comment"]]
        return sorted(found, key=lambda job: job["id"])

    def wait_for(self, condition, run: subprocess.Popen) -> None:
        """Return when `condition` holds; fail if the run ends first or time runs out."""
        until = time.monotonic() + DEADLINE
        while not condition():
            if run.poll() is not None or time.monotonic() > until:
                self.end(run)
                printed = (self.project.folder / "printed.txt").read_text(encoding="utf-8")
                pytest.fail(f"the run did not get so far in {DEADLINE:.0f} s:\n{printed}")
            time.sleep(0.1)

    def trained(self) -> list[tuple[str, str]]:
        """Run and block of every training job that a dry run announces."""
        done = self.project.snakemake("--dry-run", "--config", "study=study.yaml")
        assert done.returncode == 0, done.stdout + done.stderr
        announced = done.stdout + done.stderr
        return sorted(set(re.findall(r"Training towers, run ([0-9a-f]+), block (\d+)", announced)))


@pytest.fixture(scope="session")
def slurm() -> Iterator[None]:
    """A sandbox that is up; one that someone has started is used and left running."""
    if reason := sandbox.obstacle():
        pytest.skip(f"no Slurm here: {reason}")
    if sandbox.answers():
        yield
        return
    sandbox.start()
    yield
    sandbox.stop()


@pytest.fixture
def cluster(slurm, tmp_path: Path) -> Cluster:
    """A fresh copy of the project on the sandbox."""
    return Cluster(tmp_path / "project")


@pytest.fixture(scope="session")
def here(slurm, tmp_path_factory: pytest.TempPathFactory):
    """The study run by this machine without Slurm; not to be changed."""
    project = copies.fresh_copy(tmp_path_factory.mktemp("here") / "project")
    project.write_study(**STUDY)
    put_before_training(project, NOTE_CARD)  # as on Slurm: records name the code
    project.run_study("--resources", "gpu=2", timeout=DEADLINE)
    return project


@pytest.fixture(scope="session")
def on_slurm(slurm, tmp_path_factory: pytest.TempPathFactory):
    """The study run by Slurm with its cards noted, and what was printed; not to be changed."""
    # Nothing of it is killed or counted. Slurm's nodes are this machine, so they find its Python.
    cluster = Cluster(tmp_path_factory.mktemp("slurm") / "project", warm_python.python())
    cluster.note_cards()
    return cluster, cluster.finish(cluster.start())


NOTE_CARD = """
import atexit, os, time
def note_card(began=time.time()):
    with open("cards.txt", "a") as file:
        file.write(f"{os.environ.get('CUDA_VISIBLE_DEVICES')} {began} {time.time()}\\n")
atexit.register(note_card)
"""
