"""The window of sizes that a rate is fitted over, by a rule fixed before any run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twotower.study.decisions import Thresholds


@dataclass(frozen=True)
class Window:
    """Sizes a rate is fitted over.

    Attributes:
        n_min, n_max: smallest and largest sample size fitted, inclusive.
        valid: whether the window meets the pre-registered rule; if not, no verdict is possible.
        reason: why not, as a clause; empty if valid.
    """

    n_min: int
    n_max: int
    valid: bool
    reason: str = ""

    def contains(self, n: ArrayLike) -> np.ndarray:
        """Whether each size is fitted, in the shape of n."""
        sizes = np.asarray(n)
        return (sizes >= self.n_min) & (sizes <= self.n_max)


def fit_window(
    n: ArrayLike, mean_risk: ArrayLike, thresholds: Thresholds, judge: str = "reference"
) -> Window:
    """The pre-registered window: where a judge's mean risk is below ¼ of the signal's variance.

    It starts at the first size from which on *every* size is below, so a dip by chance does not
    open it. With too few sizes there is no valid window; a slope is then still reported, from
    that start if three sizes lie there, else over as many of the last sizes as it needs.

    Args:
        n: sample sizes, strictly increasing, shape [sizes].
        mean_risk: the judge's mean risk there, signal variance 1; NaN counts as not below.
        thresholds: `window_risk` and `min_window_sizes`.
        judge: whose risks they are: the reference's, or the prediction's where there is none.
    """
    min_sizes = thresholds.min_window_sizes
    sizes = np.asarray(n)
    if sizes.ndim != 1 or sizes.size == 0 or (np.diff(sizes) <= 0).any():
        raise ValueError(f"sample sizes must be strictly increasing, got {sizes.tolist()}")
    below = np.asarray(mean_risk, dtype=float) < thresholds.window_risk
    kept = int(np.logical_and.accumulate(below[::-1]).sum())
    valid = kept >= min_sizes
    used = kept if valid or kept >= 3 else min(min_sizes, sizes.size)
    reason = (
        ""
        if valid
        else f"window: the {judge}'s mean risk stays below {thresholds.window_risk} at only "
        f"{kept} of {sizes.size} sizes, {min_sizes} are needed"
    )
    return Window(int(sizes[-used]), int(sizes[-1]), valid, reason)
