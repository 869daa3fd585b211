"""Arms for clicks: towers near the smallest mean loss, and plain training with Adam."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from twotower.towers import joint_training, minibatch_adam
from twotower.towers.checkpoint import Progress
from twotower.towers.clicks.losses import (
    BATCH,
    PAIR,
    ClickLoss,
    corrections,
    counted_shares,
)
from twotower.towers.clicks.objective import ClickObjective, batch_slopes
from twotower.towers.clicks.start import start as closed_start
from twotower.towers.clicks.start import with_corrections, with_own_scores
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError
from twotower.towers.samples import NOTHING, Fit, Sample, blank_towers, random_towers


def full_batch(
    kind: str, is_corrected: bool = True, is_counted: bool = False
) -> Callable[..., Fit]:
    """The arm that minimizes the mean loss of this kind over all clicks by L-BFGS.

    Output layers come first, in `output_steps`: for given hidden layers they are a maximum
    likelihood fit that 40 evaluations settle. Then all layers move, in `joint_steps`. On pilot seed
    7, 15 of them lower the training loss and hardly the risk; more of them raise it.

    If `is_counted`, the shares of items are those of these very clicks, `losses.counted_shares`.

    It takes a sample of clicks, these settings, towers to start from in place of the closed form's,
    if any, and what an earlier attempt has left.
    """

    def fit(
        sample: Sample, settings: dict, start: Towers | None = None, progress: Progress = NOTHING
    ) -> Fit:
        if is_counted:
            share = counted_shares(sample.clicks)
            sample = replace(sample, clicks=replace(sample.clicks, log_share=share))
        if earlier := progress.earlier():
            start = blank_towers(sample).unflat(earlier["start"].to(sample.ratings.device))
        elif start is None:
            start = closed_start(sample, kind, is_corrected)
        elif not is_corrected:
            start = with_corrections(start, sample, kind)
        if start.user[0][0].dtype is not sample.precision:
            start = start.unflat(start.flat().to(sample.precision))
        loss = ClickLoss(sample.clicks, kind, is_corrected, _others(sample, kind))
        objective = ClickObjective(start, sample.users, sample.clicks.catalogue, loss)
        error = SquaredError(start, *sample.pairs, sorts=False)  # for its curvatures
        first = objective.of_outputs, settings["output_steps"]
        steps = settings["joint_steps"]
        fitted = joint_training.train(start, error, objective, steps, progress, first=first)
        return Fit(*fitted, steps)

    return fit


def adam(
    sample: Sample, settings: dict, start: Towers | None = None, progress: Progress = NOTHING
) -> Fit:
    """Adam on batches of clicks drawn with replacement, anew for each step, by the corrected loss
    of kind `batch`; the learning rate is decayed to 0 by a cosine.

    Args:
        sample, start, progress: as for `full_batch`; without `start` from random towers.
        settings: `steps` and `learning_rate`.
    """
    if start is None:
        start = with_own_scores(random_towers(replace(sample, rank=sample.rank - 1)))
    start = start.unflat(start.flat().to(sample.precision))
    clicks = sample.clicks
    offsets = corrections(clicks, BATCH).gather(1, clicks.items)
    rows = minibatch_adam.train(
        start,
        (sample.users, sample.items, offsets),
        sample.random("minibatches"),
        settings | {"batch_size": clicks.batch},
        progress,
        batch_slopes,
    )
    loss = ClickLoss(clicks, BATCH, True)
    losses, _ = ClickObjective(start, sample.users, clicks.catalogue, loss)(rows)
    return Fit(start.unflat(rows), losses, settings["steps"])


def _others(sample: Sample, kind: str) -> torch.Tensor | None:
    """Items [B, n] that the clicked ones are compared with, the same throughout a fit."""
    if kind != PAIR:
        return None
    size, (_, n) = sample.clicks.catalogue.shape[1], sample.clicks.items.shape
    drawn = np.stack([rng.integers(size, size=n) for rng in sample.random("negatives")])
    return torch.from_numpy(drawn).to(sample.ratings.device)
