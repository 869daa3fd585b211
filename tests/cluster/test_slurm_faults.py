"""What fails on a cluster is tried again, with more, and named; the bytes do not change."""

import contextlib
import os
import signal
import subprocess

import pytest

pytestmark = pytest.mark.xdist_group("cluster")

FIRST_TRY = """
import time
from pathlib import Path
tried = Path(f"tried-{snakemake.wildcards.run}-{snakemake.wildcards.block}")
first_try = not tried.exists()
with tried.open("a") as file:
    file.write(f"{snakemake.resources.mem_mb} {snakemake.resources.runtime}\\n")
"""
MISBEHAVE = """
if first_try and snakemake.wildcards.run + snakemake.wildcards.block == "{greedy}":
    held = bytearray(3 * 10**9)
    held[::4096] = b"x" * len(held[::4096])
if first_try:
    time.sleep(600)
"""
STOP_AFTER_TWO_FITS = """
import os
from twotower.towers import training_job
def stopped(*arguments, train=training_job.train):
    for count, result in enumerate(train(*arguments), start=1):
        yield result
        if first_try and count == 2:
            Path("sleeping").write_text(str(os.getpid()))
            time.sleep(600)
training_job.train = stopped
"""


def target(job):
    return f"results/runs/{job[0]}/{job[1]}.safetensors"


def comment(job):
    return f"rule_train_wildcards_{job[0]}_{job[1]}"


def asked(cluster, job):
    """Memory and runtime that each attempt of a training job had asked for."""
    lines = (cluster.project.folder / "tried-{}-{}".format(*job)).read_text().splitlines()
    return [tuple(map(int, line.split())) for line in lines]


def assert_same_bytes(cluster, here, *jobs):
    for job in jobs:
        made = (cluster.project.folder / target(job)).read_bytes()
        assert made == (here.folder / target(job)).read_bytes()


def errors(printed, job):
    """What Snakemake printed of a training job's failures, one block each."""
    blocks = printed.split("\nError in rule ")[1:]  # those further in are quoted from Slurm's logs
    blocks = [block.partition("Trying to restart")[0] for block in blocks]
    return [block for block in blocks if target(job) in block]


def test_killed_and_cancelled_jobs_ask_for_more_and_are_named(cluster, here):
    """Of three training jobs one is over its memory, one over its time, one is cancelled."""
    greedy, slow, cancelled = jobs = cluster.trained()[:3]
    cluster.prelude(FIRST_TRY + MISBEHAVE.format(greedy="".join(greedy)))
    cluster.project.edit(  # a minute at the first attempt, so that this test takes no longer
        "scripts/twotower/cost/requests.py", "_LEAST_MINUTES = 5, 5", "_LEAST_MINUTES = 0, 1"
    )
    run = cluster.start(*map(target, jobs))
    tried = cluster.project.folder / "tried-{}-{}".format(*cancelled)
    cluster.wait_for(tried.exists, run)
    (first,) = cluster.jobs(comment(cancelled))
    subprocess.run(["scancel", str(first["id"])], check=True, timeout=60)
    printed = cluster.finish(run)
    for job, state in ((greedy, "FAILED"), (slow, "TIMEOUT"), (cancelled, "CANCELLED")):
        assert [one["state"] for one in cluster.jobs(comment(job))] == [state, "COMPLETED"]
        (memory, runtime), again = asked(cluster, job)
        assert again == (2 * memory, 2 * runtime)
        (error,) = errors(printed, job)
        assert error.startswith("train:")
        assert f"SLURM status is: '{state}'" in error
        assert f"Job failed: train, run {job[0]}, block {job[1]}\n  settings: " in printed
    assert_same_bytes(cluster, here, *jobs)


@pytest.fixture
def node_back(cluster):
    """Afterwards the node is up again, and what slept on it ends: Slurm has lost sight of it."""
    yield
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((cluster.project.folder / "sleeping").read_text()), signal.SIGKILL)
    command = ["scontrol", "update", "nodename=n1", "state=resume"]
    subprocess.run(command, check=False, timeout=60)


def test_a_node_that_goes_down_costs_no_finished_fit(cluster, here, node_back):
    """The job had finished two fits and was at the third; it goes on from there."""
    job = cluster.trained()[0]
    cluster.prelude(FIRST_TRY + STOP_AFTER_TWO_FITS)
    run = cluster.start(target(job))
    log = cluster.project.folder / "results/logs/train/{}-{}.log".format(*job)
    cluster.wait_for(lambda: log.exists() and log.read_text().count("\nn = ") >= 1, run)
    (first,) = cluster.jobs(comment(job))
    down = ["scontrol", "update", f"nodename={first['nodes']}", "state=down", "reason=test"]
    subprocess.run(down, check=True, timeout=60)
    printed = cluster.finish(run)
    assert [one["state"] for one in cluster.jobs(comment(job))] == ["NODE_FAIL", "COMPLETED"]
    assert "node failure" in errors(printed, job)[0]
    assert "2 finished fits are taken over" in log.read_text()
    assert_same_bytes(cluster, here, job)
