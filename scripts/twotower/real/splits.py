"""Which ratings train and which test: at random, by time, and with users and items held out."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from twotower.base import seeds
from twotower.base.values import complaint
from twotower.real.ratings import RealRatings
from twotower.real.reading.files import RawRatings
from twotower.real.reading.layouts import RatingsFileError

TEST_SHARE = 0.2
FEWEST_TRAINED = 20
"""Ratings that each split must leave to train on."""
HELD_OUT_SHARE = 0.2
"""Of users, and of items, in cold splits."""
FEW_SHARE = 0.3
"""Of users that keep few ratings, or none."""
FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of the training ratings, in learning curves."""
PAST = (0, 1, 6, 21)
"""Where the groups by number of past ratings begin: 0, 1–5, 6–20, more."""
PAST_NAMES = ("0", "1–5", "6–20", "more")
KINDS_THAT_HOLD_OUT = ("cold", "few")
"""Users, or users and items: theirs may be most of the ratings."""


@dataclass(frozen=True)
class Split:
    """Rows of a data set: `train` in random order, so that its beginnings are samples, `test`."""

    kind: str
    index: int
    train: np.ndarray
    test: np.ndarray

    def beginning(self, fraction: float) -> np.ndarray:
        """A fraction of the training rows; smaller ones are prefixes of larger ones."""
        return self.train[: max(1, round(fraction * len(self.train)))]


def count_of(kind: str, count: int) -> int:
    """How many splits of a kind there are: time has but one end."""
    return 1 if kind == "time" else count


def split(data: RealRatings | RawRatings, kind: str, index: int, seed: int) -> Split:
    """One split.

    - random: a fifth of the ratings test.
    - time: the last fifth of the ratings test; equal times in the order of the file.
    - cold: a fifth of the users and a fifth of the items are held out; the others' ratings of each
      other train, but for a fifth of them. All else tests: known and new users and items in all
      four combinations.
    - few: of three tenths of the users, a third each keep 0, 1 to 5, and 6 to 20 of their ratings
      in training; the others' train, but for a fifth. The rest tests.
    """
    rng = seeds.generator(seed, {"split": kind}, "split", index)
    n = len(data.ratings)
    order = rng.permutation(n)
    if kind == "time":
        last = np.argsort(data.times, kind="stable")[n - round(TEST_SHARE * n) :]
        tests = np.isin(order, last)
    else:
        tests = np.arange(n) >= n - round(TEST_SHARE * n)
    if kind == "cold":
        for ids in (data.users, data.items):
            tests |= np.isin(ids[order], _held_out(ids, HELD_OUT_SHARE, rng))
    if kind == "few":
        chosen = rng.permutation(_held_out(data.users, FEW_SHARE, rng))
        keeps = np.full(int(data.users.max()) + 1, -1)
        keeps[chosen[0::3]] = 0
        keeps[chosen[1::3]] = rng.integers(1, 6, size=len(chosen[1::3]))
        keeps[chosen[2::3]] = rng.integers(6, 21, size=len(chosen[2::3]))
        limited = keeps[data.users[order]]
        tests = np.where(limited >= 0, _ranks(data.users[order]) >= limited, tests)
    return Split(kind, index, order[~tests], np.sort(order[tests]))


def check(data: RawRatings, count: int, seed: int, place: str | Path) -> None:
    """Refuse ratings of which a split would leave next to none to train on.

    Args:
        count: splits of each seeded kind.
        place: of the ratings, for the message.

    Raises:
        RatingsFileError: naming the first such split.
    """
    for kind, index in product(KINDS_THAT_HOLD_OUT, range(count)):
        left = len(split(data, kind, index, seed).train)
        if left < FEWEST_TRAINED:
            found = f"split {index + 1} of kind {kind} leaves {left} ratings to train on"
            hint = "a few users or items have most of the ratings; bring more of the others"
            raise RatingsFileError(
                f"{place}: {complaint(found, f'at least {FEWEST_TRAINED}', hint)}"
            )


def past_counts(train_ids: np.ndarray, test_ids: np.ndarray) -> np.ndarray:
    """How many training ratings the user (or item) of each test rating has, int64 [n_test]."""
    counts = np.bincount(train_ids, minlength=int(test_ids.max()) + 1)
    return counts[test_ids]


def _held_out(ids: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    unique = np.unique(ids)
    return rng.choice(unique, size=max(1, round(share * len(unique))), replace=False)


def _ranks(ids: np.ndarray) -> np.ndarray:
    """How often each id has occurred before: [2, 2, 3, 2] gives [0, 1, 0, 2]."""
    order = np.argsort(ids, kind="stable")
    sorted_ids = ids[order]
    starts = np.r_[True, sorted_ids[1:] != sorted_ids[:-1]]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(ids)), 0))
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[order] = np.arange(len(ids)) - first
    return ranks
