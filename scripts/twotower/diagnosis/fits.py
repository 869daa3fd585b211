"""Fits of one rung to all splits and seeds, and what they tell of held-out ratings or clicks."""

from dataclasses import replace

import numpy as np
import torch

from twotower.base import seeds
from twotower.diagnosis.factorial import OWN, SHARES, Rung
from twotower.diagnosis.kinds import kind
from twotower.diagnosis.kinds.click_fits import ClickFits
from twotower.diagnosis.kinds.kind import Kind
from twotower.diagnosis.kinds.rating_fits import RatingFits
from twotower.real import splits
from twotower.real.ratings import RealRatings
from twotower.real.splits import Split
from twotower.towers import training
from twotower.towers.samples import Fit, Sample

KIND = "random"
"""Of the splits: a fifth of the ratings is held out."""
_FITS = {"ratings": RatingFits, "clicks": ClickFits}
"""By kind of data, what hands it to an arm and measures the fit."""
_HELD = 1 << 24
"""Covariates that one computation of splits and seeds may hold: more are fitted by parts."""


def split_of(data: RealRatings, index: int, seed: int) -> Split:
    """Which ratings train and which are held out."""
    return splits.split(data, KIND, index, seed)


def trained(data: RealRatings, seed: int) -> int:
    """Ratings that train in each split."""
    return len(split_of(data, 0, seed).train)


def taken(data: RealRatings, most: int, seed: int) -> RealRatings:
    """The ratings, or as many of them as may be used, drawn at random."""
    n = len(data.ratings)
    if n <= most:
        return data
    rng = seeds.generator(seed, {"diagnosis": "sample"}, "ratings", 0)
    rows = np.sort(rng.choice(n, size=most, replace=False))
    columns = {name: getattr(data, name)[rows] for name in ("users", "items", "ratings", "times")}
    return replace(data, **columns)


def measured(
    data: RealRatings,
    rung: Rung,
    count: int,
    repeats: int,
    seed: int,
    fresh: dict[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """What fits of a rung predict, and how well they fit their own ratings.

    Args:
        count, repeats: splits, and seeds of the training on each of them.
        fresh: planted data alone have them. Of ratings, pairs that no rating is of, with
            `user_covariates` [m, D_u], `item_covariates` and their noise-free `signal` [m]; of
            clicks, users as of `click_truth.drawn`.

    Returns:
        For each share of the ratings `predictions/<share>` float32 [splits, seeds, n_test], or
        of clicks `losses/<share>`; `training_error/<share>` [splits, seeds], and with `fresh`
        `risk/<share>`, [splits, seeds].
    """
    parts = [split_of(data, index, seed) for index in range(count)]
    found: dict[str, list[np.ndarray]] = {}
    for share in rung.shares:
        for chosen in _batches(data, parts, repeats):
            for name, values in _fitted(data, rung, share, chosen, seed, fresh).items():
                found.setdefault(f"{name}/{share}", []).append(values)
    return {
        name: np.concatenate(values).reshape(count, repeats, *values[0].shape[1:])
        for name, values in found.items()
    }


def _batches(data: RealRatings, parts: list[Split], repeats: int):
    """Pairs of a split and a seed, as many as one computation may hold."""
    both = [(part, repeat) for part in parts for repeat in range(repeats)]
    columns = data.user_covariates.shape[1] + data.item_covariates.shape[1]
    size = max(1, _HELD // (columns * len(parts[0].train)))
    return [both[start : start + size] for start in range(0, len(both), size)]


def _fitted(data, rung, share, chosen, seed, fresh) -> dict[str, np.ndarray]:
    """One batch of B fits, as `measured` of RatingFits or ClickFits gives it."""
    rows = np.stack([part.beginning(SHARES[share]) for part, _ in chosen])
    tests = np.stack([part.test for part, _ in chosen])

    def random(role: str) -> list[np.random.Generator]:
        # The same draws for every rung: what differs between rungs is then the rungs' doing.
        about = {"diagnosis": rung.training}
        return [
            seeds.generator(seed, about | {"repeat": repeat}, role, part.index)
            for part, repeat in chosen
        ]

    def shared(role: str) -> list[np.random.Generator]:
        # Judges all fits to a split alike, whatever their training and its seed.
        return [
            seeds.generator(seed, {"diagnosis": "judged"}, role, part.index) for part, _ in chosen
        ]

    of = kind.of(data)
    fits = _FITS[of.events](data, rows, rung.towers, random, shared)
    fit = training.ARMS[of.own_arm](fits.sample, rung.towers.adam())
    if rung.training != OWN:
        fit = _best(fits.sample, fit, of)
    return fits.measured(fit, tests, fresh)


def _best(sample: Sample, own: Fit, of: Kind) -> Fit:
    """Towers close to the smallest training error: the better of two, for each network.

    One begins from the closed form, the other from the user's training. With few covariates the
    first is better. With many, such as flags of categories, its random hidden units are too few,
    and training from them stays above what the user's reaches.
    """
    arm = training.ARMS[of.best_arm]
    fits = [arm(sample, of.best_settings, start) for start in (None, own.towers)]
    losses = torch.stack([fit.training_loss for fit in fits])
    rows = torch.stack([fit.towers.flat() for fit in fits])
    chosen, every = losses.argmin(dim=0), torch.arange(rows.shape[1])
    # towers of fewer units than dimensions have as many outputs as units, and one more
    towers = fits[0].towers.unflat(rows[chosen, every])
    return replace(own, towers=towers, training_loss=losses[chosen, every])
