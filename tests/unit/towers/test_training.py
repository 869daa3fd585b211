"""Arms and whole jobs: against the reference estimator, in blocks, in both precisions."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cells import SETTINGS, WIDTH, data_spec, draw_replicates, job, sample
from twotower.evaluation.reference_risks import reference_risks
from twotower.evaluation.tower_risks import tower_risks
from twotower.methods import reference
from twotower.study import arms
from twotower.theory.bound import Theory
from twotower.theory.width import units
from twotower.towers import joint_training, networks, training, training_job, weights
from twotower.towers.objectives import SquaredError
from twotower.towers.steps import with_steps


def drawn(spec: dict, replicates: range, test_pairs: int = 64):
    cell = {key: value for key, value in spec["cell"].items() if key not in ("depth", "width")}
    n = max(spec["sample_sizes"])
    return draw_replicates(spec["seed"], cell, replicates, n, test_pairs)[1:]


@pytest.mark.parametrize(("smoothness", "width", "level"), [(2.0, 14, 0.02), (0.5, 90, 0.15)])
def test_erm_comes_close_to_the_reference(smoothness, width, level):
    """The reference knows the support and the basis: twice its risk is a good network."""
    spec = job(data_spec(smoothness=smoothness), sizes=(1024, 8192))
    spec["cell"]["width"] = {"schedule": "fixed", "units": width}
    data, test = drawn(spec, range(4), 8192)
    tensors, losses = {}, {}
    for result in training_job.train(spec, data, range(4)):
        tensors |= result.tensors
        losses[result.start] = result.training_loss[:2].mean()  # the last, at the certificate size
    found = tower_risks(tensors, test)
    used = {row["n_ratings"]: row["risk"].mean() for row in found if row["start"] == "used"}
    best = reference_risks(reference.fit_sizes(data, [1024, 8192], 2), test)
    known = {row["n_ratings"]: row["risk"].mean() for row in best}
    assert used[8192] < 2 * known[8192]
    assert used[8192] < level
    assert used[8192] < used[1024] / 2
    # the certificate: twice the steps, or a start that has seen the truth, change little
    at_size = {row["start"]: row["risk"].mean() for row in found if row["n_ratings"] == 8192}
    assert set(at_size) == {"used", "doubled", "oracle", "noise_free"}
    assert at_size["noise_free"] < 0.7 * at_size["used"]  # what the shape alone leaves
    assert 0.8 < at_size["doubled"] / at_size["used"] < 1.25
    assert 0.75 < at_size["oracle"] / at_size["used"] < 1.25
    assert losses["oracle"] <= losses["doubled"] <= losses["used"]
    assert losses["doubled"] < 1.01 * losses["oracle"]


@pytest.mark.parametrize("depth", [1, 2])
def test_more_joint_steps_never_raise_the_training_loss(depth):
    data = sample(range(3), 400, depth=depth, dim=2)
    towers = training.closed_form(data, 2)
    losses = []
    for steps in (0, 10, 20, 40):
        fit = training.erm(data, {"alternations": 2, "joint_steps": steps})
        losses.append(fit.training_loss)
        assert fit.steps == steps
    start = training.erm(data, {"alternations": 2, "joint_steps": 0}).towers.flat()
    assert torch.equal(start, towers.flat())
    assert all((b <= a).all() for a, b in zip(losses[:-1], losses[1:], strict=True))
    assert (losses[-1] < losses[0]).all()
    doubled = with_steps("erm", {"alternations": 2, "joint_steps": 20}, 2)
    assert torch.equal(training.erm(data, doubled).training_loss, losses[-1])


@pytest.mark.parametrize("precision", [torch.float64, torch.float32])
def test_coordinates_that_are_chosen_anew_lower_a_loss_without_noise(precision):
    """Each block begins at the loss where the one before ended, and together they go lower."""
    data = sample(range(4), 1024, width=16, precision=precision)
    users, items = data.users[..., 0], data.items[..., 0]
    signal = (9 * users).sin() * items.square() + users * (7 * items).cos()
    data = replace(data, ratings=signal)
    start = training.closed_form(data, 2)
    start = start.unflat(start.flat().to(precision))
    error = SquaredError(start, *data.pairs)

    def trained(towers, evaluations, block):
        progress = training.NOTHING
        return joint_training.train(towers, error, error, evaluations, progress, block)

    towers, loss = start, None
    for _ in range(3):
        towers, block = trained(towers, 60, 60)
        assert loss is None or (block <= loss).all()
        loss = block
    together, last = trained(start, 180, None)
    assert torch.equal(together.flat(), towers.flat()) and torch.equal(last, loss)
    _, once = trained(start, 180, 180)
    assert (last / once).log().mean().exp() < 0.97


@pytest.mark.parametrize("n", [16, 400])  # fewer ratings than a minibatch, and more
def test_adam_lowers_the_loss(n):
    data = sample(range(3), n)
    start = training.random_towers(data)
    before = (torch.zeros_like(data.ratings) - data.ratings).square().mean(1)
    fit = training.adam(data, SETTINGS["adam"])
    assert fit.steps == 300
    assert (fit.training_loss < 0.8 * before).all()
    longer = training.adam(data, with_steps("adam", SETTINGS["adam"], 2))
    assert longer.steps == 600
    given = training.adam(data, SETTINGS["adam"], start)
    assert torch.equal(given.towers.flat(), fit.towers.flat())
    assert torch.equal(start.flat(), training.random_towers(data).flat())  # left as it was


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
def test_single_precision_comes_near_double(arm):
    results = {}
    for precision in ("float64", "float32"):
        spec = job(arm=arm, sizes=(512,), precision=precision)
        data, _ = drawn(spec, range(2))
        first = next(r for r in training_job.train(spec, data, range(2)) if r.start == "used")
        weights = first.tensors["000000512/used/user/0/weight"]
        assert weights.dtype == np.dtype(precision)
        results[precision] = first.training_loss
    assert results["float32"] == pytest.approx(results["float64"], rel=0.02)


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
def test_a_job_gives_every_size_in_order_and_further_starts_at_some(arm):
    spec = job(data_spec(1, 2), arm=arm, sizes=(64, 128, 256), certificate_sizes=[128])
    spec["certificate_replicates"] = 1
    data, test = drawn(spec, range(2))
    results = list(training_job.train(spec, data, range(2)))
    assert [(r.n_ratings, r.start) for r in results] == [
        (64, "used"),
        (128, "used"),
        (128, "noise_free"),
        (128, "doubled"),
        (128, "oracle"),
        (256, "used"),
    ]
    theory = Theory(1.0, 1, 2)
    tensors = {}
    other_losses = ("pairwise", *arms.CLICK_ARMS)
    for result in results:
        # the oracle is fitted to more ratings, and without their noise
        fitted, truth = (256, "signal") if result.start == "noise_free" else (None, "ratings")
        rows = slice(fitted or result.n_ratings)
        assert result.width == units(WIDTH, theory, result.n_ratings)
        prefix = f"{result.n_ratings:09d}/{result.start}"
        assert all(name.startswith(prefix + "/") for name in result.tensors)
        count = 2 if result.start == "used" else 1  # replicates
        assert result.tensors[f"{prefix}/user/0/weight"].shape == (count, 1, result.width)
        assert result.tensors[f"{prefix}/item/0/weight"].shape == (count, 2, result.width)
        bound = np.abs(data[truth][:count, rows]).max(axis=1)
        assert np.array_equal(result.tensors[f"{prefix}/bound"], bound)
        tensors |= result.tensors
        if arm in other_losses and result.start != "noise_free":
            continue
        # the loss on file is that of the weights on file
        ((_, _, towers, _),) = weights.fits_in(result.tensors)
        columns = [data[f"{t}_covariates"][:count, rows] for t in ("user", "item")]
        loss, _ = networks.loss_and_gradient(
            towers,
            *(torch.from_numpy(column) for column in columns),
            torch.from_numpy(data[truth][:count, rows]),
        )
        assert result.training_loss == pytest.approx(loss.numpy(), rel=1e-12)
    assert {r.steps for r in results if r.start == "doubled"} == {2 * results[0].steps}
    risks = tower_risks(tensors, test)
    assert sorted((r["n_ratings"], r["start"]) for r in risks) == sorted(
        (r.n_ratings, r.start) for r in results
    )
    losses = {(r.n_ratings, r.start): r.training_loss for r in results}
    for row in risks:
        assert np.array_equal(row["training_loss"], losses[row["n_ratings"], row["start"]])
        assert len(row["risk"]) == len(row["training_loss"])


@pytest.mark.parametrize(
    ("arm", "rank"), [*((arm, 2) for arm in arms.TOWER_ARMS), ("erm", 1), ("adam", 1)]
)
@pytest.mark.parametrize("block", [(2, 4), (3, 4)])
def test_blocks_of_replicates_give_the_numbers_of_the_whole(arm, rank, block):
    """Of one component too, where products of matrices are those of vectors."""
    rows = slice(*block)
    spec = job(data_spec(2) | {"rank": rank}, arm=arm, sizes=(128, 4096), certificate_sizes=[128])
    spec["certificate_replicates"] = 3
    if "joint_steps" in SETTINGS[arm]:
        spec["settings"] = SETTINGS[arm] | {"alternations": 1, "joint_steps": 3}
    data, _ = drawn(spec, range(4))
    part = {name: array[rows] for name, array in data.items()}
    whole = list(training_job.train(spec, data, range(4)))
    alone = list(training_job.train(spec, part, range(*block)))
    assert [r.start for r in whole] == ["used", "noise_free", "doubled", "oracle", "used"]
    beside = [r for r in whole if r.start == "used" or len(r.training_loss[rows])]
    assert len(beside) == len(alone)
    for mine, theirs in zip(beside, alone, strict=True):
        for name, tensor in mine.tensors.items():
            np.testing.assert_array_equal(tensor[rows], theirs.tensors[name], err_msg=name)
        np.testing.assert_array_equal(mine.training_loss[rows], theirs.training_loss)


def test_a_size_does_not_depend_on_the_other_sizes():
    """But for the oracle, which is fitted at the largest."""
    spec = job(sizes=(128, 256), certificate_sizes=[256])
    data, _ = drawn(spec, range(2))
    whole = {(r.n_ratings, r.start): r.tensors for r in training_job.train(spec, data, range(2))}
    small = job(sizes=(128,), certificate_sizes=[128])
    (alone,) = [r for r in training_job.train(small, data, range(2)) if r.start == "used"]
    for name, tensor in whole[128, "used"].items():
        np.testing.assert_array_equal(tensor, alone.tensors[name])


def test_scheduled_widths():
    theory = Theory(1.0, 2, 1)  # d/(2β+d) = 1/2
    assert units({"schedule": "fixed", "units": 64}, theory, 10**6) == 64
    assert units(WIDTH, theory, 1024) == 32
    assert units(WIDTH | {"schedule": "dense"}, theory, 4096) == 8
    assert units({"schedule": "units", "constant": 1e-9}, theory, 16) == 1
    assert units(WIDTH, Theory(float("inf"), 2, 1), 10**6) == 1


def test_components_beyond_the_functions_of_a_tower_are_0_and_change_no_score():
    """Five functions a tower: from the start, from given towers, and through joint training."""
    few_steps = {"alternations": 2, "joint_steps": 4}
    few, many = (sample(range(2), 300, width=4, rank=rank) for rank in (5, 12))
    given = training.closed_form(few, 1)
    turned = torch.linalg.qr(torch.from_numpy(np.random.default_rng(0).random((12, 12))))[0][:5]
    wider = networks.Towers(
        given.user, [*given.item[:-1], tuple(part @ turned for part in given.item[-1])]
    )
    for narrow, wide in (
        (training.closed_form(few, 3), training.closed_form(many, 3)),
        (training.closed_form(few, 3, given), training.closed_form(many, 3, wider)),
        (training.erm(few, few_steps).towers, training.erm(many, few_steps).towers),
    ):
        for part in (*wide.user[-1], *wide.item[-1]):
            assert part.shape[2] == 12 and not part[..., 5:].any()
        due, found = (networks.scores(each, few.users, few.items) for each in (narrow, wide))
        torch.testing.assert_close(found, due, rtol=1e-6, atol=1e-6)
