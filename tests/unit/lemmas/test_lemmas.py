"""The theory's lemmas: on networks whose answers are known by hand, and with planted errors."""

import math
import runpy
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from twotower.base.errors import ExpectedError
from twotower.lemmas import entropy, lipschitz, reparametrization
from twotower.lemmas import table as lemmas_table
from twotower.lemmas import verdicts as lemma_verdicts
from twotower.lemmas.random_networks import Shape, batches, covariates, draw, filled
from twotower.records import job_records
from twotower.theory.bound import Theory
from twotower.towers.networks import Towers, scores

SPEC = {
    "seed": 3,
    "networks": 60,
    "depths": [1, 3],
    "widths": [4, 16],
    "sample_sizes": [2**k for k in range(9, 18)],
}
SCRIPT = Path(__file__).parents[3] / "scripts" / "analyses" / "check_lemmas.py"
SHAPE = Shape(3, 12, 5, 2, 3)


@pytest.fixture
def networks():
    """Ten networks with hidden parameters far above 1, and pairs of covariates."""
    rng = np.random.default_rng(7)
    return draw(SHAPE, 10, 30.0, rng), *covariates(SHAPE, 10, rng)


def errors(towers, other, users, items):
    """Relative change of scores over what Lemma 1 allows; one number a network."""
    _, relative = reparametrization.deviation(towers, other, users, items)
    condition = reparametrization.condition(towers, users, items)
    return relative / (reparametrization.TOLERANCE * condition)


# ---------------------------------------------------------------- Lemma 1


def test_scale_moves_to_the_output_layer_and_the_function_stays(networks):
    towers, *pairs = networks
    moved = reparametrization.rescaled(towers)
    assert (errors(towers, moved, *pairs) < 1).all()
    largest = reparametrization.largest_hidden_parameter
    assert (largest(towers) > 20).all()
    torch.testing.assert_close(largest(moved), torch.ones(10, dtype=torch.float64))
    exact = reparametrization.rescaled(towers, powers_of_two=True)
    assert torch.equal(scores(exact, *pairs), scores(towers, *pairs))
    assert ((largest(exact) > 0.5) & (largest(exact) <= 1)).all()


def test_scale_of_one_unit_by_hand():
    """relu(4x − 8) · 3 + 5 is relu(x/2 − 1) · 24 + 5."""
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    layers = [(4 * one, -8 * one), (3 * one, 5 * one)]
    moved = reparametrization.rescaled(Towers(layers, layers))
    assert [(float(w), float(b)) for w, b in moved.user] == [(0.5, -1.0), (24.0, 5.0)]


def test_planted_wrong_reparametrizations_are_caught(networks):
    towers, *pairs = networks
    moved = reparametrization.rescaled(towers)
    # Biases divided by their own layer's scale, not by the product of all scales so far.
    weight, bias = moved.user[1]
    own_scale = towers.user[0][0].abs().amax((1, 2), keepdim=True)
    layers = [moved.user[0], (weight, bias * own_scale), *moved.user[2:]]
    assert (errors(towers, Towers(layers, moved.item), *pairs) > 1e3).all()
    # A^(−1) f̃ in the place of A^(−T) f̃.
    basis = torch.from_numpy(np.random.default_rng(1).standard_normal((10, 3, 3)))
    turned = reparametrization.turned(towers, basis)
    assert (errors(towers, turned, *pairs) < torch.linalg.cond(basis)).all()
    inverse = torch.linalg.inv(basis).transpose(1, 2)
    wrong = [*towers.item[:-1], tuple(part @ inverse for part in towers.item[-1])]
    assert (errors(towers, Towers(turned.user, wrong), *pairs) > 1e3).all()
    # An error in the ninth digit of one weight.
    layers = [(moved.user[0][0] * (1 + 1e-9), moved.user[0][1]), *moved.user[1:]]
    assert (errors(towers, Towers(layers, moved.item), *pairs) > 1).any()


def test_condition_is_that_of_autograd(networks):
    towers, *pairs = networks
    expected = (autograd(towers, *pairs).abs() * towers.flat()[:, None].abs()).sum(2).amax(1)
    expected /= scores(towers, *pairs).abs().amax(1)
    torch.testing.assert_close(reparametrization.condition(towers, *pairs), expected)


def autograd(towers, users, items):
    """∂R/∂θ of every network at every pair, one at a time: [B, n, n_parameters]."""
    rows = towers.flat().requires_grad_()
    values = scores(towers.unflat(rows), users, items)
    slopes = [torch.autograd.grad(v.sum(), rows, retain_graph=True)[0] for v in values.T]
    return torch.stack(slopes, dim=1)


# ---------------------------------------------------------------- Lemma 2


@pytest.mark.parametrize(("depth", "width", "limit"), [(1, 5, 1.0), (2, 7, 1.0), (4, 16, 0.5)])
def test_all_ones_network_has_its_closed_form_and_attains_the_bound(depth, width, limit):
    """Towers all B at covariates 1: a = BD+B, then BWa+B; the score is p a ã, the bound its slope
    in B."""
    shape = Shape(depth, width, 3, 2, 4)

    def score(value):
        user, item = value * (3 + 1), value * (2 + 1)
        for _ in range(depth):
            user, item = value * (width * user + 1), value * (width * item + 1)
        return 4 * user * item

    ones = [torch.ones(1, 1, dim, dtype=torch.float64) for dim in (3, 2)]
    top = filled(shape, 1, limit)
    assert math.isclose(float(scores(top, *ones)), score(limit), rel_tol=1e-12)
    bound = lipschitz.lipschitz_bound(shape, limit)
    step = 1e-6 * limit
    slope = (score(limit + step) - score(limit - step)) / (2 * step)
    assert math.isclose(bound, slope, rel_tol=1e-7)
    # Sharp: the network itself has this local constant, and a finite step nearly attains it.
    assert math.isclose(float(lipschitz.local_constant(top, *ones)), bound, rel_tol=1e-12)
    measured = float(lipschitz.ratio(top, filled(shape, 1, limit - step), *ones))
    assert 0.9999 * bound < measured < bound


def test_bound_by_hand():
    """D = p = W = L = B = 1: a = 2 then 3, δ = 2 then 1·2 + 1 + 2 = 5, so Λ = 5·3 + 3·5."""
    assert lipschitz.lipschitz_bound(Shape(1, 1, 1, 1, 1), 1.0) == 30


def test_local_constant_is_that_of_autograd_and_a_signed_step_attains_it():
    rng = np.random.default_rng(5)
    towers, pairs = draw(SHAPE, 10, 1.0, rng), covariates(SHAPE, 10, rng)
    local = lipschitz.local_constant(towers, *pairs)
    torch.testing.assert_close(local, autograd(towers, *pairs).abs().sum(2))
    step = lipschitz.signed_step(towers, *pairs)
    measured = lipschitz.ratio(towers, step, *pairs)
    torch.testing.assert_close(measured, local.amax(1), rtol=0.02, atol=0)
    assert lipschitz.ratio(towers, towers, *pairs).eq(0).all()


def test_climbing_finds_far_larger_ratios_inside_the_class():
    rng = np.random.default_rng(5)
    shape = Shape(1, 4, 2, 2, 1)
    towers, pairs = draw(shape, 20, 1.0, rng), covariates(shape, 20, rng)
    top = lipschitz.climbed(towers, *pairs)
    assert all(float(values.abs().max()) <= 1 for values in (top[0].flat(), *top[1:]))
    bound = lipschitz.lipschitz_bound(shape, 1.0)
    best = float(lipschitz.local_constant(*top).max())
    assert float(lipschitz.local_constant(towers, *pairs).max()) < 0.3 * bound < best <= bound


# ---------------------------------------------------------------- Lemma 3


def test_entropy_and_implied_risk_by_hand():
    """β = 1, d = 1, n = 1,000: 10 units, S = 2·(2·10 + 11·2) = 84 and Λ = 2·2·21·41 at a = 2·10+1
    and δ = 21 + 20."""
    theory = Theory(1.0, 1, 1)
    shape = entropy.scheduled_shape(1000, theory)
    assert math.isclose(shape.width, 10)
    assert math.isclose(shape.n_parameters, 84)
    assert math.isclose(lipschitz.lipschitz_bound(shape, 1.0), 3444)
    expected = 10**-2 + 84 * math.log(1 + 2 * 3444 * 1000) / 1000
    assert math.isclose(entropy.implied_risk(1000, theory), expected)


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("smoothness", [0.5, 1.0, 2.0])
def test_entropy_implies_the_exponent_with_one_logarithm(smoothness, dim):
    theory = Theory(smoothness, dim, dim)
    far = [2.0**k for k in range(40, 81)]
    risk = [entropy.implied_risk(n, theory) for n in far]
    assert abs(entropy.implied_slopes(far, risk)[1] - theory.bound_slope) < 0.01
    assert 0.8 < entropy.log_power(far, risk, theory) < 1


def test_slopes_of_a_planted_power_law():
    """n^(−2/3) (log n)² has slope −2/3 once two logarithms are removed, and needs both."""
    theory = Theory(1.0, 1, 1)
    n = np.array(SPEC["sample_sizes"], dtype=float)
    risk = list(n ** (-2 / 3) * np.log(n) ** 2)
    assert math.isclose(entropy.implied_slopes(list(n), risk)[2], -2 / 3)
    assert math.isclose(entropy.log_power(list(n), risk, theory), 2)


# ---------------------------------------------------------------- all together


@pytest.fixture(scope="module")
def table():
    return lemmas_table.lemma_table(**SPEC)


def test_every_lemma_holds_on_random_networks(table):
    assert table["passed"].all()
    lemma_1, lemma_2, lemma_3 = (table[table["lemma"] == lemma] for lemma in (1, 2, 3))
    assert (len(lemma_1), len(lemma_2), len(lemma_3)) == (3 * 4, 5 * 4, 2 * 6)
    exact = lemma_1["case"].str.contains("powers of two")
    assert (lemma_1.loc[exact, "measured"] == 0).all()
    assert (lemma_1.loc[~exact, "measured"] > 0).all()
    assert (lemma_1["in_epsilons"] < 1e4).all()
    assert (lemma_2["measured"] <= lemma_2["bound"]).all()
    extremal = lemma_2["case"].str.startswith("all at the limit")
    assert (lemma_2.loc[extremal, "ratio"] > 0.999).all()
    pd.testing.assert_frame_equal(table, lemmas_table.lemma_table(**SPEC))


def test_networks_are_all_used_and_dimensions_mixed():
    drawn = list(batches(1, "count", 1000, [1, 2, 3], [4, 16]))
    assert sum(count for _, count, _ in drawn) == 1000
    assert {(shape.depth, shape.width) for shape, _, _ in drawn} == {
        (depth, width) for depth in (1, 2, 3) for width in (4, 16)
    }
    assert len({(shape.user_dim, shape.item_dim, shape.embedding_dim) for shape, *_ in drawn}) > 20


def test_summary_holds_or_names_the_row_that_violates(table):
    verdicts = lemma_verdicts.summary(table)
    assert [(row["lemma"], row["verdict"]) for row in verdicts] == [
        (lemma, "holds") for lemma in (1, 2, 3)
    ]
    broken = table.copy()
    row = broken.index[broken["lemma"] == 2][0]
    broken.loc[row, ["measured", "ratio", "passed"]] = [2e9, 1.5, False]
    _, second, third = lemma_verdicts.summary(broken)
    assert second["verdict"] == "violated"
    assert second["measured"] == 2e9
    assert second["case"] in second["reason"]
    assert third["verdict"] == "holds"


def test_a_planted_violation_is_a_row_not_an_exception(monkeypatch):
    """An entropy that grows with the square of the width cannot imply the rate."""
    plain = entropy.entropy
    monkeypatch.setattr(entropy, "entropy", lambda size, *rest: plain(size**2, *rest))
    monkeypatch.setattr(lipschitz, "lipschitz_bound", lambda *_: 1.0)
    table = lemmas_table.lemma_table(**SPEC)
    verdicts = [row["verdict"] for row in lemma_verdicts.summary(table)]
    assert verdicts == ["holds", "violated", "violated"]


def test_networks_that_overflow_are_refused():
    with pytest.raises(ExpectedError, match="depth 64 and width 4096"):
        lipschitz.lemma_2(1, 1, [64], [4096])


def test_the_script_writes_the_table(tmp_path, monkeypatch, table):
    monkeypatch.setattr(job_records, "job", lambda given: nullcontext(given.params.spec))
    spec = SPEC | {"code": "the digest that every rule adds"}
    output = SimpleNamespace(table=tmp_path / "lemmas.csv")
    snakemake = SimpleNamespace(log=["log"], params=SimpleNamespace(spec=spec), output=output)
    runpy.run_path(str(SCRIPT), {"snakemake": snakemake})
    written = pd.read_csv(output.table)
    assert list(written.columns) == lemmas_table.COLUMNS
    assert len(written) == len(table)
    assert lemma_verdicts.summary(written)[0]["verdict"] == "holds"
