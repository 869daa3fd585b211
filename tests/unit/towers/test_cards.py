"""Each process gets a card of its own; a killed one gives its card back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
TAKER = "from twotower.towers import cards; print(cards.take({count}), flush=True); input()"
JOB = """
import os, torch
shown = []
def started():  # CUDA reads the variable once, as it starts
    shown or shown.append({starts})
    return shown[0]
torch.cuda._is_compiled = lambda: True
torch.cuda._raw_device_count_nvml = lambda: {driver}
torch._C._cuda_getDeviceCount = started
from twotower.towers import training_job
training_job.device_for(False)
device = training_job.device_for(True)
print(device.type, os.environ["CUDA_VISIBLE_DEVICES"], started(), flush=True)
training_job.device_for(True)
input()
"""
"""A training job's process on a machine of two pretended cards, with torch's own count of them."""
SEEN = {"driver": 2, "starts": "torch.cuda._device_count_nvml()"}


@pytest.fixture
def takers(tmp_path):
    """A function that starts a process which takes a card and holds it; all are killed after."""
    started = []

    def start(count, text=TAKER, **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CUDA_", "SLURM_"))}
        process = subprocess.Popen(
            [sys.executable, "-c", text.format(count=count) if text == TAKER else text],
            env=clean | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(SCRIPTS)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
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
    assert third.stdout.readline() == "Waiting for a card: other jobs hold 0, 1.\n"
    with pytest.raises(subprocess.TimeoutExpired):
        third.wait(2)
    first.kill()
    assert third.stdout.readline().strip() in cards


def test_only_visible_cards_are_taken(takers):
    visible = {"CUDA_VISIBLE_DEVICES": "3,GPU-5"}
    assert takers(2, **visible).stdout.readline() == "3\n"
    assert takers(2, **visible).stdout.readline() == "GPU-5\n"


def test_jobs_in_one_slurm_allocation_share_out_its_cards_and_no_others(takers):
    two = {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "2,3"}
    assert [takers(2, **two).stdout.readline() for _ in range(2)] == ["2\n", "3\n"]
    one = {"SLURM_JOB_ID": "8", "CUDA_VISIBLE_DEVICES": "2"}  # another card, by that number
    assert takers(1, **one).stdout.readline() == "2\n"
    steps = [two | {"SLURM_STEP_GPUS": gpus, "CUDA_VISIBLE_DEVICES": "0"} for gpus in "56"]
    assert [takers(1, **step).stdout.readline() for step in steps] == ["0\n", "0\n"]


def test_without_cards_none_is_taken(takers):
    assert takers(0).stdout.readline() == "\n"
    assert takers(0, CUDA_VISIBLE_DEVICES="").stdout.readline() == "\n"


@pytest.mark.parametrize("slurm", [{}, {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "0,1"}])
def test_training_jobs_at_once_see_one_card_each_and_a_killed_one_frees_its_card(takers, slurm):
    text = JOB.format(**SEEN)
    jobs = [takers(0, text, **slurm) for _ in range(3)]
    said = {job: job.stdout.readline() for job in jobs}
    waiting = [job for job in jobs if said[job].startswith("Waiting for a card")]
    training = [job for job in jobs if job not in waiting]
    assert sorted(said[job] for job in training) == ["cuda 0 1\n", "cuda 1 1\n"]
    training[0].kill()
    assert waiting[0].stdout.readline() == said[training[0]]


def test_a_job_that_sees_cards_of_others_is_refused(takers):
    """As where NVIDIA's library is missing, and counting the cards starts CUDA."""
    job = takers(0, JOB.format(driver=-1, starts=2))
    assert (
        "CardError: this job took the card 0, but CUDA shows 2 cards; set" in job.communicate()[0]
    )
