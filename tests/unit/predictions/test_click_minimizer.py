"""Predictions of clicks against fits, and against what is known of them exactly."""

import numpy as np
import pytest

from cells import click_places, click_spec, draw_clicks
from twotower.data import catalogue, clicks
from twotower.evaluation.click_risks import click_risks
from twotower.predictions import table
from twotower.predictions.targets.click_minimizer import click_minimizer
from twotower.study import arms
from twotower.towers import training_job

SEED, N, REPLICATES = 11, 4096, 3
SPEC = click_spec(128, smoothness=2.0)
CELL = SPEC | {"depth": 1, "width": {"schedule": "fixed", "units": 16}, "click_batch": 256}
PLACE = click_places(SEED, SPEC, REPLICATES)
TARGETS = PLACE[2]


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    return draw_clicks(PLACE, N)


def risks(arm: str, data: dict[str, np.ndarray], cell: dict = CELL) -> dict[str, np.ndarray]:
    spec = {
        "seed": SEED, "cell": cell, "arm": arm, "gpu": False,
        "settings": {"output_steps": 60, "joint_steps": 15},
        "precision": "float64", "sample_sizes": [N], "certificate_sizes": [],
        "certificate_replicates": 0,
    }  # fmt: skip
    [result] = training_job.train(spec, data, range(REPLICATES))
    [row] = click_risks(result.tensors, clicks.draw_test(*PLACE, 1024))
    return row


def predicted(arm: str, sizes: list[int], cell: dict = CELL) -> np.ndarray:
    """[replicates, sizes]."""
    found = [click_minimizer(SEED, cell, arm, each, r, sizes) for r, each in TARGETS.items()]
    return np.array([each.risk for each in found])


def test_the_full_softmax_has_the_predicted_risk(data):
    ratio = risks(arms.SOFTMAX_FULL, data)["risk"] / predicted(arms.SOFTMAX_FULL, [N])[:, 0]
    assert np.exp(np.log(ratio).mean()) == pytest.approx(1.0, abs=0.3)


def test_without_the_correction_the_risk_is_its_floor_and_with_the_wrong_sign_far_above(data):
    wide = CELL | {"width": {"schedule": "fixed", "units": 64}}
    row = risks(arms.SOFTMAX_FULL_RAW, data, wide)
    estimated = risks(arms.SOFTMAX_FULL, data, wide)["risk"]
    assert row["risk"] == pytest.approx(row["floor_full"] + estimated, rel=0.1)
    due = predicted(arms.SOFTMAX_FULL_RAW, [N], wide)[:, 0]
    assert row["risk"] == pytest.approx(due, rel=0.1)
    wrong = data | {"catalogue_log_popularity": -data["catalogue_log_popularity"]}
    assert (risks(arms.SOFTMAX_FULL, wrong)["risk"] > 1.5 * row["floor_full"]).all()


def test_candidates_of_a_batch_tell_less_by_what_the_batch_lacks():
    """What is estimated costs B/(B − 1) times as much; what units cannot express costs the same."""
    sizes = [N, 64 * N]
    full = click_minimizer(SEED, CELL, arms.SOFTMAX_FULL, TARGETS[0], 0, sizes)
    for batch in (2, 16):
        cell = CELL | {"click_batch": batch}
        found = click_minimizer(SEED, cell, arms.SOFTMAX_BATCH, TARGETS[0], 0, sizes)
        ratio = (found.risk - found.lost) / (full.risk - full.lost)
        assert ratio[1] == pytest.approx(batch / (batch - 1), rel=0.01)


def test_what_is_estimated_falls_like_one_over_n_at_a_fixed_width():
    found = click_minimizer(SEED, CELL, arms.SOFTMAX_FULL, TARGETS[0], 0, [N, 16 * N])
    estimated = found.risk - found.lost
    assert estimated[0] / estimated[1] == pytest.approx(16.0, rel=0.05)


def test_one_prediction_draws_its_catalogue_once(monkeypatch):
    """The truth and the clicks are of one catalogue, whose shares cost most of a small sample."""
    drawn, shares = [], catalogue._log_share
    monkeypatch.setattr(catalogue, "_log_share", lambda *given: drawn.append(1) or shares(*given))
    click_minimizer(SEED, CELL, arms.SOFTMAX_FULL, TARGETS[0], 0, [64, 128])
    assert len(drawn) == 1


def test_a_table_of_clicks_holds_what_is_due_on_each_target():
    shared = (CELL, arms.SOFTMAX_FULL, [64, 128], range(REPLICATES))
    found = table.of_clicks(SEED, SPEC, *shared)
    due = predicted(arms.SOFTMAX_FULL, [64, 128])
    assert found["predicted_risk"].tolist() == due.T.ravel().tolist()
    assert found["replicate"].tolist() == [*range(REPLICATES)] * 2
