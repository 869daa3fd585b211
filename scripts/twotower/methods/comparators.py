"""Other methods than towers behind one interface, each tuned on an equal budget.

A budget of b means b settings of a method, each fitted to four fifths of the ratings and judged by
its squared error on the fifth that is left, the same for all methods; the best one is fitted again
to all ratings. Methods that have nothing to tune are fitted once.

Some know users and items by their identities, the others by their covariates. Where no user and no
item is rated twice, identities say nothing of another pair: those methods then predict the mean,
which is what they give pairs of unknown users and items anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from twotower.data.equal_ratings import are_equal
from twotower.data.pairs import Pairs
from twotower.methods import boxes
from twotower.methods.search import Choice, Span, points

HELD_OUT_SHARE = 0.2

Predictor = Callable[[Pairs], np.ndarray]


@dataclass(frozen=True)
class Comparator:
    """A method.

    Attributes:
        box: the settings that are tuned, with the range of each.
        uses_identities, uses_covariates: what it knows users and items by.
    """

    box: dict[str, Span | Choice]
    uses_identities: bool
    uses_covariates: bool
    _fit: Callable[[Pairs, np.ndarray, dict, int], Predictor]

    def candidates(self, n: int, budget: int) -> list[dict[str, Any]]:
        """The settings to try on n ratings: `budget` of them, or one if nothing is to be tuned."""
        return points(self.box, budget)

    def knows_nothing_of(self, pairs: Pairs) -> bool:
        """Whether it sees identities alone and no user or item stands in two of these pairs: then
        they say nothing about other pairs.
        """
        return self.uses_identities and not self.uses_covariates and not pairs.repeats()

    def fit(
        self, pairs: Pairs, ratings: np.ndarray, settings: dict, rng: np.random.Generator
    ) -> Predictor:
        """A function from m pairs to their predicted ratings, float64 [m].

        Identities that no rating has are unknown users and items, and allowed. Equal ratings are
        predicted as they are: no method could learn more of them, and some divide by their spread.

        Args:
            pairs, ratings: n ≥ 1 pairs and their ratings, float64 [n].
            settings: one of `candidates`.
            rng: decides all that is random.
        """
        seed = int(rng.integers(2**31))
        if are_equal(ratings):
            return lambda fresh: np.full(len(fresh), ratings[0])
        if self.knows_nothing_of(pairs):
            return _mean(pairs, ratings, settings, seed)
        return self._fit(pairs, ratings, settings, seed)


def _mean(pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    mean = ratings.mean()
    return lambda fresh: np.full(len(fresh), mean)


# A job fits one method: it loads the library of that one (surprise or scikit-learn) alone.
def _by_identities(name: str, *fitted_to: Any) -> Predictor:
    from twotower.methods import identities

    return identities.fit(name, *fitted_to)


def _by_covariates(name: str, *fitted_to: Any) -> Predictor:
    from twotower.methods import covariates

    return covariates.fit(name, *fitted_to)


COMPARATORS = (
    {"global_mean": Comparator({}, False, False, _mean)}
    | {
        name: Comparator(box, True, False, partial(_by_identities, name))
        for name, box in boxes.BY_IDENTITIES.items()
    }
    | {
        name: Comparator(box, False, True, partial(_by_covariates, name))
        for name, box in boxes.BY_COVARIATES.items()
    }
)
"""By name, from the simplest to the ones with most knowledge."""


@dataclass(frozen=True)
class Tuned:
    """A fitted method: `settings` were chosen for their `held_out_error`, the mean squared error
    on the held-out ratings (NaN where none could be held out, or none was tried).
    """

    settings: dict[str, Any]
    held_out_error: float
    predict: Predictor


def tuned(
    name: str,
    pairs: Pairs,
    ratings: np.ndarray,
    budget: int,
    rng: np.random.Generator,
    methods: Mapping[str, Comparator] = COMPARATORS,
) -> Tuned:
    """The method of this name, tuned and fitted to n pairs and their ratings, float64 [n].

    Every setting has the same held-out ratings and the same seed; of equals the first is taken.
    With a budget of 0 none is tried, and the first is taken.

    Raises:
        KeyError: if there is no such method.
    """
    method = methods[name]
    order = rng.permutation(len(ratings))
    held, kept = np.split(order, [int(HELD_OUT_SHARE * len(ratings))])
    kept = np.sort(kept)  # methods that walk through users in order see them as they came
    seed = int(rng.integers(2**31))
    settings = method.candidates(len(ratings), max(budget, 1))
    if method.knows_nothing_of(pairs):
        settings = settings[:1]  # all of them would give the mean
    errors = [
        _error(method, each, pairs, ratings, kept, held, np.random.default_rng(seed))
        for each in settings[:budget]
    ]
    best = int(np.argmin(errors)) if errors and len(held) else 0
    predict = method.fit(pairs, ratings, settings[best], np.random.default_rng(seed))
    return Tuned(settings[best], errors[best] if errors else float("nan"), predict)


def _error(method: Comparator, settings: dict, pairs: Pairs, ratings, kept, held, rng) -> float:
    if not len(held):
        return float("nan")
    predict = method.fit(pairs.take(kept), ratings[kept], settings, rng)
    error = float(np.square(predict(pairs.take(held)) - ratings[held]).mean())
    return error if np.isfinite(error) else float("inf")
