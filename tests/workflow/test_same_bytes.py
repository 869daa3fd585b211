"""The same study gives the same bytes, wherever and however it runs, and after a crash."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

from safetensors.numpy import load_file

from twotower.audits.vary import variations, varied_runs

DEADLINE = 120.0


def different(one, two):
    """Paths that only one of the two has, or whose bytes differ."""
    return sorted(path for path in one.keys() | two.keys() if one.get(path) != two.get(path))


def names_of_first_cell(finished):
    """The finished run's row ids of the cell that the fixture `alone` holds: runs, data set."""
    rows = finished.index(smoothness="1")
    (data,) = {row["data"] for row in rows}
    return [row["run"] for row in rows], data


def test_folder_cores_and_environment_do_not_matter(finished, elsewhere, tmp_path):
    """All at once what `make audit-vary` varies without touching code or study.

    The environment lies below a folder with spaces and an apostrophe, as README's .venv would.
    """
    assert {" ", "'"} <= set(str(elsewhere.python))
    told = "import sys; print(sys.executable)"
    asked = subprocess.run([elsewhere.python, "-c", told], capture_output=True, encoding="utf-8")
    assert asked.stdout.strip() == str(elsewhere.python)
    varied = variations.together()
    odd = varied.variables | {"PYTHONPATH": str(varied_runs.backwards(tmp_path / "backwards"))}
    environment = elsewhere.environment(**odd)
    elsewhere.run_study(*varied.options, env=environment, umask=varied.umask)
    was, now = finished.made(), elsewhere.made()
    assert [path for path in different(was, now) if not path.startswith("records/")] == []
    before, there = environments(was), environments(now)
    for each in there:
        assert each["startup"].pop("sitecustomize")["of"] == ""  # by which folders were listed so
    assert before == there


def environments(made):
    """The recorded ones, in an order that does not depend on their names."""
    found = [json.loads(text) for path, text in made.items()
             if path.startswith("records/environments/")]  # fmt: skip
    return sorted(found, key=lambda each: (each["threads"] is None, str(each)))


def test_a_cell_alone_in_small_jobs_gives_the_same_numbers(finished, alone):
    """Neither the cells around it nor how many replicates share a job change a cell's risks."""
    runs, data = names_of_first_cell(finished)
    alone.edit("study.yaml", "replicates_per_job: 2", "replicates_per_job: 1")
    risks = [f"risks/{run}.csv" for run in runs] + [f"risks/reference-{data}.csv"]
    alone.run_study(*(f"results/{path}" for path in risks))
    whole, parts = finished.made(), alone.made()
    of_blocks = ("runs/", "references/", "records/r")  # records name the blocks that were read
    shared = [path for path in parts if not path.startswith(of_blocks)]
    assert set(risks) < set(shared)
    assert [path for path in shared if parts[path] != whole[path]] == []
    for run in runs:
        together = load_file(finished.folder / f"results/runs/{run}/0.safetensors")
        for block in (0, 1):
            single = load_file(alone.folder / f"results/runs/{run}/{block}.safetensors")
            assert single.keys() == together.keys()
            for name, tensor in single.items():
                assert tensor.tobytes() == together[name][block : block + 1].tobytes(), name


def test_a_killed_run_is_taken_up_again(finished, alone):
    """kill -9 of Snakemake and its jobs in the middle of training; then unlock and run again."""
    runs, data = names_of_first_cell(finished)
    risks = [f"results/risks/{run}.csv" for run in runs]
    alone.python = sys.executable  # the signal goes to a group of processes
    arguments = alone.command(*risks, "--config", "study=study.yaml")
    run = subprocess.Popen(
        arguments,
        cwd=alone.folder,
        env=alone.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: any(alone.folder.glob("results/logs/train/*.log")), run)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=DEADLINE)
    assert not any(alone.folder.glob("results/risks/*.csv")), "killed too late to show anything"

    locked = alone.snakemake(*risks, "--config", "study=study.yaml")
    assert locked.returncode != 0
    assert "--unlock" in locked.stderr
    assert alone.snakemake("--unlock", "--config", "study=study.yaml").returncode == 0
    alone.run_study(*risks)
    whole, again = finished.made(), alone.made()
    assert {path.removeprefix("results/") for path in risks} <= again.keys()
    of_the_run = [path for path in alone.of_runs() if "/runs/" in path]
    assert len(of_the_run) == 1, "the same run, killed or not, has one record"
    assert [p for p in again if again[p] != whole.get(p) and p not in of_the_run] == []
    assert any(path.startswith("runs/") and path.endswith(".safetensors") for path in again)
    assert f"data/{data}/ratings.safetensors" in again


def wait_for(condition, process):
    """Return when `condition` holds; fail if the process ends first or time runs out."""
    until = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until, "the run did not get so far in time"
        time.sleep(0.02)


def test_risks_are_finite_and_of_every_replicate(finished):
    """Equal bytes would be worth nothing if the tables were empty."""
    with open(finished.folder / "results/rates/smoothness/risks.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    used = [row for row in rows if row["start"] == "used"]
    assert len(used) == 2 * 3 * 2 * 2  # cells, arms with the reference, sizes, replicates
    assert all(0 < float(row["risk"]) < 100 for row in rows)
