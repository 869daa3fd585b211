"""Batched L-BFGS on problems with known minima."""

import pytest
import torch

from twotower.towers import lbfgs


def quadratics(batch=4, size=12, condition=1e3):
    """Convex quadratics ½ (x − x*)ᵀ H (x − x*), their minima and the function."""
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(batch, size, size, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(normal)[0]
    hessian = basis * torch.logspace(0, torch.tensor(condition).log10(), size, dtype=torch.float64)
    hessian = hessian @ basis.transpose(1, 2)
    minima = torch.randn(batch, size, generator=generator, dtype=torch.float64)

    def function(points, which=slice(None)):
        offset = points - minima[which]
        gradient = (hessian[which] * offset[:, None, :]).sum(2)
        return 0.5 * (gradient * offset).sum(1), gradient

    return function, minima


def rosenbrock(points):
    x, y = points.unbind(1)
    value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    slope = torch.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], dim=1)
    return value, slope


STARTS = torch.tensor([[-1.2, 1.0], [2.0, -1.0], [0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)


def test_reaches_the_minima_of_quadratics():
    function, minima = quadratics()
    points, values = lbfgs.minimize(function, torch.zeros_like(minima), 150)
    torch.testing.assert_close(points, minima, rtol=0, atol=1e-6)
    assert torch.equal(values, function(points)[0])


def test_reaches_the_minimum_of_rosenbrock_from_every_start():
    points, values = lbfgs.minimize(rosenbrock, STARTS, 100)
    torch.testing.assert_close(points, torch.ones_like(points), rtol=0, atol=1e-6)
    assert torch.equal(points[3], STARTS[3])  # it started at the minimum: no gradient, no NaN
    assert values.max() < 1e-12


def test_more_evaluations_never_raise_a_value():
    before = rosenbrock(STARTS)[0]
    for evaluations in (*range(12), 20, 40):
        points, values = lbfgs.minimize(rosenbrock, STARTS, evaluations)
        assert torch.equal(values, rosenbrock(points)[0])
        assert (values <= before).all()
        before = values


def test_the_function_is_called_as_often_as_said():
    calls = []

    def counted(points):
        calls.append(points)
        return rosenbrock(points)

    lbfgs.minimize(counted, STARTS, 7)
    assert len(calls) == 8


@pytest.mark.parametrize("which", [[0], [2], [1, 3]])
def test_a_problem_takes_the_same_path_whatever_its_neighbours(which):
    function, minima = quadratics(condition=1e5)
    start = torch.zeros_like(minima)
    for evaluations in (1, 5, 30):
        whole = lbfgs.minimize(function, start, evaluations)
        alone = lbfgs.minimize(lambda x: function(x, which), start[which], evaluations)
        assert torch.equal(whole[0][which], alone[0])
        assert torch.equal(whole[1][which], alone[1])
        rows = lbfgs.minimize(rosenbrock, STARTS[which], evaluations)
        assert torch.equal(lbfgs.minimize(rosenbrock, STARTS, evaluations)[0][which], rows[0])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("spoiled", ["value", "gradient"])
def test_recovers_from_trial_points_that_are_not_finite(bad, spoiled):
    """Beyond |x| = 1.5 the function is spoiled, and the first step of one problem lands there."""
    seen = []

    def function(points):
        offset = points - torch.tensor([1.0, 0.0], dtype=torch.float64)
        value, gradient = 50.0 * offset.square().sum(1), 100.0 * offset
        outside = points.abs().amax(1) > 1.5
        seen.append(outside)
        if spoiled == "value":
            value = torch.where(outside, bad, value)
        else:
            gradient = torch.where(outside[:, None], bad, gradient)
        return value, gradient

    start = torch.tensor([[-1.4, 1.4], [0.9, 0.0]], dtype=torch.float64)
    points, values = lbfgs.minimize(function, start, 60)
    minimum = torch.tensor([[1.0, 0.0]] * 2, dtype=torch.float64)
    torch.testing.assert_close(points, minimum, rtol=0, atol=1e-6)
    assert values.isfinite().all()

    # steep walls: every early trial of a short-sighted start fails, and it still gets there
    def walled(points):
        value = torch.where(points[:, 0] > 0, points[:, 0] - 1e-3 * points[:, 0].log(), bad)
        gradient = torch.where(points > 0, 1 - 1e-3 / points, bad)
        return value, gradient

    points, _ = lbfgs.minimize(walled, torch.tensor([[0.5], [2.0]], dtype=torch.float64), 80)
    torch.testing.assert_close(points, torch.full_like(points, 1e-3), rtol=1e-3, atol=0)


def test_single_precision_stays_single():
    points, values = lbfgs.minimize(rosenbrock, STARTS.float(), 60)
    assert points.dtype == values.dtype == torch.float32
    assert values.max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_compiled_step_is_that_of_the_tensors(dtype):
    """From states with and without history: steps that are taken, refused, or not finite."""
    function, minima = quadratics(batch=6)
    states = []
    lbfgs.minimize(
        function, torch.zeros_like(minima), 16, lambda state: states.append(state.copy())
    )
    tolerance = (
        {"rtol": 1e-9, "atol": 1e-11} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-5}
    )
    for state in states:
        state = lbfgs.State(state.evaluations, *(tensor.to(dtype) for tensor in state[1:]))
        trial = torch.addcmul(state.point, state.length[:, None], state.direction)
        value, gradient = (each.to(dtype) for each in function(trial.double()))
        value[1] = torch.inf
        gradient[2, 3] = torch.nan
        value[3] = state.value[3] + 1.0  # refused, to be shortened by a parabola
        expected = lbfgs._advanced(state, trial, value, gradient)
        found = lbfgs._evaluated(lambda _, found=(value, gradient): found, state.copy())
        assert torch.equal(found.value, expected.value)
        assert (found.length[1:4] < state.length[1:4]).all()
        for name, mine, theirs in zip(found._fields, found, expected, strict=True):
            torch.testing.assert_close(mine, theirs, **tolerance, msg=lambda m, n=name: f"{n}: {m}")


def test_what_is_given_is_left_as_it_was():
    function, minima = quadratics()
    states, start = [], torch.zeros_like(minima)
    lbfgs.minimize(function, start, 9, lambda state: states.append(state.copy()))
    assert not start.any()
    kept = states[5].copy()
    whole, resumed = states[-1].point, lbfgs.minimize(function, states[5], 9)[0]
    assert torch.equal(resumed, whole)
    assert all(map(torch.equal, states[5], kept))
