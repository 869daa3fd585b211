"""Tables of predictions: one row for each size and replicate of a fit."""

from collections.abc import Callable

import pandas as pd

from twotower.data.targets import Target, draw_target
from twotower.predictions.rating_law import rating_law
from twotower.predictions.targets.oracle_sieve import oracle_sieve

COLUMNS = ["n_ratings", "replicate", "width", "approximation", "predicted_risk", "predictor"]
"""`predictor` names the formula; it is empty, and the numbers are missing, where there is none."""
ORACLE_SIEVE, MINIMIZER = "oracle sieve", "minimizer"
CLICK_MINIMIZER = "click minimizer"


def is_predicted(data: dict) -> bool:
    """Whether the risk due on single targets is known: fresh pairs or clicks, and a link to the
    truth.
    """
    if data.get("clicks_each", 1) > 1:  # whose users tell less than as many users would
        return False
    designs = ("fresh", "clicks")
    return data.get("sampling", "fresh") in designs and data.get("control", "none") == "none"


def of_reference(seed: int, data: dict, sample_sizes: list[int], replicates: range) -> pd.DataFrame:
    """Predictions for the reference estimator on a data set, `COLUMNS`.

    Args:
        seed: the study's.
        data: the cell's data settings (`Cell.data_spec`).
        sample_sizes: numbers of ratings.
        replicates: of which the targets are drawn.
    """

    def due(target: Target, replicate: int) -> dict:
        found = oracle_sieve(target, sample_sizes, rating_law(seed, data, target, replicate))
        return {"width": found.functions, "approximation": found.lost, "predicted_risk": found.risk}

    return _table(seed, data, sample_sizes, replicates, due, ORACLE_SIEVE)


def of_minimizer(
    seed: int, data: dict, cell: dict, sample_sizes: list[int], replicates: range
) -> pd.DataFrame:
    """Predictions for the empirical risk minimizer of a cell, `COLUMNS`.

    Args:
        seed, data, sample_sizes, replicates: as of `of_reference`.
        cell: the cell's settings (`Cell.spec`).
    """
    from twotower.predictions.targets.minimizer import (
        minimizer,  # with torch, which a sieve does not need
    )

    def due(target: Target, replicate: int) -> dict:
        law = rating_law(seed, data, target, replicate)
        found = minimizer(seed, cell, target, replicate, sample_sizes, law)
        return {"width": found.width, "approximation": found.lost, "predicted_risk": found.risk}

    return _table(seed, data, sample_sizes, replicates, due, MINIMIZER)


def of_clicks(
    seed: int, data: dict, cell: dict, arm: str, sample_sizes: list[int], replicates: range
) -> pd.DataFrame:
    """Predictions for an arm of clicks in a cell, `COLUMNS`; arguments as of `of_minimizer`."""
    from twotower.predictions.targets.click_minimizer import click_minimizer

    def due(target: Target, replicate: int) -> dict:
        found = click_minimizer(seed, cell, arm, target, replicate, sample_sizes)
        return {"width": found.width, "approximation": found.lost, "predicted_risk": found.risk}

    return _table(seed, data, sample_sizes, replicates, due, CLICK_MINIMIZER)


def _table(
    seed: int,
    data: dict,
    sample_sizes: list[int],
    replicates: range,
    due: Callable[[Target, int], dict],
    predictor: str,
) -> pd.DataFrame:
    if not is_predicted(data):
        rows = [{"n_ratings": n, "replicate": each} for n in sample_sizes for each in replicates]
        return pd.DataFrame(rows, columns=COLUMNS).assign(predictor="")
    frames = []
    for replicate in replicates:
        target = draw_target(seed, data, replicate)
        keys = {"n_ratings": sample_sizes, "replicate": replicate}
        frames.append(pd.DataFrame(keys | due(target, replicate)))
    table = pd.concat(frames).assign(predictor=predictor)
    return table.sort_values(["n_ratings", "replicate"], kind="stable")[COLUMNS]
