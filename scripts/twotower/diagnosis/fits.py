"""Fits of one rung to all splits and seeds, and what they predict of the held-out ratings."""

from dataclasses import replace

import numpy as np
import torch

from twotower.base import seeds
from twotower.diagnosis.factorial import BEST_SETTINGS, OWN, SHARES, Rung, left_out
from twotower.real import splits
from twotower.real.ratings import RealRatings
from twotower.real.splits import Split
from twotower.towers import networks, training

KIND = "random"
"""Of the splits: a fifth of the ratings is held out."""
_HELD = 1 << 24
"""Covariates that one computation of splits and seeds may hold: more are fitted by parts."""


def split_of(data: RealRatings, index: int, seed: int) -> Split:
    """Which ratings train and which are held out."""
    return splits.split(data, KIND, index, seed)


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
        fresh: pairs that no rating is of, with `user_covariates` [m, D_u], `item_covariates` and
            their noise-free `signal` [m]: planted data alone have them.

    Returns:
        For each share of the ratings `predictions/<share>` float32 [splits, seeds, n_test],
        `training_error/<share>` [splits, seeds], mean squared errors, and with `fresh`
        `risk/<share>`, [splits, seeds]. Nothing for a rung that has too many weights.
    """
    parts = [split_of(data, index, seed) for index in range(count)]
    if left_out(rung, len(parts[0].train)):
        return {}
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
    """One batch of B fits: `predictions` [B, n_test], `training_error` [B], `risk` [B]."""
    rows = np.stack([part.beginning(SHARES[share]) for part, _ in chosen])
    tests = np.stack([part.test for part, _ in chosen])

    def random(role: str) -> list[np.random.Generator]:
        # The same draws for every rung: what differs between rungs is then the rungs' doing.
        about = {"diagnosis": rung.training}
        return [
            seeds.generator(seed, about | {"repeat": repeat}, role, part.index)
            for part, repeat in chosen
        ]

    ratings = data.ratings[rows]
    level = ratings.mean(axis=1, keepdims=True)
    towers = rung.towers
    sample = training.Sample(
        *_covariates(data, rows),
        torch.from_numpy(ratings - level),
        towers.width,
        towers.depth,
        towers.rank,
        torch.float64,
        random,
    )
    own = training.adam(sample, towers.adam())
    fitted = own.towers if rung.training == OWN else _best(sample, own.towers)
    low, high = ratings.min(axis=1, keepdims=True), ratings.max(axis=1, keepdims=True)

    def predict(users: torch.Tensor, items: torch.Tensor) -> np.ndarray:
        return (level + networks.scores(fitted, users, items).numpy()).clip(low, high)

    error = np.square(predict(sample.users, sample.items) - ratings).mean(axis=1)
    found = {"predictions": predict(*_covariates(data, tests)), "training_error": error}
    found["predictions"] = found["predictions"].astype(np.float32)
    if fresh is not None:
        pairs = (
            torch.from_numpy(fresh[f"{side}_covariates"]).expand(len(rows), -1, -1).contiguous()
            for side in ("user", "item")
        )
        found["risk"] = np.square(predict(*pairs) - fresh["signal"]).mean(axis=1)
    return found


def _best(sample: training.Sample, own: networks.Towers) -> networks.Towers:
    """Towers close to the smallest training error: the better of two, for each network.

    One begins from the closed form, the other from the user's training. With few covariates the
    first is better. With many, such as flags of categories, its random hidden units are too few,
    and training from them stays above what the user's reaches.
    """
    fits = [training.erm(sample, BEST_SETTINGS, start) for start in (None, own)]
    losses = torch.stack([fit.training_loss for fit in fits])
    rows = torch.stack([fit.towers.flat() for fit in fits])
    # towers of fewer units than dimensions have as many outputs as units, and one more
    return fits[0].towers.unflat(rows[losses.argmin(dim=0), torch.arange(rows.shape[1])])


def _covariates(data: RealRatings, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Of users and items of ratings [B, n]: [B, n, D_u] and [B, n, D_i]."""
    return (
        torch.from_numpy(data.user_covariates[data.users[rows]]),
        torch.from_numpy(data.item_covariates[data.items[rows]]),
    )
