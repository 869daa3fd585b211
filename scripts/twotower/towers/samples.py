"""What an arm fits and what it gives: ratings or clicks of a batch of replicates, and towers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from twotower.towers.checkpoint import Progress
from twotower.towers.networks import Towers

DTYPES = {"float64": torch.float64, "float32": torch.float32}
NOTHING = Progress()


@dataclass(frozen=True)
class Clicks:
    """Which item of a catalogue of N each of n users has clicked, in B replicates.

    Attributes:
        items: int64 [B, n], the clicked items' numbers in the catalogue.
        catalogue: float64 [B, N, D_i], covariates of all its items.
        log_popularity: float64 [B, N], log q: a click falls on item i with a probability in
            proportion to q_i exp R(u, i).
        log_share: float64 [B, N], log m: the share of each item among all clicks.
        batch: clicks that in-batch losses compare with each other.
    """

    items: torch.Tensor
    catalogue: torch.Tensor
    log_popularity: torch.Tensor
    log_share: torch.Tensor
    batch: int


@dataclass(frozen=True)
class Sample:
    """Ratings of B replicates at one size, and the architecture to fit to them.

    Attributes:
        users, items: float64 covariates [B, n, D_u], [B, n, D_i].
        ratings: float64 [B, n].
        width, depth, rank: units in a hidden layer, hidden layers, p.
        precision: number format of the joint training; the closed form is always float64.
        random: from the name of a role to B random generators, one a replicate.
        numbers: int64 [B, n], which user each rating is of; None where the arm need not know.
        clicks: what the users have clicked, where they click and do not rate; the items are then
            the clicked ones, the ratings say nothing, and the last of the components is an item's
            own score: the user tower's is 1 there.
    """

    users: torch.Tensor
    items: torch.Tensor
    ratings: torch.Tensor
    width: int
    depth: int
    rank: int
    precision: torch.dtype
    random: Callable[[str], list[np.random.Generator]]
    numbers: torch.Tensor | None = None
    clicks: Clicks | None = None

    @property
    def pairs(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Users, items and ratings."""
        return self.users, self.items, self.ratings

    def layer_sizes(self, covariates: torch.Tensor) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer of the tower that sees these covariates."""
        sizes = [covariates.shape[2], *[self.width] * self.depth, self.rank]
        return list(zip(sizes[:-1], sizes[1:], strict=True))


@dataclass(frozen=True)
class Fit:
    """Fitted towers with the losses on the training ratings that their arm minimized, [B], and the
    steps: mean squared errors, pairwise losses, or mean losses of a click.
    """

    towers: Towers
    training_loss: torch.Tensor
    steps: int


def random_towers(sample: Sample) -> Towers:
    """Towers with weights and biases uniform on ±1/√n_in, PyTorch's default for linear layers."""
    towers = []
    for covariates, role in ((sample.users, "user_start"), (sample.items, "item_start")):
        rngs = sample.random(role)
        layers = []
        for n_in, n_out in sample.layer_sizes(covariates):
            draws = np.stack([rng.uniform(-1.0, 1.0, size=(n_in + 1, n_out)) for rng in rngs])
            layer = torch.from_numpy(draws / np.sqrt(n_in)).to(covariates.device)
            layers.append((layer[:, :-1].contiguous(), layer[:, -1:].contiguous()))
        towers.append(layers)
    return Towers(*towers)


def blank_towers(sample: Sample) -> Towers:
    """Towers of the sample's architecture with all weights 0, to be filled by `Towers.unflat`."""
    batch = len(sample.ratings)

    def layers(covariates: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        sizes = sample.layer_sizes(covariates)
        zeros = sample.ratings.new_zeros
        return [(zeros(batch, n_in, n_out), zeros(batch, 1, n_out)) for n_in, n_out in sizes]

    return Towers(layers(sample.users), layers(sample.items))
