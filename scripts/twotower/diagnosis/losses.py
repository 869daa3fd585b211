"""Losses of all rungs on the held-out ratings: the one place that says what an error is.

Ratings have squared errors. Towers of clicks would have log losses here and fits of their own in
`fits`; all that follows takes losses as they come, and adds and averages them alone.
"""

from collections.abc import Mapping

import numpy as np

from twotower.diagnosis.factorial import OWN
from twotower.real.ratings import RealRatings
from twotower.real.splits import Split

CONSTANT = "constant"
"""The mean of the training ratings, as a model."""


def held_out(
    data: RealRatings, parts: list[Split], fitted: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Squared errors [splits, seeds, n_test] by "rung/share", and those of the constant.

    Args:
        parts: the splits.
        fitted: by rung, what `fits.measured` gave.
    """
    rated = np.stack([data.ratings[part.test] for part in parts])[:, None]
    squares = {
        f"{rung}/{name.partition('/')[2]}": np.square(values - rated)
        for rung, arrays in fitted.items()
        for name, values in arrays.items()
        if name.startswith("predictions/")
    }
    level = np.array([data.ratings[part.train].mean() for part in parts])[:, None, None]
    like = squares[f"{OWN}/all"]
    squares[f"{CONSTANT}/all"] = np.broadcast_to(np.square(level - rated), like.shape)
    return squares
