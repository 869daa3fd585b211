"""Random risk curves of known slope, with the spread that pilot trials showed."""

import math

import numpy as np

from twotower.theory.bound import Theory

SIZES = np.array([512, 1024, 2048, 4096, 8192, 16384, 32768, 65536])
TARGETS = 12
# One-dimensional towers of smoothness 2: the bound is steep, so that a violation by 0.3 beyond
# the logarithms' allowance is still a falling curve.
THEORY = Theory(smoothness=2.0, user_intrinsic_dim=1, item_intrinsic_dim=1)
SETTING = {
    "user_smoothness": math.nan, "item_smoothness": math.nan, "worst_case_at": math.nan,
    "ambient_dim": 1, "support": "graph", "off_manifold_noise": math.nan, "rank": 2,
    "embedding_dim": 2, "noise_sd": 1.0, "noise": "normal", "rating_scale": "exact",
    "sampling": "fresh", "catalogue": math.nan, "ratings_each": math.nan, "control": "none",
    "depth": 1, "schedule": "units", "width_constant": 1.0,
}  # fmt: skip
"""The other columns of a cell: a confirmatory one."""
ANCHOR = (1024, 0.2)  # size and mean risk; 512 lies outside the window, the other seven inside

# Spread of the noisy curves, as in pilot trials: standard deviations on the log scale.
_TARGET_SD = 0.3  # of a target's level
_SLOPE_SD = 0.05  # of a target's slope
_SIZE_SD = 0.1  # of one size around its target's curve …
_SIZE_CORRELATION = 0.5  # … correlated with the next size: ratings are nested
_MONTE_CARLO_SD = 0.02


def power_law(n: np.ndarray, slope: float) -> np.ndarray:
    """Mean risks of slope `slope` at sizes n, in the shape of n."""
    size, risk = ANCHOR
    return risk * (n / size) ** slope


def noisy(
    mean_risk: np.ndarray, n: np.ndarray, targets: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Risks of random targets, their Monte Carlo errors, and what is predicted of the same targets
    where the prediction is right: [targets, sizes] each.

    Log-normal around curves whose expectation over targets is exactly `mean_risk`, shape
    [sizes]: a level and a slope for each target, which the prediction knows, an autoregression
    over sizes, and Monte Carlo error.
    """
    x = np.log(n) - np.log(n).mean()
    level = _TARGET_SD * rng.standard_normal((targets, 1))
    tilt = _SLOPE_SD * rng.standard_normal((targets, 1)) * x
    shocks = rng.standard_normal((targets, n.size))
    wobble = np.empty_like(shocks)
    wobble[:, 0] = shocks[:, 0]
    for size in range(1, n.size):
        innovation = math.sqrt(1 - _SIZE_CORRELATION**2) * shocks[:, size]
        wobble[:, size] = _SIZE_CORRELATION * wobble[:, size - 1] + innovation
    monte_carlo = _MONTE_CARLO_SD * rng.standard_normal((targets, n.size))
    variance = _TARGET_SD**2 + (_SLOPE_SD * x) ** 2 + _SIZE_SD**2 + _MONTE_CARLO_SD**2
    log_effect = level + tilt + _SIZE_SD * wobble + monte_carlo - variance / 2
    risk = mean_risk * np.exp(log_effect)
    return risk, _MONTE_CARLO_SD * risk, mean_risk * np.exp(level + tilt)
