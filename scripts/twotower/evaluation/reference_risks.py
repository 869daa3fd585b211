"""Risks of the reference estimator."""

import numpy as np

from twotower.data.groups import TOWERS
from twotower.evaluation import known_risks, risks
from twotower.methods.reference import sieves_of


def reference_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> list[dict]:
    """As `tower_risks`, for the reference estimator: its width is its basis functions, its
    `seen_risk` and `training_loss` are not measured.
    """
    rows = []
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        n_ratings = int(name.split("/")[0])
        sieves = sieves_of(tensors, n_ratings)
        if known_risks.judged(test):
            found = known_risks.stacked(
                test,
                n_ratings,
                tensors[name],
                lambda row, judge, sieves=sieves: sieves[row].scores(
                    *(judge.of("coordinates", tower) for tower in TOWERS)
                ),
            )
        else:
            predictions = [
                sieve.scores(users, items)
                for sieve, users, items in zip(
                    sieves, test["user_coordinates"], test["item_coordinates"], strict=True
                )
            ]
            found = risks.risk(np.stack(predictions), tensors[name], test["signal"])
        width = np.array([sieve.n_functions for sieve in sieves])
        found |= dict.fromkeys(risks.OF_TOWERS, np.full(len(width), np.nan))
        rows.append({"n_ratings": n_ratings, "start": "used", "width": width} | found)
    return rows
