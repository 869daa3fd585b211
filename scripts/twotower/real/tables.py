"""Tables on real ratings: methods side by side, cold start, predicted and measured slopes."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from twotower.base import seeds
from twotower.real import noise_floor
from twotower.real.scores import ALL, METRICS, QUADRANTS, student_interval
from twotower.real.splits import PAST_NAMES
from twotower.report.tables.layouts import Layout

SMOOTHNESS = (0.5, 2.0)
"""The range of β that predictions are given for: nobody knows that of real embeddings."""
BUCKETS = tuple(f"{name} past ratings" for name in PAST_NAMES)
PUBLISHED = (0.91, 0.94)
"""Test RMSE of tuned biased matrix factorization on random 80/20 splits of MovieLens 100K."""

METHODS = Layout(
    caption=(
        "Methods on all test ratings: mean over splits with its 95% interval (Student over random "
        "splits, bootstrap over users by time). NDCG@10, recall@10 and MRR are over the rated test "
        "items of users with more than ten of them; equal predictions in random order."
    ),
    label="tab:real-methods",
    words=frozenset({"split", "method", "sees"}),
)
COLD = Layout(
    caption=(
        "Test RMSE by what training has seen of user and item: mean over cold splits with its 95% "
        "interval, and by the user's number of past ratings (splits in which some users keep few)."
    ),
    label="tab:real-cold",
    words=frozenset({"method", "sees"}),
)
SLOPES = Layout(
    caption=(
        "Mean squared error = floor + c·n^(−rate) over 1/16 to all of the training ratings, with "
        "bootstrap intervals over splits, beside the predicted range 2β/(2β+d), β from 0.5 to 2, d "
        "the larger estimated dimension. Floor and rate stand in for each other where the last "
        "column says so."
    ),
    label="tab:real-slopes",
    words=frozenset({"method", "sees", "floor and rate"}),
)
COMPARED = Layout(
    caption=(
        "What was expected, and what was measured: differences of test RMSE are paired over "
        "splits, with 95% Student intervals; below 0 the first is better."
    ),
    label="tab:real-compared",
    words=frozenset({"question", "first", "second", "answer"}),
)


@dataclass(frozen=True)
class Seen:
    """What each method sees: method → (identities, covariates); the order is that of tables."""

    methods: dict[str, tuple[bool, bool]]

    def text(self, method: str) -> str:
        """Such as "ids" or "covariates and ids"."""
        identities, covariates = self.methods[method]
        return (
            " and ".join(
                name for name, uses in (("covariates", covariates), ("ids", identities)) if uses
            )
            or "ratings"
        )

    def without_covariates(self) -> list[str]:
        """Methods that see no covariate."""
        return [name for name, (_, covariates) in self.methods.items() if not covariates]


def methods_table(summary: pd.DataFrame, seen: Seen) -> pd.DataFrame:
    """Text: a row for each split by which all ratings test (random, time) and each method."""
    rows = []
    whole = summary[(summary["fraction"] == 1.0) & (summary["group"] == ALL)]
    for kind, method in product(("random", "time"), seen.methods):
        part = whole[(whole["kind"] == kind) & (whole["method"] == method)].set_index("metric")
        if len(part):
            texts = {_HEADS[name]: _interval(part, name) for name in METRICS}
            rows.append({"split": kind, "method": method, "sees": seen.text(method)} | texts)
    return pd.DataFrame(rows)


_HEADS = dict(zip(METRICS, ("RMSE", "MAE", "NDCG@10", "recall@10", "MRR"), strict=True))


def cold_table(summary: pd.DataFrame, seen: Seen) -> pd.DataFrame:
    """Text: a row for each method, a column for each quadrant and each group by past ratings."""
    rmse = summary[summary["metric"] == "rmse"]
    rows = []
    for method in seen.methods:
        own = rmse[rmse["method"] == method]
        if own.empty:
            continue
        row = {"method": method, "sees": seen.text(method)}
        for kind, names in (("cold", QUADRANTS), ("few", BUCKETS)):
            part = own[own["kind"] == kind].set_index("group")
            row |= {name: _interval(part, name) for name in names}
        rows.append(row)
    return pd.DataFrame(rows)


def slopes(rows: pd.DataFrame, dimensions: pd.DataFrame, seen: Seen, seed: int) -> pd.DataFrame:
    """Fitted floors and rates beside the predicted range, a row for each method.

    Args:
        rows: of every split, see `scores.scores`; random splits at all fractions are used.
        dimensions: columns `side`, `low`, `high` of each estimate.
    """
    shallow, steep = predicted_range(dimensions)
    curves = rows[(rows["kind"] == "random") & (rows["group"] == ALL)]
    found = []
    for method in seen.methods:
        own = curves[curves["method"] == method]
        errors = own.pivot_table(index="split", columns="n_train", values="rmse")
        if errors.shape[1] < 4:
            continue
        rng = seeds.generator(seed, {"method": method}, "floor", 0)
        fit = noise_floor.fit(errors.columns.to_numpy(), np.square(errors.to_numpy()), rng)
        found.append(
            {"method": method, "rate": fit.rate}
            | dict(zip(("rate_low", "rate_high"), fit.rate_interval, strict=True))
            | {"floor": fit.floor, "scale": fit.scale}
            | dict(zip(("floor_low", "floor_high"), fit.floor_interval, strict=True))
            | {"told_apart": fit.told_apart}
            | {"predicted_low": shallow, "predicted_high": steep, "splits": len(errors)}
        )
    return pd.DataFrame(found)


def predicted_range(dimensions: pd.DataFrame) -> tuple[float, float]:
    """Smallest and largest 2β/(2β+d) over β in SMOOTHNESS and d within the estimates.

    d is the larger of both sides' dimensions: of the lowest estimates at least, of the highest at
    most.
    """
    low = dimensions.groupby("side")["low"].min().max()
    high = dimensions.groupby("side")["high"].max().max()
    rates = [2 * beta / (2 * beta + d) for beta, d in zip(SMOOTHNESS, (high, low), strict=True)]
    return float(rates[0]), float(rates[1])


def slopes_table(fits: pd.DataFrame, seen: Seen) -> pd.DataFrame:
    """`slopes` as text."""
    return pd.DataFrame(
        {
            "method": [row.method for row in fits.itertuples()],
            "sees": [seen.text(row.method) for row in fits.itertuples()],
            "rate": [_text(row.rate, row.rate_low, row.rate_high, 2) for row in fits.itertuples()],
            "predicted": [
                _range(row.predicted_low, row.predicted_high) for row in fits.itertuples()
            ],
            "floor": [
                _text(row.floor, row.floor_low, row.floor_high, 3) for row in fits.itertuples()
            ],
            "floor and rate": [
                "told apart" if row.told_apart else "cannot be told apart"
                for row in fits.itertuples()
            ],
        }
    )


def comparisons(rows: pd.DataFrame, seen: Seen, is_100k: bool) -> pd.DataFrame:
    """The expectations that were stated before, a row each, with paired differences over splits.

    Columns `question`, `first`, `second`, `value`, `low`, `high`, `answer`.
    """
    found = []
    rmse = _by_split(rows, "random", ALL)
    if is_100k and "svd" in rmse:
        mean, low, high = student_interval(rmse["svd"].to_numpy())
        holds = PUBLISHED[0] <= round(mean, 3) <= PUBLISHED[1]
        question = f"tuned biased matrix factorization at {PUBLISHED[0]} to {PUBLISHED[1]}"
        found.append((question, "svd", "", mean, low, high, "yes" if holds else "no"))
    if {"hybrid", "svd"} <= set(rmse):
        question = "towers with identities at least as good as matrix factorization"
        found.append((question, "hybrid", "svd", *_difference(rmse, "hybrid", "svd", 0.0)))
    blind = seen.without_covariates()
    for group in QUADRANTS[1:]:
        cold = _by_split(rows, "cold", group)
        against = [name for name in blind if name in cold]
        if not against:
            continue
        best = cold[against].mean().idxmin()
        for names, what in (
            (("erm", "adam", "mixed"), "covariate-only towers"),
            (("hybrid",), "towers with identities"),
        ):
            own = [name for name in names if name in cold]
            if own:
                first = cold[own].mean().idxmin()
                question = f"{what} better than every method without covariates: {group}"
                found.append((question, first, best, *_difference(cold, first, best, None)))
    columns = ["question", "first", "second", "value", "low", "high", "answer"]
    return pd.DataFrame(found, columns=columns)


def comparisons_table(compared: pd.DataFrame) -> pd.DataFrame:
    """`comparisons` as text."""
    values = [_text(row.value, row.low, row.high, 4) for row in compared.itertuples()]
    table = compared[["question", "first", "second"]].astype(str)
    return table.assign(**{"RMSE, or difference": values, "answer": compared["answer"]})


def _difference(frame: pd.DataFrame, first: str, second: str, margin: float | None):
    """Mean paired difference, its interval and an answer; a margin asks for "at least as good"."""
    mean, low, high = student_interval((frame[first] - frame[second]).to_numpy())
    if np.isnan(low):
        answer = "one split, no interval"
    elif high < 0 or (margin is not None and high <= margin):
        answer = "yes"
    else:
        answer = "no" if low > 0 else "not decided"
    return mean, low, high, answer


def _by_split(rows: pd.DataFrame, kind: str, group: str) -> pd.DataFrame:
    """RMSE with all training ratings: a row for each split, a column for each method."""
    kept = rows[(rows["kind"] == kind) & (rows["group"] == group) & (rows["fraction"] == 1.0)]
    return kept.pivot_table(index="split", columns="method", values="rmse")


def _interval(part: pd.DataFrame, name: str) -> str:
    if name not in part.index:
        return "–"
    return _text(*part.loc[name, ["mean", "low", "high"]], 3)


def _range(low: float, high: float) -> str:
    """Such as "0.18 to 0.66"; a dash where no dimension could be estimated."""
    return "–" if np.isnan(low) or np.isnan(high) else f"{low:.2f} to {high:.2f}"


def _text(value: float, low: float, high: float, digits: int) -> str:
    texts = [f"{one:.{digits}f}".replace("-", "−") for one in (value, low, high)]
    return texts[0] if np.isnan(low) else f"{texts[0]} [{texts[1]}, {texts[2]}]"
