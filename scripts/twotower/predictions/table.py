"""Tables of predictions: one row for each size and replicate of a fit."""

import pandas as pd

from twotower.data.targets import draw_target
from twotower.predictions.oracle_sieve import oracle_sieve

COLUMNS = ["n_ratings", "replicate", "width", "approximation", "predicted_risk", "predictor"]
"""`predictor` names the formula; it is empty, and the numbers are missing, where there is none."""
ORACLE_SIEVE = "oracle sieve"


def is_predicted(data: dict) -> bool:
    """Whether the risk due on single targets is known: fresh pairs whose ratings are not bent."""
    plain = {"sampling": "fresh", "control": "none", "rating_scale": "exact"}
    return all(data.get(key, usual) == usual for key, usual in plain.items())


def of_reference(seed: int, data: dict, sample_sizes: list[int], replicates: range) -> pd.DataFrame:
    """Predictions for the reference estimator on a data set, `COLUMNS`.

    Args:
        seed: the study's.
        data: the cell's data settings (`Cell.data_spec`).
        sample_sizes: numbers of ratings.
        replicates: of which the targets are drawn.
    """
    if not is_predicted(data):
        return nothing(sample_sizes, replicates)
    frames = []
    for replicate in replicates:
        target = draw_target(seed, data, replicate)
        due = oracle_sieve(target, sample_sizes, float(data["noise_sd"]) ** 2)
        frame = {"width": due.functions, "approximation": due.lost, "predicted_risk": due.risk}
        frames.append(pd.DataFrame({"n_ratings": sample_sizes, "replicate": replicate} | frame))
    return _sorted(pd.concat(frames).assign(predictor=ORACLE_SIEVE))


def nothing(sample_sizes: list[int], replicates: range) -> pd.DataFrame:
    """A table, `COLUMNS`, that predicts nothing."""
    rows = [{"n_ratings": n, "replicate": each} for n in sample_sizes for each in replicates]
    return pd.DataFrame(rows, columns=COLUMNS).assign(predictor="")


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["n_ratings", "replicate"], kind="stable")[COLUMNS]
