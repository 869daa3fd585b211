"""Arms: ways to fit a batch of towers to ratings.

`erm` seeks the empirical risk minimizer that the theorem speaks of: a closed-form start, then
joint training of all layers. `pairwise` does the same with a loss on pairs of ratings of a user.
`adam` is what people do: a random start, Adam on minibatches, a cosine decay. All take all
replicates of a configuration and size as one batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from twotower.towers import joint_training, minibatch_adam, pairwise
from twotower.towers.checkpoint import Progress
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.outputs import WhitenedTowers, fit_outputs
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError

DTYPES = {"float64": torch.float64, "float32": torch.float32}
NOTHING = Progress()


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
    steps: mean squared errors, or pairwise losses.
    """

    towers: Towers
    training_loss: torch.Tensor
    steps: int


def closed_form(sample: Sample, alternations: int, start: Towers | None = None) -> WhitenedTowers:
    """Towers with least-squares outputs, in float64.

    Hidden layers are random and the alternation starts from narrower towers; with `start`, both
    are the given towers'.
    """
    if start is None:
        hidden = [
            random_hidden_layers(covariates, sample.width, sample.depth, sample.random(role))
            for covariates, role in ((sample.users, "user_hidden"), (sample.items, "item_hidden"))
        ]
        item = None
    else:
        start = start.unflat(start.flat().double())
        hidden, item = [start.user[:-1], start.item[:-1]], start.item[-1]
    return fit_outputs(*hidden, *sample.pairs, sample.rank, alternations, item)


def erm(
    sample: Sample, settings: dict, start: Towers | None = None, progress: Progress = NOTHING
) -> Fit:
    """The closed form (from the given towers, if any), then `joint_steps` of joint training.

    Args:
        sample: ratings of B replicates and the architecture.
        settings: `alternations` and `joint_steps`.
        start: towers whose hidden layers, and item tower, the closed form takes.
        progress: what an earlier attempt left, and where the state is offered.

    Example:
        >>> fit = erm(sample, {"alternations": 2, "joint_steps": 5})
        >>> bool(fit.training_loss < sample.ratings.var(dim=1))
        True
    """
    start = _joint_start(sample, settings, start, progress)
    error = SquaredError(start, *sample.pairs)
    steps = settings["joint_steps"]
    return Fit(*joint_training.train(start, error, error, steps, progress), steps)


def pairs_of_ratings(
    sample: Sample, settings: dict, start: Towers | None = None, progress: Progress = NOTHING
) -> Fit:
    """As `erm`, from the same start, but the joint training is of the pairwise loss.

    The towers are brought to the scale of the ratings, see `pairwise.calibrated`.
    """
    start = _joint_start(sample, settings, start, progress)
    chosen = (settings["comparisons"], settings["weight"])
    comparisons = pairwise.Comparisons(sample.numbers, sample.ratings, *chosen)

    def objective(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return pairwise.loss_and_gradient(start.unflat(rows), *sample.pairs[:2], comparisons)

    error = SquaredError(start, *sample.pairs, sorts=False)
    steps = settings["joint_steps"]
    towers, loss = joint_training.train(start, error, objective, steps, progress)
    return Fit(pairwise.calibrated(towers, *sample.pairs), loss, steps)


def _joint_start(
    sample: Sample, settings: dict, start: Towers | None, progress: Progress
) -> Towers:
    """Towers to train jointly: the closed form's, or those that an earlier attempt started from."""
    earlier = progress.earlier()
    if earlier:
        return blank_towers(sample).unflat(earlier["start"].to(sample.ratings.device))
    towers = closed_form(sample, settings["alternations"], start)
    if sample.precision is torch.float64:
        return towers  # with the whitening of their features, which is computed once
    return towers.unflat(towers.flat().to(sample.precision))


def adam(
    sample: Sample, settings: dict, start: Towers | None = None, progress: Progress = NOTHING
) -> Fit:
    """Adam on minibatches drawn with replacement, the learning rate decayed to 0 by a cosine.

    Args:
        sample, start, progress: as for `erm`; without `start` from `random_towers`.
        settings: `steps`, `batch_size` and `learning_rate`.

    Example:
        >>> adam(sample, {"steps": 3, "batch_size": 16, "learning_rate": 0.01}).steps
        3
    """
    if start is None:
        start = random_towers(sample)
    start = start.unflat(start.flat().to(sample.precision))
    rows = minibatch_adam.train(
        start, sample.pairs, sample.random("minibatches"), settings, progress
    )
    loss, _ = SquaredError(start, *sample.pairs, sorts=False)(rows)
    return Fit(start.unflat(rows), loss, settings["steps"])


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


ARMS = {"erm": erm, "adam": adam, "pairwise": pairs_of_ratings}
"""How each arm of towers is trained, by its name in `twotower.study.arms`."""
