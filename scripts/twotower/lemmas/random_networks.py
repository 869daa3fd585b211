"""Random two-tower networks of mixed shapes, on which the theory's lemmas are tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from twotower.base import seeds
from twotower.towers.networks import Towers

# A batch of networks shares its dimensions, drawn from these.
_AMBIENT_DIMS = (1, 2, 3, 10, 30)
_EMBEDDING_DIMS = (1, 2, 3, 8)
_BATCH = 20
_BATCH_PARAMETERS = 1 << 22
_PAIRS = 32


@dataclass(frozen=True)
class Shape:
    """The shape of a two-tower network.

    Attributes:
        depth: hidden layers of each tower, L ≥ 1.
        width: units of each hidden layer; formulas take a fraction, `draw` does not.
        user_dim, item_dim: dimensions of the covariates.
        embedding_dim: p, the outputs of each tower.
    """

    depth: int
    width: float
    user_dim: int
    item_dim: int
    embedding_dim: int

    def fan_in(self, dim: int) -> list[float]:
        """Inputs of every layer of the tower of `dim` covariates, the output layer's last."""
        return [dim, *[self.width] * self.depth]

    @property
    def n_parameters(self) -> float:
        """Weights and biases of both towers."""
        fan_out = [*[self.width] * self.depth, self.embedding_dim]
        return sum(
            (n_in + 1) * n_out
            for dim in (self.user_dim, self.item_dim)
            for n_in, n_out in zip(self.fan_in(dim), fan_out, strict=True)
        )


def draw(shape: Shape, count: int, limit: float, rng: np.random.Generator) -> Towers:
    """Networks whose parameters are all uniform on [−limit, limit]."""
    rows = torch.from_numpy(rng.uniform(-limit, limit, size=(count, shape.n_parameters)))
    return filled(shape, count, 0.0).unflat(rows)


def filled(shape: Shape, count: int, value: float) -> Towers:
    """Networks whose parameters all have one value."""
    fan_out = [*[shape.width] * shape.depth, shape.embedding_dim]
    towers = (
        [
            (
                torch.full((count, n_in, n_out), value, dtype=torch.float64),
                torch.full((count, 1, n_out), value, dtype=torch.float64),
            )
            for n_in, n_out in zip(shape.fan_in(dim), fan_out, strict=True)
        ]
        for dim in (shape.user_dim, shape.item_dim)
    )
    return Towers(*towers)


def covariates(
    shape: Shape, count: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Users [count, 32, D_u] and items [count, 32, D_i] of the cube [−1, 1]^D.

    Half of the pairs are uniform; the others are corners, where extremes are attained.
    """
    sides = []
    for dim in (shape.user_dim, shape.item_dim):
        values = rng.uniform(-1.0, 1.0, size=(count, _PAIRS, dim))
        values[:, : _PAIRS // 2] = np.sign(values[:, : _PAIRS // 2])
        sides.append(torch.from_numpy(values))
    return sides[0], sides[1]


def batches(
    seed: int, role: str, networks: int, depths: list[int], widths: list[int]
) -> Iterator[tuple[Shape, int, np.random.Generator]]:
    """`networks` networks spread evenly over depths × widths: (shape, how many, random stream).

    Each batch has dimensions of its own; those of one depth and width come one after another.
    """
    settings = list(product(depths, widths))
    for place, (depth, width) in enumerate(settings):
        left = networks // len(settings) + (place < networks % len(settings))
        batch = 0
        while left:
            rng = seeds.generator(seed, {"depth": depth, "width": width}, role, batch)
            dims = (int(dim) for dim in rng.choice(_AMBIENT_DIMS, size=2))
            shape = Shape(depth, width, *dims, int(rng.choice(_EMBEDDING_DIMS)))
            count = min(left, _BATCH, max(1, _BATCH_PARAMETERS // int(shape.n_parameters)))
            yield shape, count, rng
            left -= count
            batch += 1
