"""Whether users, or items, with few training ratings make the error."""

from collections.abc import Iterator

import numpy as np

from twotower.real.splits import PAST, PAST_NAMES, Split, past_counts


def groups(
    ids: np.ndarray, parts: list[Split], squares: np.ndarray
) -> Iterator[dict[str, float | str]]:
    """A row for each number of past ratings of one side, with its share of the ratings and of the
    error.

    Args:
        ids: who rated, or what was rated, by row of the data.
        parts: splits.
        squares: squared errors [splits, seeds, n_test] of the user's towers.

    Yields:
        `past`, `ratings` and `error_share`, shares of the held-out ratings and of their error;
        `error`, mean squared; `excess`, the share of the error that would go away if these ratings
        had the error of those with the most past ratings: 0 for these, NaN where there are none.
    """
    counts = np.stack([past_counts(ids[part.train], ids[part.test]) for part in parts])
    bucket = np.digitize(counts, PAST) - 1
    errors = squares.mean(axis=1)
    total = errors.sum()
    known = errors[bucket == len(PAST) - 1]
    usual = known.mean() if len(known) else float("nan")
    for place, name in enumerate(PAST_NAMES):
        mask = bucket == place
        if mask.any():
            yield {
                "past": name,
                "ratings": mask.mean(),
                "error_share": errors[mask].sum() / total,
                "error": errors[mask].mean(),
                "excess": (errors[mask] - usual).sum() / total,
            }
