"""The risk due of the minimizer beside that of real fits, which know nothing of it."""

import math

import numpy as np
import pytest
import torch

from cells import WIDTH, data_spec, draw_replicates, job
from twotower.predictions import table
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets.minimizer import minimizer
from twotower.towers import networks, training_job
from twotower.towers.weights import fits_in


@pytest.mark.parametrize(
    ("data", "n", "constant"),
    [(data_spec(), 2048, 1.0), (data_spec(2), 2048, 1.0), (data_spec(noise_sd=0.3), 1024, 2.0)],
)
def test_small_fits_have_the_risk_that_is_due(data, n, constant):
    replicates = range(6)
    _, train, test = draw_replicates(1, data, replicates, n, 8192)
    spec = job(data, sizes=(n // 2, n), certificate_size=n // 2)
    spec["cell"] |= {"width": WIDTH | {"constant": constant}}
    made = [each for each in training_job.train(spec, train, replicates) if each.start == "used"][
        -1
    ]
    ((_, _, towers, _),) = fits_in(made.tensors)
    covariates = (torch.from_numpy(test[f"{side}_covariates"]) for side in ("user", "item"))
    errors = networks.scores(towers, *covariates).numpy() - test["signal"]
    due = table.of_minimizer(1, data, spec["cell"], [n], replicates)
    assert due["width"].unique().tolist() == [made.width]
    ratio = np.square(errors).mean(axis=1) / due["predicted_risk"]
    assert 0.8 < math.exp(np.log(ratio).mean()) < 1.25


def test_a_component_that_towers_lack_is_lost_whole():
    cell = data_spec(smoothness=2.0) | {"depth": 1, "width": {"schedule": "fixed", "units": 64}}
    _, one = (
        table.of_minimizer(1, data_spec(smoothness=2.0), cell | changes, [1 << 27], range(3))
        for changes in ({}, {"embedding_dim": 1})
    )
    targets, _, _ = draw_replicates(1, data_spec(smoothness=2.0), range(3), 16, 256)
    for target, row in zip(targets, one.itertuples(), strict=True):
        energies = np.linalg.eigvals(target.user.second_moment() @ target.item.second_moment())
        assert row.predicted_risk == pytest.approx(min(energies.real), abs=1e-4)


def test_ratings_without_noise_leave_a_multiple_of_the_approximation_error():
    """With half as many weights as ratings, twice of it: what is left out acts as noise."""
    data = data_spec(noise_sd=0.0)
    cell = data | {"depth": 1, "width": {"schedule": "fixed", "units": 64}}
    [target], _, _ = draw_replicates(1, data, range(1), 16, 256)
    found = minimizer(1, cell, target, 0, [2 * 256 + 1, 1 << 20], RatingLaw(1.0, 0.0))
    assert found.risk / found.lost == pytest.approx([2.0, 1.0], rel=0.01)
