"""The program for a card is tried without one: on small sizes, on the CPU and on a fake card.

No card was used here. What the fake one shows is that no part mixes devices, or ends in an error.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fake_card import Card
from twotower.study import arms
from twotower.towers import cards

ROOT = Path(__file__).parents[2]
FITS = 2 * len(arms.TOWER_ARMS)  # of both precisions
PARTS = ["right", "bits", "waits", "cell", "batch", "steps"]


@pytest.fixture
def gpu(monkeypatch):
    """The program as a module."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import gpu

    monkeypatch.setattr(gpu.speed, "jax_python", lambda given: None)
    return gpu


def ran(gpu, monkeypatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["gpu.py", *words])
    return gpu.main()


@pytest.fixture
def a_card(monkeypatch):
    """What the program asks of CUDA, answered as a machine with one card would."""
    for name in ("take", "check"):
        monkeypatch.setattr(cards, name, lambda count: None)
    answers = {
        "is_available": True,
        "get_device_name": "a card that is not there",
        "synchronize": None,
        "reset_peak_memory_stats": None,
        "max_memory_allocated": 1 << 30,
        "set_sync_debug_mode": None,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    with Card() as card:
        yield card


def test_without_a_card_it_says_so_in_a_line():
    program = ROOT / "benchmarks/gpu.py"
    made = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert made.returncode == 3 and made.stdout == ""
    assert made.stderr.startswith("No CUDA card is here") and made.stderr.count("\n") == 1


def test_every_part_runs_on_the_cpu_when_asked(gpu, monkeypatch, capsys):
    assert ran(gpu, monkeypatch, "--on", "cpu", "--only", *PARTS) == 0
    told = capsys.readouterr().out
    assert told.startswith("No card was used: these figures mean nothing; commit ")
    assert told.count("\n### ") == len(PARTS) and "JAX is not installed" in told
    assert told.count("| right |") == 9 + FITS and "WRONG" not in told


def test_every_part_runs_on_a_card_that_is_not_there(gpu, monkeypatch, capsys, a_card):
    monkeypatch.setattr(gpu, "Scale", gpu.small)
    assert ran(gpu, monkeypatch, "--only", *PARTS) == 0
    told = capsys.readouterr().out
    assert told.startswith("a card that is not there, CUDA ")
    assert told.count("| right |") == 9 + FITS and told.count("| none |") == len(arms.TOWER_ARMS)
    assert a_card.waits["linalg_solve"] > 0


def test_wrong_numbers_end_with_a_status(gpu, monkeypatch, capsys):
    checks = gpu.checks
    made, device = checks.fitted, []

    def spoiled(*arguments, **more):
        fit = made(*arguments, **more)
        device.append(1)
        if len(device) % 2:
            fit.training_loss.mul_(1.1)
            fit.towers.user[0][0].mul_(1.1)
        return fit

    monkeypatch.setattr(checks, "fitted", spoiled)
    assert ran(gpu, monkeypatch, "--on", "cpu", "--only", "right", "bits") == 1
    told = capsys.readouterr().out
    assert told.count("| WRONG |") == FITS and "WRONG: other bits" in told


def test_what_has_no_time_left_is_skipped_and_said(gpu, monkeypatch, capsys):
    def slow():
        yield "| a row |"
        while True:
            pass

    assert gpu.measured(slow(), 0.05)
    assert "| a row |\n\nSkipped from here on: its 0 s are over." in capsys.readouterr().out
    assert ran(gpu, monkeypatch, "--on", "cpu", "--only", "bits", "--most", "1") == 0
    assert "Skipped: the 1 s are over." in capsys.readouterr().out
    assert not gpu.measured(iter([f"| WRONG: {'no order'} |"]), 1)
