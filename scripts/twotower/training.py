"""Arms: ways to fit a batch of towers to ratings.

`erm` seeks the empirical risk minimizer that the theorem speaks of: a closed-form start, then
joint training of all layers. `adam` is what people do: a random start, Adam on minibatches, a
cosine decay. Both take all replicates of a configuration and size as one batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from twotower import joint
from twotower.closed_form import fit_outputs, random_hidden_layers
from twotower.towers import Towers, activations, loss_and_gradient

DTYPES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Sample:
    """Ratings of B replicates at one size, and the architecture to fit to them.

    Attributes:
        users, items: float64 covariates [B, n, D_u], [B, n, D_i].
        ratings: float64 [B, n].
        width, depth, rank: units in a hidden layer, hidden layers, p.
        precision: number format of the joint training; the closed form is always float64.
        random: from the name of a role to B random generators, one a replicate.
    """

    users: torch.Tensor
    items: torch.Tensor
    ratings: torch.Tensor
    width: int
    depth: int
    rank: int
    precision: torch.dtype
    random: Callable[[str], list[np.random.Generator]]

    def cast(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Users, items and ratings in the training precision."""
        return tuple(t.to(self.precision) for t in (self.users, self.items, self.ratings))


@dataclass(frozen=True)
class Fit:
    """Fitted towers with their mean squared errors on the training ratings, [B], and the steps."""

    towers: Towers
    training_loss: torch.Tensor
    steps: int


def closed_form(sample: Sample, alternations: int, start: Towers | None = None) -> Towers:
    """Towers with least-squares outputs, in float64.

    Hidden layers are random and the alternation starts from the spectral fit; with `start`, both
    are the given towers'.
    """
    if start is None:
        hidden = [
            random_hidden_layers(covariates, sample.width, sample.depth, sample.random(role))
            for covariates, role in ((sample.users, "user_hidden"), (sample.items, "item_hidden"))
        ]
        item_start = None
    else:
        hidden = [start.user[:-1], start.item[:-1]]
        item_start = activations(start.item, sample.items)[-1]
    # of the order of the noise variance over n (in whitened coordinates), the signal's taken in
    variance = torch.stack([row.var() for row in sample.ratings])  # row by row: bits alone = batch
    ridge = variance / sample.ratings.shape[1]
    pairs = (sample.users, sample.items, sample.ratings)
    return fit_outputs(*hidden, *pairs, sample.rank, alternations, ridge, item_start)


def erm(sample: Sample, settings: dict, start: Towers | None = None) -> Fit:
    """The closed form (from the given towers, if any), then `joint_steps` of joint training."""
    towers = closed_form(sample, settings["alternations"], start)
    rows = towers.flat().to(sample.precision)
    towers, loss = joint.train(towers.unflat(rows), *sample.cast(), settings["joint_steps"])
    return Fit(towers, loss, settings["joint_steps"])


def adam(sample: Sample, settings: dict, start: Towers | None = None) -> Fit:
    """Adam on minibatches drawn with replacement, the learning rate decayed to 0 by a cosine."""
    if start is None:
        start = random_towers(sample)
    users, items, ratings = sample.cast()
    batch, n = ratings.shape
    rows = start.flat().to(sample.precision)
    optimizer = torch.optim.Adam([rows], lr=settings["learning_rate"], foreach=False)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings["steps"])
    draws = sample.random("minibatches")
    replicate = torch.arange(batch, device=ratings.device)[:, None]
    for _ in range(settings["steps"]):
        size = min(n, settings["batch_size"])
        picks = np.stack([rng.integers(n, size=size) for rng in draws])
        picks = torch.from_numpy(picks).to(ratings.device)
        part = (users[replicate, picks], items[replicate, picks], ratings[replicate, picks])
        _, rows.grad = loss_and_gradient(start.unflat(rows), *part)
        optimizer.step()
        schedule.step()
    towers = start.unflat(rows)
    loss, _ = loss_and_gradient(towers, users, items, ratings)
    return Fit(towers, loss, settings["steps"])


def random_towers(sample: Sample) -> Towers:
    """Towers with weights and biases uniform on ±1/√n_in, PyTorch's default for linear layers."""
    towers = []
    for covariates, role in ((sample.users, "user_start"), (sample.items, "item_start")):
        rngs = sample.random(role)
        sizes = [covariates.shape[2], *[sample.width] * sample.depth, sample.rank]
        layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            draws = np.stack([rng.uniform(-1.0, 1.0, size=(n_in + 1, n_out)) for rng in rngs])
            layer = torch.from_numpy(draws / np.sqrt(n_in)).to(covariates.device)
            layers.append((layer[:, :-1].contiguous(), layer[:, -1:].contiguous()))
        towers.append(layers)
    return Towers(*towers)


ARMS = {"erm": erm, "adam": adam}
STEPS = {"erm": "joint_steps", "adam": "steps"}


def with_doubled_steps(arm: str, settings: dict) -> dict:
    """The arm's settings with twice the steps, for the optimization certificate."""
    return settings | {STEPS[arm]: 2 * settings[STEPS[arm]]}
