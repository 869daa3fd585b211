"""What is held of a curve before it is seen: its slope, how that bends and drifts, and its floor.

The three numbers on drift are the maximum likelihood (`prior_calibration`) on the slopes published
in docs/findings. Bend and drift are counted in shares of the slope: of the published curves those
of slopes near 0 drift by 0.02 a doubling, the others by 0.1. Counted in absolute units, the small
bend that a floor makes in log error would pass for an ordinary drift, and nothing would be known of
either.

Which way a curve bends is not known beforehand. The published curves of this project flatten, by
1/20 of the slope in a doubling; published curves of networks and boosting steepen. So the bend is
centred on none, and wide enough for both.

The prior is a mixture of components, within each of which a curve is Gaussian: cells of the slope
at the smallest size, times drifts, times floors.
"""

import math
from dataclasses import dataclass

import numpy as np

TYPICAL_DRIFT, DRIFT_SPREAD = 0.07, 0.66
"""Random change of slope in one doubling, as a share of the slope: log-normal, its median and the
standard deviation of its logarithm."""
BEND_SD = 0.12
"""Steady change of slope in one doubling, as a share of the slope: normal around 0. The back-test's
curves bend by 0.05 to 0.2, a root mean square of 0.13."""
NO_FLOOR = 0.5
"""Weight of "no floor" where a floor is fitted: few sizes seldom separate the two."""
_CELLS = np.array([-2.5, -1.6, -1.1, -0.75, -0.5, -0.33, -0.2, -0.12, -0.06, 0, 0.06, 0.15, 0.4, 1])
"""Edges of the cells of slopes. Cells of falling curves weigh the same, and each is about 1.5 times
as steep as the one before: every scale of slope is as likely as another. A prior of plain slopes
would favour steep ones, and with them a floor close below the data."""
_RISING = 1 / 3  # weight of a cell of rising curves, where one of falling curves weighs 1
_DRIFTS = 7  # tried, from −3 to 3 times the spread
_FLOORS = 32


@dataclass(frozen=True)
class Prior:
    """Components of the prior, each of shape [components].

    Attributes:
        slopes, slope_sds: mean and standard deviation of the slope at the smallest size.
        bend_sds: standard deviation of the slope's steady growth in one doubling.
        drifts: τ, its random change in one doubling.
        floors: what the error tends to.
        log_weights: log of prior weights, up to a constant.
    """

    slopes: np.ndarray
    slope_sds: np.ndarray
    bend_sds: np.ndarray
    drifts: np.ndarray
    floors: np.ndarray
    log_weights: np.ndarray

    def walks(self, chosen: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Groups of draws whose components share a covariance: (a component, which draws)."""
        pairs = np.column_stack([self.slope_sds, self.bend_sds, self.drifts])[chosen]
        _, first, group = np.unique(pairs, return_index=True, return_inverse=True, axis=0)
        return [(chosen[at], group == number) for number, at in enumerate(first)]


def prior(floor: float | None, smallest: float) -> Prior:
    """The components for a floor that is given, or to be fitted below the smallest mean error."""
    low, high = _CELLS[:-1], _CELLS[1:]
    slopes, slope_sds = (low + high) / 2, (high - low) / math.sqrt(12)  # as if uniform in a cell
    slope_weights = np.where(slopes < 0, 0.0, math.log(_RISING))
    deviations = np.linspace(-3.0, 3.0, _DRIFTS)
    shares, share_weights = TYPICAL_DRIFT * np.exp(DRIFT_SPREAD * deviations), -(deviations**2) / 2
    if floor is not None:
        floors, floor_weights = np.array([float(floor)]), np.zeros(1)
    else:
        rest = 1.0 - (np.arange(_FLOORS) + 0.5) / _FLOORS
        floors = smallest * np.append(0.0, 1.0 - rest**2)  # densest near the data
        above = (1.0 - NO_FLOOR) * rest / rest.sum()  # uniform
        floor_weights = np.log(np.append(NO_FLOOR, above))
    cell, share, bottom = (
        index.ravel() for index in np.indices((slopes.size, shares.size, floors.size))
    )
    sizes = np.hypot(slopes, slope_sds)[cell]
    return Prior(
        slopes=slopes[cell],
        slope_sds=slope_sds[cell],
        bend_sds=BEND_SD * sizes,
        drifts=shares[share] * sizes,
        floors=floors[bottom],
        log_weights=slope_weights[cell] + share_weights[share] + floor_weights[bottom],
    )
