"""The problems that all contestants of `benchmarks/throughput.py` are given, and their answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from plain_cell import DATA

from twotower.base.seeds import generator
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.towers import training
from twotower.towers.networks import Towers

NETWORKS, RANK = 12, 2
MINIBATCH, WHOLE = 256, 4096
MINIBATCHES = 16  # taken in turn: a step of `adam` sees pairs that no earlier step has prepared


@dataclass(frozen=True)
class Problem:
    """Towers, and the pairs of one step after another: users [B, n, D], items, ratings [B, n]."""

    towers: Towers
    parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]

    def save(self, path: Path) -> str:
        """Write the arrays for a process without torch."""
        layers = [
            t for tower in (self.towers.user, self.towers.item) for layer in tower for t in layer
        ]
        arrays = {f"layer{index}": tensor.numpy() for index, tensor in enumerate(layers)}
        for index, part in enumerate(self.parts):
            for name, tensor in zip(("users", "items", "ratings"), part, strict=True):
                arrays[f"{name}{index}"] = tensor.numpy()
        np.savez(path, **arrays)
        return str(path)


def random_problem(n: int, width: int, inputs: int, precision: torch.dtype) -> Problem:
    """Normal weights, uniform covariates; one full batch, or minibatches that change each step."""
    random = np.random.default_rng(0)

    def tensor(*shape: int, uniform: bool = False) -> torch.Tensor:
        values = random.random(shape) if uniform else random.standard_normal(shape)
        return torch.from_numpy(values).to(precision)

    def tower() -> list[tuple[torch.Tensor, torch.Tensor]]:
        sizes = ((inputs, width), (width, RANK))
        return [(tensor(NETWORKS, i, o), tensor(NETWORKS, 1, o)) for i, o in sizes]

    parts = [
        (
            tensor(NETWORKS, n, inputs, uniform=True),
            tensor(NETWORKS, n, inputs, uniform=True),
            tensor(NETWORKS, n),
        )
        for _ in range(MINIBATCHES if n <= MINIBATCH else 1)
    ]
    return Problem(Towers(tower(), tower()), parts)


def noisy_sample(n: int, width: int) -> training.Sample:
    """Ratings of targets with d = 1, β = 1 and unit noise, as a cell of the default study."""
    targets = {r: draw_target(1, DATA, r) for r in range(NETWORKS)}
    columns = ratings.draw_training(1, DATA, targets, n)
    parts = (columns[name] for name in ("user_covariates", "item_covariates", "ratings"))
    return training.Sample(
        *map(torch.from_numpy, parts),
        width=width,
        depth=1,
        rank=RANK,
        precision=torch.float64,
        random=lambda role: [generator(1, {}, role, r) for r in range(NETWORKS)],
    )
