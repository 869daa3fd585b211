"""Folders with odd names: what a shell is given of them starts the Python that lies there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.audits.vary import varied_runs
from twotower.running import doctor, workplace

ODD = [
    "my project",
    "it's",
    'a "b"',
    "$HOME (c)",
    "é & ü;",
    "-x *",
    "`d`",
    "back\\slash {wildcards}",
]


@pytest.mark.parametrize("name", ODD)
def test_a_shell_starts_the_python_of_the_folder(name, tmp_path, monkeypatch):
    """As Snakemake has it: the path without quotes in a line for bash."""
    (tmp_path / name).mkdir()
    python = str(varied_runs.own_environment(tmp_path / name))
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    workplace.start_jobs_by_name()
    line = (
        f"set -euo pipefail;  {sys.executable} -c 'import sys; print(sys.executable, sys.prefix)'"
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == f"{python} {tmp_path / name}/.venv\n"


def test_a_plain_path_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/here/.venv/bin/python3.11")
    before = os.environ["PATH"]
    workplace.start_jobs_by_name()
    assert (sys.executable, os.environ["PATH"]) == ("/opt/here/.venv/bin/python3.11", before)


def test_a_folder_that_cannot_stand_in_path_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/a b:c/bin/python")
    with pytest.raises(workplace.WorkplaceError, match="/opt/a b:c/bin: no job can start a Python"):
        workplace.start_jobs_by_name()


@pytest.mark.parametrize(
    ("text", "odd"),
    [("a$b", r"\$"), ("a`b", "`"), ("a\\b", r"\\"), ("'a\"", "both"), ("a\nb", "a ch")],
)
def test_what_no_job_on_a_cluster_could_be_told_is_refused(text, odd):
    with pytest.raises(workplace.WorkplaceError, match=f"holds {odd}.*, which changes on its way"):
        workplace.check_submitted(["/plain", text])


@pytest.mark.parametrize(
    "text", ["my project", "it's", 'a "b"', "(é) & ;|*", "{x} #1", 'study= "a b" ']
)
def test_what_arrives_on_a_cluster_passes(text):
    """Through a shell, as Snakemake's executor for Slurm quotes it."""
    from snakemake_interface_executor_plugins.utils import format_cli_arg

    workplace.check_submitted([text])
    job = format_cli_arg("printf %s", text)
    wrapped = job.replace('"', '\\"')
    line = f'sh -c "{wrapped}"'
    done = subprocess.run(["sh", "-c", line], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == text


def test_the_doctor_tells_a_snakemake_that_does_not_start(tmp_path, monkeypatch):
    """As pip writes it below `a$b c`, or below a place that the project has left."""
    monkeypatch.chdir(tmp_path)
    starter = tmp_path / ".venv/bin/snakemake"
    starter.parent.mkdir(parents=True)
    notes = {}
    for line in ("#!/bin/sh", "#!/no/such/python"):
        starter.write_text(f"{line}\necho 9\n")
        starter.chmod(0o755)
        notes[line] = [what for what, _ in doctor.snakemake(tmp_path).notes]
    assert notes["#!/bin/sh"] == []
    assert "snakemake does not start" in notes["#!/no/such/python"][0]


def test_jobs_are_led_to_the_library_also_from_a_folder_with_a_colon(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "mine")
    workplace.lead_jobs_to(tmp_path / "scripts")
    assert os.environ["PYTHONPATH"] == f"{tmp_path / 'scripts'}:mine"
    odd = tmp_path / "a:b"
    odd.mkdir()
    monkeypatch.chdir(odd)
    monkeypatch.delenv("PYTHONPATH")
    workplace.lead_jobs_to(odd / "scripts")
    assert os.environ["PYTHONPATH"] == "scripts"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(workplace.WorkplaceError, match="with : in its name; rename the folder"):
        workplace.lead_jobs_to(odd / "scripts")


def test_where_a_file_is_to_go_is_tried_before_the_work(tmp_path, monkeypatch):
    """A folder, a file in the way, a dead link, a pipe, a place where nothing can be made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_text("kept")
    (tmp_path / "dead").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for path, told in {
        ".": "TO=.: this is a folder; allowed: a file; name one in it",
        "old.csv/new.csv": f"TO=old.csv/new.csv: {tmp_path}/old.csv is a file; allowed: a folder",
        "dead": "TO=dead: this is no ordinary file; allowed: one; name another",
        "dead/new.csv": f"{tmp_path}/dead is a link that leads nowhere; allowed: a folder",
        "pipe": "TO=pipe: this is no ordinary file",
        "/proc/none/new.csv": "cannot be written to (No such file or directory); check who may",
    }.items():
        with pytest.raises(workplace.WorkplaceError) as fault:
            workplace.check_written(Path(path), f"TO={path}")
        assert told in str(fault.value)
    for path in ("old.csv", "new.csv", "a/b/new.csv"):
        workplace.check_written(Path(path), path)
    assert sorted(os.listdir()) == ["dead", "old.csv", "pipe"]
    assert (tmp_path / "old.csv").read_text() == "kept"
