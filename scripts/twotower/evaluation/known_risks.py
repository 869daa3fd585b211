"""Risks on pairs of known and of new users and items, as `data.known_pairs` draws them."""

from collections.abc import Callable

import numpy as np

from twotower.data.groups import PAIR_KINDS, PAST, TOWERS
from twotower.data.pairs import Pairs


class Judge:
    """The pairs of one replicate that are judged at n ratings, and their true ratings.

    Attributes:
        users, items: numbers in the pools, [4 · pairs].
    """

    def __init__(self, test: dict[str, np.ndarray], replicate: int, n: int):
        self._test, self._replicate = test, replicate
        self.users, self.items = (test[f"{n}/{t}s"][replicate].ravel() for t in TOWERS)
        values = [self.of("embeddings", tower) for tower in TOWERS]
        self._signal = (values[0] * values[1]).sum(axis=1)
        self._past = [
            test[f"{n}/{tower}_past"][replicate][rows]
            for tower, rows in zip(TOWERS, (self.users, self.items), strict=True)
        ]

    def of(self, name: str, tower: str) -> np.ndarray:
        """A column of the pools, by pair: [4 · pairs, …]."""
        rows = self.users if tower == "user" else self.items
        return self._test[f"pool_{tower}_{name}"][self._replicate][rows]

    def pairs(self) -> Pairs:
        """The pairs as other methods see them; new users and items have unknown identities."""
        return Pairs(self.users, self.items, *(self.of("covariates", t) for t in TOWERS))

    def risks(self, predictions: np.ndarray, bound: float) -> dict[str, float]:
        """`risk` and `risk_se` on known pairs, and those of `groups.GROUPS` (NaN: no such pair).

        Args:
            predictions: unclipped, [4 · pairs]; clipped here to ±bound.
        """
        errors = np.square(np.clip(predictions, -bound, bound) - self._signal)
        kinds = errors.reshape(len(PAIR_KINDS), -1)
        known = kinds[0]
        found = {"risk": known.mean(), "risk_se": known.std(ddof=1) / np.sqrt(len(known))}
        found |= {kind: kinds[row].mean() for row, kind in enumerate(PAIR_KINDS) if row}
        for tower, past in zip(TOWERS, self._past, strict=True):
            of_known = past[: len(known)]
            for name, (low, high) in PAST.items():
                inside = known[(of_known >= low) & (of_known <= high)]
                found[f"{tower}_past_{name}"] = inside.mean() if len(inside) else np.nan
        return {name: float(value) for name, value in found.items()}


def judged(test: dict[str, np.ndarray]) -> bool:
    """Whether a data set's test pairs are those of `known_pairs.draw`."""
    return "pool_user_covariates" in test


def stacked(
    test: dict[str, np.ndarray],
    n: int,
    bound: np.ndarray,
    predict: Callable[[int, Judge], np.ndarray],
) -> dict[str, np.ndarray]:
    """`Judge.risks` of all replicates, each [B]; `predict` gives a replicate's predictions."""
    rows = []
    for replicate, most in enumerate(bound):
        judge = Judge(test, replicate, n)
        rows.append(judge.risks(predict(replicate, judge), most))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}
