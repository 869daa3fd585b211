"""Predictions beside the risks that they are about."""

import math

import pandas as pd

PREDICTED = ["approximation", "predicted_risk"]
"""Columns that a table of risks gets."""


def joined(risks: pd.DataFrame, predictions: pd.DataFrame | None) -> pd.DataFrame:
    """A table of risks with the columns `PREDICTED`: NaN without predictions.

    Args:
        risks: rows of one fit, any number for a size and replicate.
        predictions: of the same fit, one row for each size and replicate, in any order.

    Raises:
        ValueError: if a size and replicate is predicted twice, or one that was measured is not.
    """
    if predictions is None:
        return risks.assign(**dict.fromkeys(PREDICTED, math.nan))
    keys = ["n_ratings", "replicate"]
    found = risks.merge(
        predictions[[*keys, *PREDICTED]], "left", keys, validate="many_to_one", indicator="found"
    )
    if (found.pop("found") != "both").any():
        raise ValueError("predictions lack a size or replicate that was measured")
    return found
