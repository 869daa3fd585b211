"""Which rows of a table of rates belong to an experiment."""

from collections.abc import Iterable

import pandas as pd


def in_experiments(rates: pd.DataFrame, experiments: Iterable[str]) -> pd.Series:
    """Which rows belong to one of the experiments; a row's own are joined by ";"."""
    wanted = set(experiments)
    inside = rates["experiment"].map(lambda names: bool(wanted & set(str(names).split(";"))))
    return inside.astype(bool)  # of no rows it would be a column of text
