"""Two stages on targets of known truth: towers retrieve candidates, a ranker orders them.

Rankers are the towers themselves (no second stage) and gradient boosting on the covariates of both
sides, trained on the ratings or clicks that the towers were trained on (`ranker_pairs`): without,
and with the towers' score as one more column. A boosted model knows no two towers: it can learn
what a score of p components cannot hold, but pays for d_u + d_i dimensions. The score is that of
towers which saw these very ratings, so that the model trusts it a little too much.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from twotower.base.seeds import generator
from twotower.data.pairs import Pairs
from twotower.data.ratings import draw_side
from twotower.data.targets import TOWERS, Target
from twotower.evaluation.regret_split import BOOSTING, TOWERS_ALONE, WITH_SCORE, split
from twotower.evaluation.tower_values import embeddings, fits_in
from twotower.methods import comparators
from twotower.retrieval import indexes, ranker_pairs

COLUMNS = [
    "n_ratings", "replicate", "index", "items", "candidates", "ranker", "regret",
    "retrieval_share", "ranking_share", "retrieved",
]  # fmt: skip

Scores = Callable[[np.ndarray], np.ndarray]
"""From candidates, item numbers [users, m], to their scores [users, m]."""


class _Drawn(NamedTuple):
    """One target's users and items: covariates [count, D], true embeddings [count, rank]."""

    users: np.ndarray
    items: np.ndarray
    true_users: np.ndarray
    true_items: np.ndarray

    def truth(self, items: np.ndarray) -> np.ndarray:
        """R* of each user's items, numbers [users, m]: [users, m]."""
        return _products(self.true_users, self.true_items, items)


def measured(
    tensors: dict[str, np.ndarray],
    ratings: dict[str, np.ndarray],
    spec: dict[str, Any],
    targets: dict[int, Target],
) -> Iterator[dict]:
    """The split of the regret, for each size, target, catalogue, number of candidates and ranker.

    Args:
        tensors: fits of these targets' towers, as a training job writes them.
        ratings: the `ranker_pairs.columns` of the same targets in the same order, [B, …].
        spec: `seed`, `data` (a cell's data settings), `users`, growing `catalogues` and
            `candidates`, `k` (K), `budget` of the ranker's tuning, and `approximate`, an index of
            `indexes.INDEXES` that is tried on the largest catalogue, with its `effort`.
        targets: by replicate.

    Yields:
        Dicts with `COLUMNS`: means over users; `retrieved` is the share of the K truly best items
        that are among the candidates.
    """
    fits = [(n, towers) for n, start, towers, _ in fits_in(tensors) if start == "used"]
    for place, (replicate, target) in enumerate(targets.items()):
        drawn = _draw(spec, target, replicate)
        best = [_best(drawn, size, spec["k"]) for size in spec["catalogues"]]
        for n, towers in fits:
            own = {
                tower: [tuple(part[place : place + 1] for part in layer) for layer in towers[tower]]
                for tower in TOWERS
            }
            rng = generator(spec["seed"], spec["data"], f"two_stages_{n}", replicate)
            known = {name: column[place] for name, column in ratings.items()}
            rated = ranker_pairs.of(known, n, rng)
            for row in _of_fit(own, rated, spec, drawn, best, rng):
                yield {"n_ratings": n, "replicate": replicate} | row


def _draw(spec: dict, target: Target, replicate: int) -> _Drawn:
    place = (spec["seed"], spec["data"], target, replicate)
    counts = zip(TOWERS, (spec["users"], max(spec["catalogues"])), strict=True)
    sides = [draw_side(*place, tower, count, "two_stages") for tower, count in counts]
    return _Drawn(sides[0][1], sides[1][1], sides[0][2], sides[1][2])


def _products(users: np.ndarray, items: np.ndarray, found: np.ndarray) -> np.ndarray:
    """⟨user, item⟩ of each user's items, numbers [users, m]; the arithmetic of `indexes.rerank`."""
    return (items[found] * users[:, None, :]).sum(axis=2)


def _best(drawn: _Drawn, items: int, k: int) -> np.ndarray:
    """R* of each user's k truly best of the first items: [users, k], the best first."""
    return indexes.exact_top(drawn.true_users, drawn.true_items[:items], k).scores


def _of_fit(
    towers: dict,
    rated: ranker_pairs.Labelled,
    spec: dict,
    drawn: _Drawn,
    best: list,
    rng: np.random.Generator,
) -> Iterator[dict]:
    """Rows of one target's towers of one size."""
    users, items = (
        embeddings(towers[tower], covariates[None])[0]
        for tower, covariates in zip(TOWERS, (drawn.users, drawn.items), strict=True)
    )
    rankers = _rankers(towers, rated, spec, drawn, users, items, rng)
    most, k = max(spec["candidates"]), spec["k"]
    kinds = [(indexes.EXACT, size) for size in spec["catalogues"]]
    if spec["approximate"]:
        kinds.append((spec["approximate"], spec["catalogues"][-1]))
    for kind, size in kinds:
        effort = None if kind == indexes.EXACT else spec["effort"]
        found = indexes.build(kind, items[:size]).search(users, most, effort=effort).ids
        truth, top = drawn.truth(found), best[spec["catalogues"].index(size)]
        retrieved = truth >= top[:, -1:]
        for name, scores in rankers.items():
            order = scores(found)
            for count in spec["candidates"]:
                chosen = np.argsort(-order[:, :count], axis=1, kind="stable")[:, :k]
                shown = np.take_along_axis(truth, chosen, axis=1)
                shares = split(truth[:, :count], top, shown)
                about = {"index": kind, "items": size, "candidates": count, "ranker": name}
                about |= {name: float(values.mean()) for name, values in shares.items()}
                yield about | {"retrieved": float(retrieved[:, :count].sum(axis=1).mean() / k)}


def _rankers(
    towers: dict,
    rated: ranker_pairs.Labelled,
    spec: dict,
    drawn: _Drawn,
    users: np.ndarray,
    items: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Scores]:
    """Rankers by name; those of boosting are tuned and fitted to the ratings."""

    def by_towers(found: np.ndarray) -> np.ndarray:
        return _products(users, items, found)

    sides = [rated.users, rated.items]
    known = [embeddings(towers[t], side[None])[0] for t, side in zip(TOWERS, sides, strict=True)]
    score = (known[0] * known[1]).sum(axis=1)
    seed = int(rng.integers(2**31))
    rankers: dict[str, Scores] = {TOWERS_ALONE: by_towers}
    for name in (BOOSTING, WITH_SCORE):
        with_score = name == WITH_SCORE
        pairs = _pairs(*sides, score if with_score else None)
        tuning = np.random.default_rng(seed)  # both hold out the same ratings
        fitted = comparators.tuned("boosting", pairs, rated.labels, spec["budget"], tuning)

        def by_boosting(
            found: np.ndarray, predict: Callable = fitted.predict, scored: bool = with_score
        ) -> np.ndarray:
            count = found.shape[1]
            both = np.repeat(drawn.users, count, axis=0), drawn.items[found.ravel()]
            return predict(_pairs(*both, by_towers(found).ravel() if scored else None)).reshape(
                found.shape
            )

        rankers[name] = by_boosting
    return rankers


def _pairs(users: np.ndarray, items: np.ndarray, score: np.ndarray | None) -> Pairs:
    """Pairs by their covariates alone; a score is one more covariate of the user."""
    if score is not None:
        users = np.column_stack([users, score])
    numbers = np.arange(len(users))
    return Pairs(numbers, numbers, users, items)
