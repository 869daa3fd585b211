"""Arms: ways to fit a batch of towers to ratings.

`erm` seeks the empirical risk minimizer that the theorem speaks of: a closed-form start, then
joint training of all layers. `pairwise` does the same with a loss on pairs of ratings of a user.
The arms for clicks (`clicks.fits`) seek the minimizers of losses of choices among items.
`adam` is what people do: a random start, Adam on minibatches, a cosine decay. All take all
replicates of a configuration and size as one batch.
"""

from dataclasses import replace

import torch

from twotower.towers import joint_training, minibatch_adam, pairwise
from twotower.towers.checkpoint import Progress
from twotower.towers.clicks import fits
from twotower.towers.clicks.losses import APART, BATCH, FULL, PAIR
from twotower.towers.clicks.start import with_own_scores
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.outputs import WhitenedTowers, fit_outputs
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError
from twotower.towers.samples import NOTHING, Fit, Sample, blank_towers, random_towers


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
        sample: ratings of B replicates and the architecture. Of clicks the ratings are taken too,
            by all components but an item's own score, which is 0.
        settings: `alternations` and `joint_steps`.
        start: towers whose hidden layers, and item tower, the closed form takes.
        progress: what an earlier attempt left, and where the state is offered.

    Example:
        >>> fit = erm(sample, {"alternations": 2, "joint_steps": 5})
        >>> bool(fit.training_loss < sample.ratings.var(dim=1))
        True
    """
    if sample.clicks is not None:
        fit = erm(replace(sample, rank=sample.rank - 1, clicks=None), settings, None, progress)
        return replace(fit, towers=with_own_scores(fit.towers))
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


ARMS = {
    "erm": erm,
    "adam": adam,
    "pairwise": pairs_of_ratings,
    "softmax_full": fits.full_batch(FULL),
    "softmax_full_raw": fits.full_batch(FULL, is_corrected=False),
    "softmax_batch": fits.full_batch(BATCH),
    "softmax_batch_counted": fits.full_batch(BATCH, is_counted=True),
    "softmax_batch_raw": fits.full_batch(BATCH, is_corrected=False),
    "softmax_batch_apart": fits.full_batch(APART),
    "bpr": fits.full_batch(PAIR),
    "softmax_adam": fits.adam,
}
"""How each arm of towers is trained, by its name in `twotower.study.arms`."""
