"""How good predictions of real ratings are: errors and ranking, by group, with intervals."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from twotower.base import seeds
from twotower.evaluation import ranking_metrics
from twotower.real import splits
from twotower.real.ratings import RealRatings
from twotower.real.splits import Split

TOP = 10
"""Places of a list; only users with more rated test items than that are ranked."""
CONFIDENCE = 0.95
_DRAWS = 500
_MOST_DRAWN = 2**24  # users that are drawn at a time, in all draws

QUADRANTS = (
    "known user, known item",
    "new user, known item",
    "known user, new item",
    "new user, new item",
)
ALL = "all"
METRICS = ("rmse", "mae", "ndcg", "recall", "mrr")


def scores(
    data: RealRatings, split: Split, train: np.ndarray, predictions: np.ndarray, ranked: bool
) -> Iterator[dict]:
    """A row for each group of the test ratings, with its number of ratings and its metrics.

    Groups: all; quadrants by whether user and item have training ratings; in splits of kind
    `few`, the user's number of past ratings.

    Args:
        train: the rows that were trained on.
        predictions: float64 [n_test], in the order of split.test.
        ranked: whether to rank each user's test items as well (over all ratings only).
    """
    truth = data.ratings[split.test]
    error = predictions - truth
    for name, mask in groups(data, split, train):
        row = {"group": name, "n_test": int(mask.sum())}
        row |= {"rmse": np.sqrt(np.square(error[mask]).mean()), "mae": np.abs(error[mask]).mean()}
        if name == ALL and ranked:
            row |= {k: v.mean() for k, v in ranks(data, split, predictions).items() if len(v)}
        yield row


def groups(data: RealRatings, split: Split, train: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Names and masks [n_test] of the groups that have test ratings."""
    users = splits.past_counts(data.users[train], data.users[split.test])
    items = splits.past_counts(data.items[train], data.items[split.test])
    yield ALL, np.ones(len(split.test), bool)
    if split.kind in ("cold", "time"):
        masks = [(users > 0) & (items > 0), (users == 0) & (items > 0)]
        masks += [(users > 0) & (items == 0), (users == 0) & (items == 0)]
        yield from ((n, m) for n, m in zip(QUADRANTS, masks, strict=True) if m.any())
    if split.kind == "few":
        bucket = np.digitize(users, splits.PAST) - 1
        for place, name in enumerate(splits.PAST_NAMES):
            if (bucket == place).any():
                yield f"{name} past ratings", bucket == place


def ranks(data: RealRatings, split: Split, predictions: np.ndarray) -> dict[str, np.ndarray]:
    """NDCG@10, recall@10 and MRR of each user's rated test items, [users with more than 10].

    The ratings stand for the truth; equal predictions are put in a random order.
    """
    shuffled = seeds.generator(0, {"split": split.kind}, "ties", split.index)
    order = shuffled.permutation(len(split.test))
    order = order[np.argsort(data.users[split.test][order], kind="stable")]
    users = data.users[split.test][order]
    ends = np.flatnonzero(np.r_[users[1:] != users[:-1], True]) + 1
    found: dict[str, list[float]] = {name: [] for name in METRICS[2:]}
    start = 0
    for end in ends:
        if end - start > TOP:
            own = order[start:end]
            truth = data.ratings[split.test[own]][None]
            measured = ranking_metrics.measures(predictions[own][None], truth, TOP)
            for name, values in found.items():
                values.append(float(measured[name][0]))
        start = end
    return {name: np.array(values) for name, values in found.items()}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over splits with Student intervals: a row a kind, fraction, group, method and metric.

    Args:
        rows: columns `kind`, `split`, `fraction`, `n_train`, `method`, `group` and METRICS.
    """
    keys = ["kind", "fraction", "group", "method", "metric"]
    long = rows.melt(
        ["kind", "fraction", "group", "method", "split", "n_train", "n_test"],
        [name for name in METRICS if name in rows],
        var_name="metric",
    ).dropna(subset="value")
    found = []
    for key, part in long.groupby(keys, sort=False):
        mean, low, high = student_interval(part["value"].to_numpy())
        found.append(
            dict(zip(keys, key, strict=True))
            | {"n_train": round(part["n_train"].mean()), "n_test": round(part["n_test"].mean())}
            | {"splits": len(part), "mean": mean, "low": low, "high": high}
        )
    return pd.DataFrame(found)


def student_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of values [splits] and its interval, NaN for one value."""
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2) * values.std(ddof=1)
    half /= np.sqrt(len(values))
    return mean, mean - half, mean + half


def user_intervals(
    data: RealRatings, split: Split, predictions: dict[str, np.ndarray], seed: int
) -> dict[str, list[dict]]:
    """Rows of `summary` by method for a kind with one split: a bootstrap over the users who test.

    All methods have the same draws of users, which are made once: of millions of users they take
    longer than the sums.

    Args:
        predictions: by method, float64 [n_test], in the order of split.test.
    """
    rows: dict[str, list[dict]] = {method: [] for method in predictions}
    truth, ids = data.ratings[split.test], data.users[split.test]
    for name, mask in groups(data, split, split.train):
        rng = seeds.generator(seed, {"group": name}, "users", split.index)
        _, place = np.unique(ids[mask], return_inverse=True)
        counts, sums = np.bincount(place), []
        for predicted in predictions.values():
            error = predicted[mask] - truth[mask]
            sums += [np.bincount(place, part) for part in (error**2, np.abs(error))]
        drawn = _drawn_means(sums, counts, rng)
        for at, own in zip(range(0, len(sums), 2), rows.values(), strict=True):
            means = (np.sqrt(sums[at].sum() / counts.sum()), sums[at + 1].sum() / counts.sum())
            draws = (np.sqrt(drawn[at]), drawn[at + 1])
            for metric, mean, each in zip(METRICS, means, draws, strict=False):
                own.append(_bootstrap_row(name, metric, int(mask.sum()), mean, each))
    for method, own in rows.items():
        for metric, values in ranks(data, split, predictions[method]).items():
            if len(values):
                rng = seeds.generator(seed, {"group": ALL}, metric, split.index)
                draws = values[rng.integers(len(values), size=(_DRAWS, len(values)))].mean(axis=1)
                own.append(_bootstrap_row(ALL, metric, len(split.test), values.mean(), draws))
    return rows


def _drawn_means(
    sums: list[np.ndarray], counts: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """Means over users drawn anew, [draws] each, from sums and numbers of ratings by user [m].

    A few draws at a time: all of them would be half a thousand numbers for each user.
    """
    size, found = max(1, _MOST_DRAWN // len(counts)), []
    for start in range(0, _DRAWS, size):
        shape = (min(size, _DRAWS - start), len(counts))
        users = rng.integers(len(counts), size=shape)
        drawn = counts.take(users).sum(axis=1)  # take is faster than an index in brackets
        found.append([part.take(users).sum(axis=1) / drawn for part in sums])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _bootstrap_row(group: str, metric: str, n_test: int, mean: float, draws: np.ndarray) -> dict:
    low, high = np.quantile(draws, (0.025, 0.975))
    values = {"n_test": n_test, "splits": 1, "mean": mean, "low": low, "high": high}
    return {"group": group, "metric": metric} | values
