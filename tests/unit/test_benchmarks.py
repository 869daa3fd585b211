"""Benchmarks measure what they say: planted moves are found, wrong contestants are refused."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cells import sample
from twotower.towers import training
from twotower.towers.objectives import SquaredError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def planted(folder, moved=0.0, factor=1.0, verdict="holds", cell="a"):
    """Results of two cells: the second one's slope moved, and its risks multiplied."""
    rates, risks = folder / "results/rates/smoothness", folder / "results/tables"
    rates.mkdir(parents=True)
    risks.mkdir()
    cells = [f"{cell}1", f"{cell}2"]
    setting = {"experiment": "smoothness", "cell": cells, "smoothness": [1, 2], "arm": "erm"}
    slopes = {
        "n_min": 8,
        "slope": [-0.5, -0.7 + moved],
        "slope_low": -1.0,
        "slope_high": [0.0, 1.0],
    }
    pd.DataFrame(setting | slopes).to_csv(rates / "rates.csv", index=False)
    fits = pd.DataFrame(setting).merge(pd.DataFrame({"replicate": range(4)}), how="cross")
    risk = np.exp(fits.replicate) * np.where(fits.smoothness == 2, factor, 1.0)
    fits = fits.assign(start="used", n_ratings=64, width=4, risk=risk)
    fits = fits[[*setting, "start", "n_ratings", "width", "replicate", "risk"]]
    fits.to_csv(rates / "risks.csv", index=False)
    pd.DataFrame({"claim": ["1", "2"], "verdict": [verdict, ""]}).to_csv(
        risks / "claims.csv", index=False
    )
    return folder


def test_moved_slopes_risks_and_verdicts_are_found(tmp_path):
    from against_results import compared

    old = planted(tmp_path / "old")
    same = compared(old, planted(tmp_path / "same", cell="b"))
    assert "interval: none" in same and "the same for all 2 claims" in same
    assert "| erm | 2 | 0.000 | 0.000 | +0.0000 |" in same
    other = compared(old, planted(tmp_path / "other", 0.5, 1.1, "fails"))
    assert "| erm | 2 | 0.250 | 0.125 | +0.2500 |" in other
    assert "| smoothness | a2 | erm | -0.700 | -0.200 | 0.25 |" in other
    assert "| smoothness | erm | 8 | +0.0477 | +0.0000 | +0.0953 |" in other  # ln(1.1) / 2
    assert "| 1 | holds | fails |" in other


def test_a_job_notes_the_processor_time_of_its_rule(tmp_path):
    from against import HOOK, TIMES

    (tmp_path / "sitecustomize.py").write_text(HOOK)
    kept = os.environ | {"PYTHONPATH": str(tmp_path), TIMES: str(tmp_path / "times")}
    job = "class snakemake: rule = 'train'\nwhile __import__('time').process_time() < 0.3: pass"
    for program in (job, job, "pass"):
        subprocess.run([sys.executable, "-c", program], env=kept, check=True)
    lines = [line.split() for line in (tmp_path / "times").read_text().splitlines()]
    assert [rule for rule, _ in lines] == ["train", "train"]
    assert all(0.3 <= float(seconds) < 0.5 for _, seconds in lines)


def test_contestants_that_compute_something_else_are_refused(monkeypatch):
    from rivals import problems, steps, torch_steps

    problem = problems.random_problem(32, 4, 2, torch.float64)
    seconds, _, _ = steps.times(problem, "float64", None, rounds=1, seconds=0.001)
    assert seconds.keys() == {steps.OURS, steps.PLAIN, steps.VMAP}
    right = torch_steps.vmap_answer
    monkeypatch.setattr(
        torch_steps, "vmap_answer", lambda a: (right(a)[0], right(a)[1] * (1 + 1e-8))
    )
    with pytest.raises(ValueError, match=r"torch\.func\.vmap and this project differ by"):
        steps.times(problem, "float64", None, rounds=1, seconds=0.001)


def test_other_optimizers_see_the_loss_and_its_slope_as_this_project_does():
    """The dense Jacobian gives the gradient, least-squares outputs leave none, and losses fall."""
    from rivals import optimizers

    data = sample(range(2), 300, dim=2)
    start = training.random_towers(data)
    one = [side[:1] for side in data.pairs]
    rows = start.flat()[:1]
    like = start.unflat(rows)
    error = SquaredError(like, *one)
    arrays = [side[0].numpy() for side in one]
    jacobian, residuals = optimizers._jacobian(like, *arrays)
    slope = 2 * jacobian.T @ residuals / len(residuals)
    np.testing.assert_allclose(slope, error(rows)[1][0].numpy(), rtol=1e-9, atol=1e-12)

    found = torch.from_numpy(optimizers._outputs(*arrays, like, 0))
    like.user[-1][0][0], like.user[-1][1][0] = found[:-1], found[-1:]
    slopes = like.unflat(error(like.flat())[1]).user[-1]
    assert max(float(part.abs().max()) for part in slopes) < 1e-6

    closed = training.closed_form(data, 2)
    ways = ("quasi_newton", "renewed", "alternating", "projected", "levenberg_marquardt")
    for name in ways:
        losses, seconds = getattr(optimizers, name)(data, closed, 70)
        assert losses.shape == (71, 2) and seconds.shape == (71,), name
        assert (losses[-1] < losses[0]).all() and (np.diff(seconds) >= 0).all(), name
