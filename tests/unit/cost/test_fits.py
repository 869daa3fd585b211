"""Operations of fits: the ways that the code takes, what torch counts, and measured seconds."""

import math
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from cells import sample
from twotower.cost.operations import closed_form, evaluations, work
from twotower.cost.operations.arms import ARM_WORK
from twotower.cost.operations.fit_size import FitSize
from twotower.study import arms
from twotower.towers import networks, training
from twotower.towers.closed_form import half_steps
from twotower.towers.closed_form import limits as closed_form_limits
from twotower.towers.closed_form.features import features
from twotower.towers.closed_form.hats import Hats
from twotower.towers.objectives import SquaredError
from twotower.towers.training import Sample

SHAPES = [
    ((1, 1), 1, 2),
    ((2, 2), 1, 2),
    ((1, 2), 1, 2),
    ((1, 1), 2, 2),
    ((2, 17), 1, 2),
    ((1, 1), 1, 9),
]
"""Covariates, hidden layers, components."""


def drawn(n: int, width: int, depth: int, dims: tuple[int, int], rank: int = 2) -> Sample:
    random = torch.Generator().manual_seed(1)
    users, items = (torch.rand(2, n, dim, generator=random).double() for dim in dims)
    return sample(range(2), n, width=width, depth=depth, users=users, items=items, rank=rank)


@pytest.mark.parametrize(("dims", "depth", "rank"), SHAPES)
@pytest.mark.parametrize("width", [8, 151])
def test_ways_are_those_that_the_code_takes(dims, depth, rank, width, monkeypatch):
    """Loops or matrices, hat functions or dense features, kept or not, solved or descended."""
    monkeypatch.setitem(closed_form_limits.KEPT_BYTES, "cpu", 1 << 21)
    given = drawn(600, width, depth, dims, rank)
    towers, fit = training.random_towers(given), FitSize(600, width, depth, dims, rank, 2)
    for sorts in (True, False):
        error = SquaredError(towers, *given.pairs, sorts=sorts)
        way = "fused" if error._sizes else "deep" if error._is_deep else "matrices"
        assert fit.way(sorts) == ("sorted" if error._sorted else way)
    for layers, covariates in ((towers.user, given.users), (towers.item, given.items)):
        hidden = [(weight.double(), bias.double()) for weight, bias in layers[:-1]]
        made = features(hidden, covariates, keep=True)
        assert fit.features == made.size
        assert fit.by_hats(covariates.shape[2]) == isinstance(made, Hats)
        if not isinstance(made, Hats):
            assert fit.keeps_features == made._keep
            assert fit.is_solved == (made.size <= half_steps.SOLVED_SIZE)
            assert math.ceil(fit.feature_chunks) == len(list(made.chunks()))


@pytest.mark.parametrize(("n", "width", "depth", "dim"), [(1024, 16, 1, 1), (512, 8, 3, 10)])
def test_products_are_those_that_torch_counts(n, width, depth, dim):
    """The matrix path, which wide towers, the pairwise loss and cards take."""
    given, dims = drawn(n, width, depth, (dim, dim)), (dim, dim)
    towers = training.random_towers(given)
    in_place = {torch.ops.aten.baddbmm_: lambda c, a, b, **_: 2 * a[0] * a[1] * a[2] * b[2]}
    with FlopCounterMode(display=False, custom_mapping=in_place) as counter:
        networks.loss_and_gradient(towers, *given.pairs)
    counted = evaluations.matrix_products(FitSize(n, width, depth, dims, 2, 2), 1)
    assert counted["product"] == pytest.approx(counter.get_total_flops(), rel=0.1)


ROUNDS = {512: 9.9, 1024: 7.7, 2048: 5.8, 4096: 4.3, 8192: 4.0, 16384: 3.0}
"""By n, mean rounds of 43 fits of the standard study's cells that were asked for two."""


def test_rounds_that_follow_those_asked_for_are_counted():
    for n, measured in ROUNDS.items():
        assert closed_form.rounds(2, n) == pytest.approx(measured, rel=0.2)
    assert (closed_form.rounds(1, 512), closed_form.rounds(12, 65536)) == (1, 12)
    fit = FitSize(512, 11, 1, (1, 1), 2, 12)
    assert closed_form.closed_form(fit, 2) == closed_form.closed_form(fit, 10)


FITS = [
    (("erm", (1, 1), 32, 65536, 4, 1), 0.228),
    (("erm", (1, 1), 256, 512, 4, 1), 0.405),
    (("erm", (2, 2), 32, 65536, 4, 1), 1.078),
    (("erm", (2, 2), 256, 8192, 2, 1), 1.096),
    (("erm", (2, 2), 32, 2048, 4, 2), 0.216),
    (("adam", (1, 1), 8, 8192, 4, 1), 0.0096),
    (("adam", (10, 10), 256, 8192, 4, 1), 0.502),
    (("adam", (2, 2), 128, 8192, 4, 2), 2.23),
    (("pairwise", (2, 2), 64, 32768, 4, 1), 5.27),
    (("softmax_full", (1, 1), 32, 16384, 2, 1), 0.897),
    (("softmax_full", (2, 2), 128, 1024, 2, 1), 0.159),
    (("softmax_full", (2, 2), 32, 4096, 2, 2), 0.485),
    (("softmax_batch", (2, 2), 128, 16384, 2, 1), 0.827),
    (("softmax_batch_apart", (1, 1), 32, 16384, 2, 1), 0.533),
    (("bpr", (1, 1), 32, 16384, 2, 1), 0.0788),
    (("softmax_adam", (1, 1), 32, 16384, 2, 1), 0.137),
]
"""Some lines of `make bench-costs`, seconds on a quiet core: arm, covariates, W, n, B, depth."""


@pytest.mark.parametrize(("size", "measured"), FITS)
def test_single_fits_take_what_was_measured(size, measured):
    arm, dims, width, n, batch, depth = size
    settings = {"alternations": 2, "output_steps": 0, "joint_steps": 30, "comparisons": 8}
    settings |= {"steps": 256, "batch_size": 256}
    fit = FitSize(n, width, depth, dims, 2, batch)
    if arm in arms.CLICK_ARMS:
        fit = replace(fit, rank=3, catalogue=512, click_batch=256)
    made = ARM_WORK[arm](fit, settings, False)
    assert 0.5 < work.seconds(made) / measured < 2
