"""Risks with a known slope, for tests of the fitter and of the tables."""

import numpy as np
import pandas as pd

from twotower.rates.planted_curves import SETTING
from twotower.theory.bound import Theory, finite_n_risk

N = 2 ** np.arange(9, 17)
TARGETS = 12


def random_risks(seed=0, targets=TARGETS, slope=-0.5):
    rng = np.random.default_rng(seed)
    levels = np.exp(0.3 * rng.standard_normal((targets, 1)))
    return (
        0.2 * (N / N[0]) ** slope * levels * np.exp(0.05 * rng.standard_normal((targets, N.size)))
    )


def risks_frame(cell="aaaaaaaaaa", arms=("erm", "adam"), slope=-0.5, **changes):
    """A cell with d = 2, β = 1: its reference follows the finite-n prediction."""
    theory = Theory(1.0, 2, 2)
    predicted = np.array([finite_n_risk(n, theory, 2, 1.0) for n in N])
    rows = []
    for position, arm in enumerate([*arms, "reference"]):
        scale = random_risks(position) / (0.2 * (N / N[0]) ** -0.5)
        level = np.exp(np.log(scale).mean(axis=1))  # of each target: its prediction knows it
        if arm != "reference":
            scale = scale * (N / N[-1]) ** (slope + 0.5)
        starts = ["used"] if arm == "reference" else ["used", "doubled", "oracle"]
        for start in starts:
            for size, n in enumerate(N):
                if start != "used" and n != 8192:
                    continue
                for replicate in range(TARGETS):
                    risk = predicted[size] * scale[replicate, size]
                    risk *= {"used": 1.0, "doubled": 0.9, "oracle": 0.95}[start]
                    due = predicted[size] * level[replicate]
                    rows.append((arm, start, n, replicate, risk, 0.01 * risk, due))
    columns = ["arm", "start", "n_ratings", "replicate", "risk", "risk_se", "predicted_risk"]
    frame = pd.DataFrame(rows, columns=columns)
    settings = {
        "experiment": "dimension",
        "cell": cell,
        "data": "d" + cell[1:],
        "smoothness": 1.0,
        "user_intrinsic_dim": 2,
        "item_intrinsic_dim": 2,
        **SETTING,
        "ambient_dim": 2,
        "width": 32,
    }
    settings |= changes
    frame["training_loss"] = np.where(frame["start"] == "used", 1.0, 0.99)
    return frame.assign(**settings)[[*settings, *frame.columns]]
