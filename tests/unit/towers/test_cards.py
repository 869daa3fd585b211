"""Each process gets a card of its own; a killed one gives its card back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
TAKER = "from twotower.towers import cards; print(cards.take({count}), flush=True); input()"


@pytest.fixture
def takers(tmp_path):
    """A function that starts a process which takes a card and holds it; all are killed after."""
    started = []

    def start(count, **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CUDA_", "SLURM_"))}
        process = subprocess.Popen(
            [sys.executable, "-c", TAKER.format(count=count)],
            env=clean | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(SCRIPTS)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_jobs_get_two_cards_and_a_third_waits_for_one(takers):
    first, second = takers(2), takers(2)
    cards = {first.stdout.readline().strip(), second.stdout.readline().strip()}
    assert cards == {"0", "1"}
    third = takers(2)
    with pytest.raises(subprocess.TimeoutExpired):
        third.wait(2)
    first.kill()
    assert third.stdout.readline().strip() in cards


def test_only_visible_cards_are_taken(takers):
    visible = {"CUDA_VISIBLE_DEVICES": "3,GPU-5"}
    assert takers(2, **visible).stdout.readline() == "3\n"
    assert takers(2, **visible).stdout.readline() == "GPU-5\n"


def test_slurm_and_machines_without_cards_choose_themselves(takers):
    assert takers(0).stdout.readline() == "\n"
    slurm = {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "0"}
    assert [takers(1, **slurm).stdout.readline() for _ in range(2)] == ["\n", "\n"]
