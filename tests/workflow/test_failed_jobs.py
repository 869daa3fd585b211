"""A failed job is told with its rule, its settings in words and its log, however it ended."""

import os
import re
import signal
import subprocess
import sys
import time

SHAPE = "β = 1, d = 1, D = 1, depth 1, width 8; n = 64 to 512; replicates 0 to 1"
KILLED = """
import os, signal
from twotower.records import job_log
job_log.start(snakemake.log[0])
if snakemake.params.spec["arm"] == "erm":
    print("n = 64", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_jobs_are_named_in_words_at_once_and_at_the_end(alone):
    """One killed in its work and one before it wrote a line; both twice, since they are retried."""
    (alone.folder / "scripts/towers/train.py").write_text(KILLED, encoding="utf-8")
    arguments = ("--until", "train", "--keep-going", "--retries", "1")
    done = alone.snakemake(*arguments, "--config", "study=study.yaml")
    assert done.returncode == 1
    for arm, end in (("erm", "it stops in the middle"), ("adam", "it is empty")):
        for attempt in ("", r" \(attempt 2\)"):
            told = re.search(
                rf"^Job failed{attempt}: train, run (\w+), block 0\n"
                rf"  settings: {arm}, {SHAPE}\n"
                rf"  log: (results/logs/train/\1-0.log)\n(?:    n = 64\n)?  {end}, so the job was",
                done.stderr,
                re.MULTILINE,
            )
            assert told, done.stderr
        assert f"  train, run {told[1]}, block 0 ({arm}, {SHAPE}): {told[2]}\n" in done.stderr
    assert "2 jobs failed; what each said stands above" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_job_that_succeeds_when_retried_is_told_once_and_not_at_the_end(alone):
    script = alone.folder / "scripts/data/generate_test_pairs.py"
    once = 'import pathlib\nif not pathlib.Path("tried").exists():\n'
    once += '    pathlib.Path("tried").touch()\n    raise SystemExit("the node went away")\n'
    script.write_text(once + script.read_text(encoding="utf-8"), encoding="utf-8")
    arguments = ("--until", "generate_test_pairs", "--retries", "1")
    done = alone.snakemake(*arguments, "--config", "study=study.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Job failed: generate_test_pairs, data ") == 1
    assert "jobs failed" not in done.stderr and "job failed;" not in done.stderr


SLEEPY = """
from pathlib import Path
from twotower.records import job_log
job_log.start(snakemake.log[0])
Path("asleep").touch()
import time
time.sleep(60)
"""


def test_ctrl_c_is_no_failure(alone):
    """As a terminal does it: the signal goes to Snakemake and to its jobs."""
    alone.python = sys.executable  # the signal goes to a group of processes
    (alone.folder / "scripts/towers/train.py").write_text(SLEEPY, encoding="utf-8")
    run = subprocess.Popen(
        alone.command("--until", "train", "--cores", "1", "--config", "study=study.yaml"),
        cwd=alone.folder,
        env=alone.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 120
    while not (alone.folder / "asleep").exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    told, _ = run.communicate(timeout=60)
    assert run.returncode == 1, told
    assert "Stopped. Finished jobs are kept" in told
    assert "ailed" not in told and "Error" not in told and "Traceback" not in told
    (log,) = (alone.folder / "results/logs/train").glob("*.log")
    assert log.read_text(encoding="utf-8").startswith("Stopped by Ctrl-C.")
