"""Nonuniform fast transforms against the sums written out, and their bits."""

import numpy as np
import pytest

from twotower.methods import lattice_sums
from twotower.methods.real_basis import basis

CASES = [(1, 1), (1, 40), (1, 300), (2, 1), (2, 7), (3, 2)]  # axes, cut-off


def drawn(dim, n=700):
    rng = np.random.default_rng(dim)
    points = 3.0 * rng.random((n, dim)) - 1.0  # beyond one period, on both sides of 0
    points[:6] = np.array([0.0, 1.0, -1.0, 0.5, 1.0 - 2**-53, -(2**-60)])[:, None]
    return points, *rng.standard_normal((2, n, 3))


def sums_of(points, products, right, cutoff, blocks=1):
    sums = lattice_sums.tower_points(points, 0).sums(3, 3, cutoff)
    for rows in np.array_split(np.arange(len(points)), blocks):
        part = slice(rows[0], rows[-1] + 1)
        sums.add(part, products[part], right[part])
    return sums.lattices()


@pytest.mark.parametrize(("dim", "cutoff"), CASES)
def test_sums_are_those_written_out(dim, cutoff):
    points, products, right = drawn(dim)
    found = sums_of(points, products, right, cutoff, blocks=3)
    for lattice, weights, reach in zip(found, (products, right), (2 * cutoff, cutoff), strict=True):
        waves = lattice_sums.lattice(dim, reach)
        direct = weights.T @ np.exp(-2j * np.pi * points @ waves.T)
        scale = np.abs(weights).sum(axis=0).max()
        np.testing.assert_allclose(lattice, direct, rtol=0, atol=3e-14 * reach**0.5 * scale)


@pytest.mark.parametrize(("dim", "cutoff"), CASES)
def test_series_are_those_written_out(dim, cutoff):
    points, _, _ = drawn(dim)
    functions = basis(dim, cutoff)
    rng = np.random.default_rng(0)
    coefficients = rng.standard_normal((2, functions.size))
    lattice = functions.on_lattice(coefficients)
    values = lattice_sums.tower_points(points, 0).series(lattice, cutoff)
    waves = lattice_sums.lattice(dim, cutoff)
    direct = (np.exp(2j * np.pi * points @ waves.T) @ lattice.T).real
    scale = np.abs(lattice).sum()
    for part in (slice(0, 1), slice(1, 700)):
        np.testing.assert_allclose(values(part), direct[part], rtol=0, atol=5e-14 * scale)


@pytest.mark.parametrize("dim", [1, 2])
def test_bits_are_those_of_every_run_and_of_any_series_beside(dim):
    points, products, right = drawn(dim)
    first, again = (sums_of(points, products, right, 5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = sums_of(points, products, 7.0 * right, 5)
    assert np.array_equal(other[0], first[0])
    kept = lattice_sums.tower_points(points, 1 << 20)
    series = basis(dim, 5).on_lattice(np.ones((1, basis(dim, 5).size)))
    values = [kept.series(series, 5)(slice(0, 700)) for _ in range(2)]
    anew = lattice_sums.tower_points(points, 0).series(series, 5)(slice(0, 700))
    assert np.array_equal(values[0], values[1])
    assert np.array_equal(values[0], anew)


@pytest.mark.parametrize(("dim", "cutoff"), [(1, 6), (2, 3), (3, 2)])
def test_the_real_basis_is_orthonormal_and_its_products_are_those_of_columns(dim, cutoff):
    functions = basis(dim, cutoff)
    points, products, right = drawn(dim, 50)
    lattices = sums_of(points, products, right, cutoff)
    columns = np.empty((50, functions.size))
    for j, unit in enumerate(np.eye(functions.size)):
        lattice = functions.on_lattice(unit[None])
        waves = lattice_sums.lattice(dim, cutoff)
        columns[:, j] = (np.exp(2j * np.pi * points @ waves.T) @ lattice[0]).real
        assert np.square(np.abs(lattice)).sum() == pytest.approx(1.0)
    for weights, lattice in zip(products.T, lattices[0], strict=True):
        direct = columns.T @ (weights[:, None] * columns)
        np.testing.assert_allclose(functions.gram(lattice), direct, rtol=0, atol=1e-11)
    np.testing.assert_allclose(functions.right(lattices[1]), right.T @ columns, rtol=0, atol=1e-11)
