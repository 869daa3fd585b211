"""A copy of the project that may be damaged: how runs are started there, and what they made."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))


from twotower.base.pins import PINS  # noqa: E402
from twotower.running import processes, survey  # noqa: E402

PARTS = ["Snakefile", "Makefile", "config.yaml", "profiles", "scripts", "workflow"]
DEADLINE = 900.0  # seconds: no run of a campaign takes so long
TIMED = ("logs", "benchmarks", "records/benchmarks")


class Folder:
    """A project's folder with one study to run in it.

    What is to be disturbed is started with `python`; the rest may be with a Python at `calm`.
    """

    def __init__(self, path: Path, study: str, calm: str = sys.executable) -> None:
        self.path, self.study, self.calm = path.resolve(), study, calm

    def start(
        self, *arguments: str, before: tuple[str, ...] = (), python: str = sys.executable
    ) -> subprocess.Popen:
        """Start Snakemake as a leader of its own process group."""
        command = [python, "-m", "snakemake", "--config", f"study={self.study}"]
        return self._start([*before, *command, *arguments])

    def resume(
        self, before: tuple[str, ...] = (), python: str = sys.executable
    ) -> subprocess.Popen:
        """Start `make resume`, with the environment that these tests run in."""
        place = f"bin={Path(python).parent}"
        command = ["make", "-o", ".venv/installed", place, "resume", f"STUDY={self.study}"]
        return self._start([*before, *command])

    def has_nothing_to_do(self) -> bool:
        run = self.start("--dry-run", python=self.calm)
        said = (self.path / "printed.txt").stat().st_size
        run.wait(DEADLINE)
        return b"Nothing to be done" in (self.path / "printed.txt").read_bytes()[said:]

    def runs(self) -> list[psutil.Process]:
        return processes.of_kind(self.path, "run")

    def jobs(self) -> list[psutil.Process]:
        """The processes that do the work of jobs, without the shells around them."""
        found = processes.of_kind(self.path, "job")
        return [process for process in found if not _children(process)]

    def end_all(self) -> None:
        """Kill whatever still works in the folder."""
        while left := [*self.runs(), *processes.of_kind(self.path, "job")]:
            for process in left:
                _kill(process)
            psutil.wait_procs(left, timeout=5)

    def made(self) -> dict[str, bytes]:
        """Every file in results/, by path, but for those that hold times."""
        results = self.path / "results"
        files = [path for path in results.rglob("*") if path.is_file()]
        names = {path.relative_to(results).as_posix(): path for path in files}
        return {
            name: path.read_bytes()
            for name, path in names.items()
            if not name.startswith(tuple(f"{part}/" for part in TIMED))
        }

    def finished(self) -> list[Path]:
        """Results that have a record, by paths as records name them."""
        records = self.path / "results" / "records"
        names = [path.relative_to(records).with_suffix("") for path in records.rglob("[!.]*.json")]
        paths = [Path("results") / name for name in names]
        kept = [path for path in paths if not path.is_relative_to(survey.TIMED)]
        return sorted(path for path in kept if (self.path / path).is_file())

    def hold(self) -> dict[Path, os.stat_result]:
        """Finished results by path; they are held by a link, so that no other gets their inode."""
        held, found = self.path / ".held", {}
        shutil.rmtree(held, ignore_errors=True)
        held.mkdir()
        for number, path in enumerate(self.finished()):
            os.link(self.path / path, held / f"{number}")
            found[path] = os.stat(held / f"{number}")
        return found

    def made_again(self, held: dict[Path, os.stat_result]) -> int:
        """Bytes of the held results that another file has replaced."""
        return sum(
            then.st_size
            for path, then in held.items()
            if not (now := self.path / path).exists() or now.stat().st_ino != then.st_ino
        )

    def _start(self, command: list[str]) -> subprocess.Popen:
        with open(self.path / "printed.txt", "ab") as printed:
            return subprocess.Popen(
                command,
                cwd=self.path,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def fresh(place: Path, study: Path, origin: Path = ROOT, calm: str = sys.executable) -> Folder:
    """A copy of the project as someone has it who just fetched it, with one study."""
    place.mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("*.pyc.*")  # compiled code that another process is writing
    for part in PARTS:
        if (origin / part).is_dir():
            shutil.copytree(origin / part, place / part, ignore=ignored)
        else:
            shutil.copy2(origin / part, place / part)
    shutil.copyfile(study, place / "study.yaml")
    return Folder(place, "study.yaml", calm)


def kill_group(run: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """That of a user: without the library's pins, and without a make around us."""
    foreign = (*PINS, "SNAKEMAKE_PROFILE", "STUDY", "MFLAGS")
    kept = {key: value for key, value in os.environ.items() if key not in foreign}
    return {key: value for key, value in kept.items() if not key.startswith("MAKE")}


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
