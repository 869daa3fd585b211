"""Hat functions: positions, values and sums against numpy's own interpolation."""

import numpy as np
import pytest

from twotower.kernels import hats

RNG = np.random.default_rng(0)
NODES = {
    "spread": np.sort(RNG.random(40)),
    "repeated": np.sort(np.repeat(RNG.random(10), 4)),
    "clustered": np.sort(np.concatenate([RNG.random(20) * 1e-9, RNG.random(20), [1e6]])),
    "two": np.array([0.0, 1.0]),
    "one point": np.array([0.5, 0.5, 0.5]),
}


@pytest.mark.parametrize("kind", NODES)
def test_values_and_sums_are_those_of_interpolation(kind):
    nodes = NODES[kind]
    x = RNG.uniform(nodes[0], nodes[-1], 300)
    x = np.concatenate([x, nodes, np.nextafter(nodes[1:], -np.inf)]).clip(nodes[0], nodes[-1])
    place = (x, nodes, *hats.lookup(nodes))
    levels, inverse = np.unique(nodes, return_inverse=True)
    values = RNG.standard_normal((len(levels), 2))
    out = np.empty((len(x), 2))
    hats.interpolate(*place, values[inverse], out)
    for r in range(2):
        np.testing.assert_allclose(out[:, r], np.interp(x, levels, values[:, r]), atol=1e-12)

    hat = np.empty((len(x), len(nodes)))
    hats.interpolate(*place, np.eye(len(nodes)), hat)
    np.testing.assert_allclose(hat.sum(1), 1, atol=1e-15)
    assert hat.min() >= -1e-15
    moments = np.zeros((len(nodes) - 1, 3))
    hats.add_moments(*place, moments)
    products = hat.T @ hat
    diagonal = np.append(moments[:, 0], 0.0)
    diagonal[1:] += moments[:, 2]
    np.testing.assert_allclose(diagonal, np.diag(products), atol=1e-12)
    np.testing.assert_allclose(moments[:, 1], np.diag(products, 1), atol=1e-12)

    other, ratings = RNG.standard_normal((len(x), 1)), RNG.standard_normal(len(x))
    sums = np.zeros((len(nodes) - 1, 5))
    hats.add_equations(*place, other, ratings, sums)
    weighted = hat.T @ (hat * other**2)
    np.testing.assert_allclose(sums[:, 1], np.diag(weighted, 1), atol=1e-12)
    right = np.append(sums[:, 3], 0.0)
    right[1:] += sums[:, 4]
    np.testing.assert_allclose(right, hat.T @ (other[:, 0] * ratings), atol=1e-12)

    cross = np.zeros((len(nodes), len(nodes)))
    hats.add_cross(*place, x[::-1].copy(), nodes, *place[2:], ratings, cross)
    np.testing.assert_allclose(cross, hat.T @ (ratings[:, None] * hat[::-1]), atol=1e-11)
