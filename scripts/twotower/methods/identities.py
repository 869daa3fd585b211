"""Methods that know users and items by their identities alone, from the library surprise.

Ratings are standardized first, so that penalties and step sizes mean the same on any scale. A pair
of which neither side was rated before gets what the library gives it: the mean rating.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from scipy import sparse
from surprise import NMF, SVD, BaselineOnly, CoClustering, KNNBaseline, SVDpp, Trainset
from surprise.prediction_algorithms import AlgoBase, PredictionImpossible

from twotower.data.pairs import Numbering, Pairs

MOST_COMPARED = 8192
"""Most users, or items, that are compared with each other: those with the most ratings. Their
similarities take four tables of 8 bytes for each two of them, 2 GiB in all."""

_WHOLE = 2**20  # surprise's co-clustering casts ratings to integers: make them large ones
_LEAST_SQUARES = {"method": "als", "n_epochs": 20}  # how biases are fitted
_LOWEST = 1.0  # non-negative factors need positive ratings

Predictor = Callable[[Pairs], np.ndarray]


class _Scale:
    """Standardized ratings, and back; NMF and co-clustering ask for a scale of their own."""

    def __init__(self, ratings: np.ndarray, name: str):
        self._mean, self._sd = ratings.mean(), ratings.std() or 1.0
        standard = (ratings - self._mean) / self._sd
        self._shift = _LOWEST - standard.min() if name == "nmf" else 0.0
        self._factor = _WHOLE if name == "co_clustering" else 1
        self.values = (standard + self._shift) * self._factor
        if name == "co_clustering":
            self.values = np.round(self.values).astype(int)

    def back(self, values: np.ndarray) -> np.ndarray:
        return self._mean + self._sd * (values / self._factor - self._shift)


def fit(name: str, pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    """The method of this name with these settings, fitted to pairs and ratings [n].

    Raises:
        KeyError: if it is not one of `boxes.BY_IDENTITIES`.
    """
    scale = _Scale(ratings, name)
    if name in ("user_knn", "item_knn"):
        return _neighbours(name, pairs, scale, settings)
    return _Fitted(_algorithm(name, settings, seed), pairs, scale)


def _algorithm(name: str, settings: dict, seed: int) -> AlgoBase:
    match name:
        case "biases":
            return BaselineOnly(_LEAST_SQUARES | settings, verbose=False)
        case "svd":
            return SVD(n_epochs=40, random_state=seed, **settings)
        case "svdpp":
            return SVDpp(n_epochs=20, random_state=seed, cache_ratings=True, **settings)
        case "nmf":
            reg = settings["reg"]
            factors = settings["n_factors"]
            return NMF(factors, reg_pu=reg, reg_qi=reg, n_epochs=50, random_state=seed)
        case "co_clustering":
            return CoClustering(n_epochs=20, random_state=seed, **settings)
    raise KeyError(name)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without Python's search for garbage, which looks through millions of lists again and again
    while they grow, and finds none: with a million ratings it takes more time than the lists."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Fitted:
    """A fitted algorithm of surprise as a predictor."""

    def __init__(self, algorithm: AlgoBase, pairs: Pairs, scale: _Scale):
        self._users, self._items = Numbering(pairs.users), Numbering(pairs.items)
        self._scale = scale
        self._algorithm = algorithm.fit(self._trainset())
        if not isinstance(algorithm, SVDpp):  # others ask for the mean, and which ids are known
            known = algorithm.trainset
            _ = known.global_mean  # found when it is first asked for
            known.ur, known.ir = dict.fromkeys(known.ur), dict.fromkeys(known.ir)

    def _trainset(self) -> Trainset:
        users, items, values = self._users, self._items, self._scale.values
        of_user, of_item = defaultdict(list), defaultdict(list)
        rows = zip(users.codes.tolist(), items.codes.tolist(), values.tolist(), strict=True)
        with _no_garbage():
            for user, item, rating in rows:
                of_user[user].append((item, rating))
                of_item[item].append((user, rating))
        numbers = [{code: code for code in range(len(side))} for side in (users, items)]
        ends = (values.min(), values.max())
        return Trainset(of_user, of_item, len(users), len(items), len(values), ends, *numbers)

    def __call__(self, pairs: Pairs) -> np.ndarray:
        users, items = self._users.of(pairs.users), self._items.of(pairs.items)
        found = np.full(len(pairs), self._estimate(-1, -1))
        known = np.flatnonzero((users >= 0) | (items >= 0))
        rows = zip(users[known].tolist(), items[known].tolist(), strict=True)
        found[known] = [self._estimate(user, item) for user, item in rows]
        return self._scale.back(found)

    def _estimate(self, user: int, item: int) -> float:
        try:
            found = self._algorithm.estimate(user, item)
        except PredictionImpossible:
            return self._algorithm.default_prediction()
        return found[0] if isinstance(found, tuple) else found


def _neighbours(name: str, pairs: Pairs, scale: _Scale, settings: dict) -> Predictor:
    """k nearest neighbours among users or items, on top of biases.

    Who shares no user or item with anyone has no neighbours and gets the biases alone, as do those
    beyond `MOST_COMPARED`: neither needs a row in the table of similarities.
    """
    biases = _Fitted(_algorithm("biases", {}, 0), pairs, scale)
    side, other = (pairs.users, pairs.items)[:: 1 if name == "user_knn" else -1]
    compared = _compared(side, other)
    rows = np.flatnonzero(np.isin(side, compared))
    if not len(rows):
        return biases
    algorithm = _Nearest(
        k=settings["k"],
        sim_options={
            "name": "pearson_baseline",
            "user_based": name == "user_knn",
            "shrinkage": settings["shrinkage"],
        },
        bsl_options=_LEAST_SQUARES,
        verbose=False,
    )
    kept = pairs.take(rows)
    part = _Part(scale, rows)
    near = _Fitted(algorithm, kept, part)

    def predictor(fresh: Pairs) -> np.ndarray:
        found = biases(fresh)
        inside = np.isin(fresh.users if name == "user_knn" else fresh.items, compared)
        found[inside] = near(fresh.take(inside))
        return found

    return predictor


class _Nearest(KNNBaseline):
    """Who never differs from the biases, as a user who rates all items 3 may, is like nobody."""

    def compute_similarities(self) -> np.ndarray:
        """surprise's own, which divides by zero for such users or items; then ours: [m, m]."""
        try:
            return super().compute_similarities()
        except ZeroDivisionError:
            return self.shrunk_correlations()

    def shrunk_correlations(self) -> np.ndarray:
        """surprise's `pearson_baseline`, and 0 where it is not defined: [m, m]."""
        rows = [(x, y, rating) for y, rated in self.yr.items() for x, rating in rated]
        x, y, rating = (np.array(column) for column in zip(*rows, strict=True))
        residual = rating - (self.trainset.global_mean + self.bx[x] + self.by[y])
        once, rest, square = (
            sparse.csr_array((values, (x, y)), shape=(self.n_x, self.n_y))
            for values in (np.ones(len(rows)), residual, residual**2)
        )
        common, squares = (once @ once.T).toarray(), (square @ once.T).toarray()
        lengths = np.sqrt(squares * squares.T)
        similar = np.divide(
            (rest @ rest.T).toarray(), lengths, out=np.zeros_like(lengths), where=lengths > 0
        )
        fewer = np.maximum(common - 1, 0)
        similar *= fewer / (fewer + self.sim_options["shrinkage"])
        np.fill_diagonal(similar, 1.0)
        return similar


class _Part:
    """Some rows of a scale."""

    def __init__(self, scale: _Scale, rows: np.ndarray):
        self.values, self.back = scale.values[rows], scale.back


def _compared(side: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Those of a side who share one of the other side with somebody, at most `MOST_COMPARED`."""
    codes, known = Numbering(side), Numbering(other)
    shared = np.bincount(known.codes)[known.codes] > 1
    counts = np.bincount(codes.codes, minlength=len(codes)) * np.bincount(
        codes.codes[shared], minlength=len(codes)
    ).astype(bool)
    order = np.argsort(-counts, kind="stable")[:MOST_COMPARED]
    first = np.unique(codes.codes, return_index=True)[1]
    return side[first[order[counts[order] > 0]]]
