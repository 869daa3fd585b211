"""Slurm jobs that a killed run left behind; squeue and scancel are played by shell scripts."""

import json
import os

import pytest

from twotower.running import processes, slurm

RUN = "7dce8d84-f7a6-492b-87bd-5ae8a2a0cfff"
GONE = "echo no such thing >&2; echo Unable to contact slurm controller >&2; exit 1"


@pytest.fixture
def here(tmp_path):
    (tmp_path / "here").mkdir()
    return (tmp_path / "here").resolve()


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Put shell commands in place of programs, by name; there are no others."""

    def play(**programs):
        for name, work in programs.items():
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{work}\n")
            (tmp_path / "bin" / name).chmod(0o755)

    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    return play


def lock(folder, said="SLURM run ID: 7dce8d84"):
    """As a killed run of this machine leaves a folder."""
    (folder / ".snakemake/log").mkdir(parents=True)
    (folder / ".snakemake/locks").mkdir()
    (folder / ".snakemake/log/of-a-folder.snakemake.log").mkdir()
    log = folder / ".snakemake/log/2026-01-01T000000.000001.snakemake.log"
    host = os.uname().nodename
    log.write_text(f"SNAKEMAKE\n  Date: 2026-01-01 00:00:00\n  Host: {host}\n\n{said}\n")
    (folder / ".snakemake/locks/0.input.lock").touch()


def test_jobs_of_this_folder_alone_are_cancelled(here, tmp_path, played):
    """Three jobs of Snakemake, one of them elsewhere, and a shell."""
    jobs = f"11|{RUN}|{here}\n12|{RUN}|{tmp_path}\n13|bash|{here}\n14|paper_{RUN}|{here}\n"
    (tmp_path / "jobs").write_text(jobs)
    played(
        squeue=f'while read -r line; do echo "$line"; done < {tmp_path}/jobs',
        scancel=f'echo "$@" > {tmp_path}/cancelled; : > {tmp_path}/jobs',
    )
    assert slurm.cancel(here) == ["11", "14"]
    assert (tmp_path / "cancelled").read_text() == "11 14\n"


@pytest.mark.parametrize(
    "programs, told",
    [
        ({"squeue": GONE}, "squeue: Unable to contact slurm controller"),
        ({"squeue": "exit 3"}, "squeue: it ended with code 3"),
        ({}, "squeue is not found on this machine"),
    ],
)
def test_a_silent_slurm_stops_the_resumption_of_a_killed_run_on_it(here, played, programs, told):
    played(**programs)
    assert slurm.cancel(here) == []
    lock(here)
    with pytest.raises(processes.BusyError, match=rf"still at work \({told}\)"):
        slurm.cancel(here)
    (here / ".snakemake/locks/0.input.lock").unlink()  # as the message says: snakemake --unlock
    assert slurm.cancel(here) == []


@pytest.mark.parametrize(
    "command, stops",
    [
        (["/slurm/bin/snakemake", "--config", "study=slurm.yaml"], False),
        (["snakemake", "--profile", "profiles/slurm"], True),
        (["snakemake", "--executor=slurm"], True),
    ],
)
def test_where_the_log_is_silent_the_command_tells(here, played, command, stops):
    played(squeue=GONE)
    lock(here, said="")
    note = {"command": command, "targets": [], "run": ""}
    (here / ".snakemake/last_run.json").write_text(json.dumps(note))
    if stops:
        with pytest.raises(processes.BusyError):
            slurm.cancel(here)
    else:
        assert slurm.cancel(here) == []


def test_a_slurm_that_falls_silent_is_asked_again(here, tmp_path, played, monkeypatch):
    """A job that Slurm does not tell of is no job that has ended."""
    answers = f"""if [ -e {tmp_path}/1 ] && [ ! -e {tmp_path}/2 ]; then : > {tmp_path}/2; exit 1; fi
[ -e {tmp_path}/2 ] && exit 0
: > {tmp_path}/1; echo '11|{RUN}|{here}'"""
    played(squeue=answers, scancel="exit 1")
    assert slurm.cancel(here) == ["11"]
    assert (tmp_path / "2").exists()
    (tmp_path / "2").unlink()
    (tmp_path / "1").unlink()
    monkeypatch.setattr(slurm, "CANCEL_SECONDS", 0.0)
    with pytest.raises(processes.BusyError, match="has not ended job 11 yet .squeue: it ended"):
        slurm.cancel(here)
