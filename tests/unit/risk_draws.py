"""Risks with a known slope, for tests of the fitter and of the tables."""

import numpy as np

N = 2 ** np.arange(9, 17)
TARGETS = 12


def random_risks(seed=0, targets=TARGETS, slope=-0.5):
    rng = np.random.default_rng(seed)
    effects = 0.3 * rng.standard_normal((targets, 1)) + 0.1 * rng.standard_normal((targets, N.size))
    return 0.2 * (N / N[0]) ** slope * np.exp(effects)
