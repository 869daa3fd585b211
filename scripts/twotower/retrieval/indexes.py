"""Retrieval, then ranking: the two stages in which a service finds the best items of a catalogue.

Stage one is an index over item embeddings: it finds candidates of large inner product with a
user's embedding, exactly or approximately, in float32 or fewer bits. Stage two orders them by the
full score ⟨f(x_u), f̃(x_i)⟩ in float64. Clipping a score to ±M, as the risk does, is left out: it
reverses no two items, and only makes ties of those beyond M. Equal scores are ordered by number.

The indexes are those of faiss (M. Douze et al., *The Faiss library*, arXiv:2401.08281), on one
thread. Approximate ones are made for near neighbours, and the largest inner product is not that of
the nearest item: a long embedding beats a near one. Items may therefore be *lifted*, given one more
component, √(L² − |x|²) with L the largest length, so that all have length L; users get a 0 there.
Squared distances are then |u|² + L² − 2⟨u, x⟩: the nearest has the largest inner product
(Y. Bachrach et al., *RecSys* 2014).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import faiss
import numpy as np

from twotower.base.errors import ExpectedError

_CONSTRUCTION_EFFORT = 128  # of a graph; building takes time in proportion
_POINTS_PER_LIST = 39  # fewer make faiss doubt its clusters
_BLOCK_ELEMENTS = 1 << 23  # of the largest array of scores held at a time


class RetrievalError(ExpectedError):
    """Embeddings or settings that nothing can be retrieved with."""


@dataclass(frozen=True)
class Kind:
    """One kind of index.

    Attributes:
        words: what it is, for a reader.
        factory: faiss's description of it, with {lists} for the number of lists.
        lifted: whether it searches lifted items by distance, or items as they are by inner product.
        parameters: from the effort of a search (efSearch of a graph, nprobe of lists) to faiss's
            search parameters; None for a search that has no such knob.
    """

    words: str
    factory: str
    lifted: bool = False
    parameters: Callable[[int], faiss.SearchParameters] | None = None


@cache
def _graph(effort: int) -> faiss.SearchParameters:
    return faiss.SearchParametersHNSW(efSearch=effort)


@cache
def _lists(effort: int) -> faiss.SearchParameters:
    return faiss.SearchParametersIVF(nprobe=effort)


EXACT = "exact"
INDEXES = {
    EXACT: Kind("exact search", "Flat"),
    "ivf": Kind("IVF lists", "IVF{lists},Flat", True, _lists),
    "ivf_sq8": Kind("IVF lists, 8 bits", "IVF{lists},SQ8", True, _lists),
    "ivf_raw": Kind("IVF lists, not lifted", "IVF{lists},Flat", False, _lists),
    "hnsw": Kind("HNSW graph", "HNSW32", False, _graph),
}


@dataclass(frozen=True)
class Found:
    """The best items of m users, best first.

    Attributes:
        ids: int64 [m, k], numbers of items.
        scores: float64 [m, k], their full scores, not clipped.
    """

    ids: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Index:
    """Item embeddings with an index over them.

    Attributes:
        kind: a key of `INDEXES`.
        embeddings: float64 [items, p].
        stage_one: faiss's index.
    """

    kind: str
    embeddings: np.ndarray
    stage_one: faiss.Index

    @property
    def bytes(self) -> int:
        """Memory of the index alone, without the float64 embeddings that stage two reads."""
        return faiss.serialize_index(self.stage_one).nbytes

    def search(
        self, users: np.ndarray, k: int, candidates: int | None = None, effort: int | None = None
    ) -> Found:
        """The k best items of each user among the candidates that the index finds.

        Users for whom the index finds fewer than k candidates are searched exactly.

        Args:
            users: embeddings [m, p].
            k: items wanted; all of them if the catalogue has fewer.
            candidates: how many stage two orders by the full score; k by default.
            effort: efSearch or nprobe (see `Kind`); faiss's default if not given.

        Raises:
            RetrievalError: if users are no finite [m, p], or a number is out of range.
        """
        users = _checked(users, "user", self.embeddings.shape[1])
        candidates = k if candidates is None else candidates
        parameters = self._parameters(k, candidates, effort)
        k, count = (min(number, len(self.embeddings)) for number in (k, candidates))
        if count == len(self.embeddings):  # stage one has nothing to choose
            return exact_top(users, self.embeddings, k)
        faiss.omp_set_num_threads(1)
        narrow = np.zeros((len(users), self.stage_one.d), dtype=np.float32)
        narrow[:, : users.shape[1]] = users
        _, ids = self.stage_one.search(narrow, count, params=parameters)
        found = rerank(users, self.embeddings, ids, k)
        short = found.ids[:, -1] < 0
        if short.any():
            whole = exact_top(users[short], self.embeddings, k)
            found.ids[short], found.scores[short] = whole.ids, whole.scores
        return found

    def _parameters(self, k: int, candidates: int, effort: int | None):
        if k < 1:
            raise RetrievalError(f"k = {k}; allowed: 1 or more")
        if candidates < k:
            raise RetrievalError(
                f"candidates = {candidates} for k = {k}; allowed: {k} or more. "
                "Stage two can only choose among the candidates"
            )
        if effort is None:
            return None
        if INDEXES[self.kind].parameters is None:
            raise RetrievalError(
                f"effort = {effort} for an index of kind {self.kind!r}; allowed: none. "
                "It looks at every item in any case"
            )
        if effort < 1:
            raise RetrievalError(f"effort = {effort}; allowed: 1 or more")
        return INDEXES[self.kind].parameters(effort)


def build(kind: str, items: np.ndarray) -> Index:
    """An index over item embeddings [items, p]; the same one on every run.

    Raises:
        RetrievalError: if there is no such kind, or the embeddings are no finite [items, p].
    """
    if kind not in INDEXES:
        raise RetrievalError(f"index of kind {kind!r}; allowed: {', '.join(INDEXES)}")
    items = _checked(items, "item")
    lists = max(1, min(math.isqrt(len(items)), len(items) // _POINTS_PER_LIST))
    factory, lifted = INDEXES[kind].factory.format(lists=lists), INDEXES[kind].lifted
    narrow = (_lift(items) if lifted else items).astype(np.float32)
    metric = faiss.METRIC_L2 if lifted else faiss.METRIC_INNER_PRODUCT
    faiss.omp_set_num_threads(1)
    index = faiss.index_factory(narrow.shape[1], factory, metric)
    if kind == "hnsw":
        index.hnsw.efConstruction = _CONSTRUCTION_EFFORT
    index.train(narrow)
    index.add(narrow)
    return Index(kind, items, index)


def rerank(users: np.ndarray, items: np.ndarray, candidates: np.ndarray, k: int) -> Found:
    """Stage two: the k best of each user's candidates by the full score.

    Args:
        users, items: float64 embeddings [m, p] and [items, p].
        candidates: numbers of items, int [m, at least k]; −1 where there is none.

    Returns:
        Places beyond the number of candidates have id −1 and score −inf.
    """
    # products summed row by row: a matrix product's last bits would change with the batch
    scores = (items[candidates] * users[:, None, :]).sum(axis=2)
    scores[candidates < 0] = -np.inf
    places = np.arange(len(users))[:, None], np.lexsort((candidates, -scores))[:, :k]
    return Found(candidates[places], scores[places])


def exact_top(users: np.ndarray, items: np.ndarray, k: int) -> Found:
    """The k best items of each user by the full score, by brute force in float64.

    Args:
        users, items: float64 embeddings [m, p] and [items, p].
        k: items wanted; all of them if there are fewer.
    """
    k = min(k, len(items))
    longest = np.sqrt(np.square(items).sum(axis=1).max())
    # what rounding may move a matrix product by, and more
    slack = 8.0 * items.shape[1] * np.finfo(float).eps * longest * np.linalg.norm(users, axis=1)
    found = Found(np.empty((len(users), k), dtype=np.int64), np.empty((len(users), k)))
    rows = max(1, _BLOCK_ELEMENTS // len(items))
    for start in range(0, len(users), rows):
        for row, scores in enumerate(users[start : start + rows] @ items.T, start):
            least = np.partition(scores, len(items) - k)[len(items) - k]
            close = np.flatnonzero(scores >= least - slack[row])
            best = rerank(users[[row]], items, close[None], k)
            found.ids[row], found.scores[row] = best.ids[0], best.scores[0]
    return found


def recall(found: Found, exact: Found) -> np.ndarray:
    """Share of each user's exact top k that was found, [m]; of equal scores any one will do."""
    return (found.scores >= exact.scores[:, -1:]).mean(axis=1)


def regret(shown: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Regret of each user's top k, [m]: the mean R* of the best k less that of those shown.

    Args:
        shown: R* of the items shown, [m, k].
        best: R* of the k items that are truly the best, [m, k].
    """
    return best.mean(axis=1) - shown.mean(axis=1)


def latencies(search: Callable[[np.ndarray], Found], users: np.ndarray) -> np.ndarray:
    """Seconds that each user's search takes when users [m, p] come one at a time: [m].

    Seconds of the processor: what a search takes where nothing else runs.
    """
    seconds = np.empty(len(users))
    for row in range(len(users)):
        user = users[row : row + 1]
        began = time.thread_time()
        search(user)
        seconds[row] = time.thread_time() - began
    return seconds


def throughput(search: Callable[[np.ndarray], Found], users: np.ndarray) -> float:
    """Users a second of the processor when users [m, p] come all at once."""
    began = time.thread_time()
    search(users)
    return len(users) / (time.thread_time() - began)


def _lift(items: np.ndarray) -> np.ndarray:
    """Items [items, p + 1] of equal length, by one more component."""
    squares = np.square(items).sum(axis=1)
    return np.column_stack([items, np.sqrt(squares.max() - squares)])


def _checked(embeddings: np.ndarray, tower: str, dim: int | None = None) -> np.ndarray:
    """Embeddings as float64 [rows, p], contiguous."""
    embeddings = np.ascontiguousarray(embeddings, dtype=np.float64)
    if embeddings.ndim != 2 or 0 in embeddings.shape:
        raise RetrievalError(
            f"{tower} embeddings of shape {list(embeddings.shape)}; allowed: a row for each "
            f"{tower}, at least one, and a column for each component"
        )
    if dim is not None and embeddings.shape[1] != dim:
        raise RetrievalError(
            f"{tower} embeddings of {embeddings.shape[1]} components; allowed: {dim}, "
            "those of the items"
        )
    limit = 1e15  # of which squares, and sums of them, are still numbers in float32
    sound = np.abs(embeddings) <= limit  # false for NaN
    if not sound.all():
        row, column = np.argwhere(~sound)[0]
        raise RetrievalError(
            f"{tower} embeddings: {embeddings[row, column]} in row {row}, component {column}; "
            f"allowed: finite numbers up to {limit:.0e}. Did the training diverge?"
        )
    return embeddings
