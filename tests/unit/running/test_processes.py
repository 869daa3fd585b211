"""Who is at work in a folder, by real processes that look like Snakemake and its jobs."""

import subprocess
import sys
import time

import psutil
import pytest

from twotower.running import processes

WAITS = "import time; time.sleep(60)"


@pytest.fixture
def start(tmp_path):
    """Start a process with these words in its command line, in a folder; ended with the test."""
    (tmp_path / "snakemake").write_text(WAITS)
    (tmp_path / "here").mkdir()
    started = []

    def start(*words, folder="here"):
        process = subprocess.Popen([sys.executable, *words], cwd=tmp_path / folder)
        started.append(process)
        while WAITS not in (said := psutil.Process(process.pid).cmdline()) and words[0] not in said:
            time.sleep(0.01)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def here(tmp_path):
    return (tmp_path / "here").resolve()


def test_a_living_run_is_named(start, here):
    run = start("../snakemake", "--config", "study=a.yaml")
    with pytest.raises(processes.BusyError, match=rf"a run is at work .*\(process {run.pid}\)"):
        processes.require_idle(here)


def test_other_folders_and_other_programs_do_not_count(start, here):
    start("snakemake", folder=".")
    start("-c", WAITS, "snakemake")
    processes.require_idle(here)
    assert processes.stop_jobs(here) == []


def test_jobs_of_a_killed_run_are_stopped_by_name(start, here):
    job = start("-c", WAITS, "/x/.snakemake/scripts/tmpab12.train.py")
    processes.require_idle(here)
    assert processes.stop_jobs(here) == [f"train.py (process {job.pid})"]
    assert not psutil.pid_exists(job.pid)


def test_a_run_of_another_machine_is_not_taken_for_dead(here):
    (here / ".snakemake" / "log").mkdir(parents=True)
    (here / ".snakemake" / "locks").mkdir()
    log = here / ".snakemake/log/2026-01-01T000000.000001.snakemake.log"
    log.write_text("SNAKEMAKE\n  Date: 2026-01-01 00:00:00\n  Host: far.example\n")
    processes.require_idle(here)
    (here / ".snakemake/locks/0.input.lock").touch()
    assert processes.locked(here)
    with pytest.raises(processes.BusyError, match="was started on far.example"):
        processes.require_idle(here)
    (here / ".snakemake/locks/1.output.lock").symlink_to("gone")  # listed, and no longer there
    assert processes.locked_by(here)["host"] == "far.example"
