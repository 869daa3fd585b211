"""The faults of a campaign: each is done to a running study, and undone when the run has ended."""

import errno
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from fault_folder import DEADLINE, Folder, kill_group

Undo = Callable[[], None]
DISK = 150_000_000
"""Bytes of the small disk that a study runs on where one may be mounted."""


def kill_job(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """kill -9 of one job."""
    jobs = _wait_for(folder.jobs, run)
    if not jobs:
        return "no job was at work"
    _kill([rng.choice(jobs)])
    return ""


def kill_snakemake(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """kill -9 of Snakemake; its jobs run on."""
    _kill(_wait_for(folder.runs, run))
    return ""


def kill_both(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """kill -9 of Snakemake, then of all jobs."""
    _kill(_wait_for(folder.runs, run))
    _kill(folder.jobs())
    return ""


def kill_process_group(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """kill -9 of the process group, as when a terminal or a container goes."""
    kill_group(run)
    return ""


def full_disk(folder: Folder, run: subprocess.Popen, rng: random.Random) -> Undo | str:
    """No space left but a few kilobytes; without a small disk, files that may not grow."""
    left = rng.choice([0, 4096, rng.randrange(300_000)])
    if not folder.path.is_mount():
        for process in [*folder.runs(), *folder.jobs()]:
            _limit_files(process, left)
        return "a limit on the size of files"
    filler = folder.path / ".filler"
    with open(filler, "wb") as file:
        state = os.statvfs(folder.path)
        size = max(state.f_bavail * state.f_frsize - left, 0)
        while size > 0:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
                break
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size -= 4096  # a job wrote meanwhile
    return lambda: filler.unlink()


def read_only(folder: Folder, run: subprocess.Popen, rng: random.Random) -> Undo | str:
    """A folder of results, or of Snakemake's notes, that cannot be written to."""
    inside = [folder.path / "results", folder.path / ".snakemake"]
    places = [path for top in inside for path in [top, *top.rglob("*")] if path.is_dir()]
    if not places:
        return "no folder was made yet"
    place = rng.choice(sorted(places))
    mode = place.stat().st_mode
    place.chmod(0o555)
    return lambda: place.chmod(mode) if place.exists() else None


def cut_file(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """A finished file, record or checkpoint that is cut short."""
    return _damage(folder, run, rng, lambda path, size: os.truncate(path, rng.randrange(size)))


def flip_byte(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """A finished file, record or checkpoint with another byte."""

    def flip(path: Path, size: int) -> None:
        with open(path, "r+b") as file:
            place = rng.randrange(size)
            file.seek(place)
            old = file.read(1)[0]
            file.seek(place)
            file.write(bytes([old ^ rng.randrange(1, 256)]))

    return _damage(folder, run, rng, flip)


def clock_back(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """The clock set back by hours or days: all that is there becomes as much newer."""
    shift = rng.uniform(3600, 3 * 86400)
    for top in ("results", ".snakemake"):
        for path in (folder.path / top).rglob("*"):
            try:
                times = path.stat()
                os.utime(path, (times.st_atime + shift, times.st_mtime + shift))
            except FileNotFoundError:  # a job renamed or removed it
                continue
    return ""


def two_runs(folder: Folder, run: subprocess.Popen, rng: random.Random) -> str:
    """A second Snakemake in the same folder, refused by the lock or (half of them) past it."""
    past = rng.random() < 0.5
    _wait_for(lambda: any((folder.path / ".snakemake/locks").glob("*")), run)
    second = folder.start(*(["--nolock"] if past else []))
    second.wait(DEADLINE)
    return "past the lock" if past else "refused by the lock"


KINDS = {
    "kill a job": kill_job,
    "kill snakemake": kill_snakemake,
    "kill both": kill_both,
    "kill the group": kill_process_group,
    "full disk": full_disk,
    "read-only folder": read_only,
    "cut a file": cut_file,
    "flip a byte": flip_byte,
    "clock set back": clock_back,
    "two runs at once": two_runs,
}


def started_with(kind: str) -> tuple[str, ...]:
    """What a run is started with: root can write to read-only folders, unless told not to."""
    if kind != "read-only folder" or os.geteuid() != 0 or not shutil.which("setpriv"):
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


def mount_disk(place: Path) -> bool:
    """Mount a small disk in memory at `place`; False where that is not allowed."""
    place.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    if not shutil.which("mount"):
        return False
    return subprocess.run(command, capture_output=True).returncode == 0


def _wait_for(condition: Callable, run: subprocess.Popen):
    """What `condition` gives as soon as it gives something, or the run has ended."""
    while not (found := condition()) and run.poll() is None:
        time.sleep(0.05)
    return found


def _kill(victims: list[psutil.Process]) -> None:
    for process in victims:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _limit_files(process: psutil.Process, size: int) -> None:
    try:
        hard = process.rlimit(psutil.RLIMIT_FSIZE)[1]
        process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))
    except psutil.NoSuchProcess:
        pass


def _damage(folder: Folder, run, rng: random.Random, change: Callable[[Path, int], None]) -> str:
    finished = _wait_for(folder.finished, run)
    if not finished:
        return "no file was finished"
    path = rng.choice(finished)
    places = [path, path, path, Path("results/records") / f"{path.relative_to('results')}.json"]
    kept = sorted((folder.path / "results/checkpoints").glob("[!.]*"))
    chosen = folder.path / rng.choice([*places, *kept[:1]])
    try:
        times = chosen.stat()
        change(chosen, times.st_size)
        os.utime(chosen, ns=(times.st_atime_ns, times.st_mtime_ns))
    except (FileNotFoundError, ValueError):  # a checkpoint that is gone, a file without a byte
        return "the file went meanwhile"
    return chosen.relative_to(folder.path).as_posix()
