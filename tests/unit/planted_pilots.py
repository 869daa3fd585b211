"""Pilots with planted curves, for tests of the planner."""

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.forecast.drifting_curve import Pilot
from twotower.forecast.pilot_files.source import Source
from twotower.rates.planted_curves import noisy

SIZES = 2 ** np.arange(9, 14)
POWER = 0.3 * (SIZES / 512) ** -0.6
BENT = np.r_[POWER[:4], 0.5 * POWER[3]]  # falls where a floor would flatten: fails its check


def source(error, sizes=SIZES, **settings):
    error = np.atleast_2d(error)
    if len(error) == 1:  # exact: replicates without noise
        error = np.tile(error, (4, 1))
    return Source("planted", "planted", Pilot(sizes, error, **settings), "risk")


def needed(level, slope, target):
    return 512 * (target / level) ** (1 / slope)


def scattered(mean, seed, replicates=12):
    rng = generator(seed, {}, "planned", 0)
    return noisy(mean, SIZES, replicates, rng)[0]


def pilot_rows(**columns):
    """Three splits of the power law above a floor of 1/2, as a table."""
    rows = pd.DataFrame({"n_ratings": np.tile(SIZES, 3), "split": np.repeat(range(3), 5)})
    noise = np.random.default_rng(0).normal(1, 0.01, len(rows))
    return rows.assign(mse=0.5 + np.tile(POWER, 3) * noise, **columns)


def written(frame, folder):
    frame.to_csv(folder / "pilot.csv", index=False)
    return folder / "pilot.csv"
