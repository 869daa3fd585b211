"""`make doctor` tells what a bug report needs, and works where hardly anything else does."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import warm_python

ROOT = Path(__file__).parents[2]
SECTIONS = ["Project", "Python", "Packages", "Processor", "Pins", "Graphics cards", "Disk"]
SECTIONS += ["Snakemake", "Slurm", "Signatures and time stamps", "Study"]


def examined(folder, *arguments, options=(), **variables):
    """What the doctor prints in a folder, and its exit status."""
    done = subprocess.run(
        [warm_python.python(), *options, ROOT / "scripts/doctor.py", *arguments],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
    )
    assert not done.stderr
    return done.stdout, done.returncode


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    variables = {"OMP_NUM_THREADS": "8", "MY_TOKEN": "sesame"}
    return examined(folder, str(ROOT / "config.yaml"), **variables)


@pytest.mark.xdist_group("healthy")
def test_a_working_machine_is_told_in_every_part(healthy):
    text, status = healthy
    heads = [line.split(" of ")[0] for line in text.splitlines() if line and line[0] != " "]
    assert heads[: len(SECTIONS)] == SECTIONS
    assert status == 0 and text.endswith("Able to run.\n")
    for fact in (
        r"commit +([0-9a-f]{12}|unknown)",
        r"version +CPython 3\.\d+\.\d+",
        r"as pinned +\d+ of \d+",
        r"flags +.*avx2 (yes|no)|unknown on this system",
        r"memory +[\d.]+ GiB",
        r"OMP_NUM_THREADS +1 \(the shell's '8' is overruled\)",
        r"torch +2\.",
        r"results/ +[\d.]+ [GM]iB free of",
        r"writable +yes",
        r"lock +none",
        r"valid: 17 cells, 20 runs",
        r"decisions +v\d+:[0-9a-f]{10}",
    ):
        assert re.search(fact, text), fact


@pytest.mark.xdist_group("healthy")
def test_it_gives_away_neither_the_environment_nor_places_outside_the_project(healthy, tmp_path):
    text, _ = healthy
    for secret in ("sesame", "MY_TOKEN", str(Path.home()) + "/", os.uname().nodename + "."):
        assert secret not in text


def test_without_any_package_it_names_each_and_the_command_that_installs_them(tmp_path):
    text, status = examined(tmp_path, options=["-S", "-E"])
    assert status == 1
    assert re.search(r"missing +torch 2\.", text) and re.search(r"missing +snakemake 9\.", text)
    assert re.search(
        r"\d+ packages are missing, named above\n +rm -f .venv/installed; make .venv/installed",
        text,
    )
    assert text.endswith("Not able to run: mend what is named above.\n")


def test_what_a_killed_run_left_and_what_cannot_be_written_are_told(tmp_path):
    for name in ("locks", "incomplete"):
        (tmp_path / ".snakemake" / name).mkdir(parents=True)
        (tmp_path / ".snakemake" / name / "one").touch()
    (tmp_path / "results").touch()
    (tmp_path / "study.yaml").write_text("seed: x\n")
    text, status = examined(tmp_path, "study.yaml")
    assert status == 1
    assert "if none is going on: make resume" in text
    assert "results: this is a file; allowed: a folder" in text
    assert re.search(r"study.yaml: \d+ problems\n +name: missing", text)


def test_a_slurm_without_accounting_is_warned_of(tmp_path):
    said = {
        "sinfo": 'case "$1" in --version) echo slurm 1.2;; *) echo "main up, 2 nodes";; esac',
        "scontrol": 'echo "AccountingStorageType = accounting_storage/none"',
        "sacct": "exit 1",
    }
    for name, line in said.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    config = str(ROOT / "config.yaml")
    text, _ = examined(tmp_path, config, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert re.search(r"version +slurm 1.2\n +partition +main up, 2 nodes\n +accounting +none", text)
    assert "would wait for ever for it\n    slurm-status-command: squeue" in text
