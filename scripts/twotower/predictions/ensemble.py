"""What is due in a cell at finite n, whatever its support, design, noise and rating scale.

Ordinary cells: `bound.finite_n_risk`. Dusts and slabs: the same self-consistent equation with
their own spectra (`spectra`). Where users or items return: `catalogues.risk`. Above all of them,
where the risk stops: `floors.floor`.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from twotower.data import sampling
from twotower.data.groups import TOWERS
from twotower.predictions import catalogues, floors, spectra
from twotower.theory import spectrum
from twotower.theory.bound import Theory, finite_n_risk, least_squares_slope


def predicted_risk(row: Mapping, n: float) -> float:
    """Risk due at n ratings, in units of the signal's variance; `row` holds the cell's columns."""
    if row["control"] != "none":
        return 1.0  # no signal is left to learn: nothing beats the zero function
    rank, dim = int(row["rank"]), int(row["embedding_dim"])
    noise_sd = float(row["noise_sd"])
    if row["sampling"] in sampling.AGAIN:
        risk = catalogues.risk(row, float(n), max(rank, dim), noise_sd)
    elif row["sampling"] == "clicks":  # of log odds they tell what ratings with unit noise tell
        temperature = float(row.get("temperature", 1.0))
        risk = finite_n_risk(float(n), Theory.of(row), max(rank, dim), temperature)
    elif row["support"] in ("dust", "slab") or _is_worst_case(row):
        modes = [_modes(row, tower) for tower in TOWERS]
        risk = sum(catalogues.fixed_point(modes, [None, None], float(n), max(rank, dim), noise_sd))
    else:
        risk = finite_n_risk(float(n), Theory.of(row), max(rank, dim), noise_sd)
    return risk + floors.floor(row)


def predicted_risks(row: Mapping, sizes: ArrayLike) -> np.ndarray:
    """`predicted_risk` at each of several sizes."""
    return np.array([predicted_risk(row, n) for n in np.asarray(sizes, dtype=float)])


def predicted_slope(row: Mapping, sizes: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Log-log slope of the predicted risks, fitted as measured ones are; NaN where one is 0."""
    risks = predicted_risks(row, sizes)
    if not (risks > 0).all():
        return math.nan
    return float(least_squares_slope(np.log(np.asarray(sizes, float)), np.log(risks), weights))


def asymptotic_slope(row: Mapping) -> float:
    """The exponent of n that theory gives: 0 where the risk stops at a floor.

    −2β/(2β+d) for fresh pairs; −2β/d without noise, where the width grows with n; on a full square
    grid no faster than −β/d, since √n distinct users leave an error of n_users^(−2β/d).
    """
    theory = Theory.of(row)
    stopped = row["sampling"] in ("fixed_users", "popularity", "not_at_random")
    if stopped or row["control"] != "none" or row["rating_scale"] != "exact":
        return 0.0
    if int(row["embedding_dim"]) < int(row["rank"]):
        return 0.0
    if math.isinf(theory.approximation_slope) or _is_worst_case(row):  # finitely many waves
        return -1.0
    slope = theory.bound_slope
    if float(row["noise_sd"]) == 0:
        slope = theory.approximation_slope
    full = theory.approximation_slope / 2.0
    return float(max(slope, full) if row["sampling"] == "grid" else slope)


def joint_slope(row: Mapping) -> float:
    """The exponent of k nearest neighbours on the joined covariates, −2β/(2β+d_u+d_i).

    They see no more than one derivative: smoothness above 1 counts as 1. Where the towers'
    differs, the column holds the smaller one.
    """
    smoothness = min(float(row["smoothness"]), 1.0)
    total = float(row["user_intrinsic_dim"]) + float(row["item_intrinsic_dim"])
    return -2.0 * smoothness / (2.0 * smoothness + total)


def interpolation(units: float, row: Mapping) -> float:
    """Smallest risk of towers with so many units: the energy beyond their strongest modes.

    The Kolmogorov width of the targets: no linear method with `units` functions a tower does
    better on average. Falls as units^(−2β/d).
    """
    lost = 0.0
    for tower in TOWERS:
        variance, count = _modes(row, tower)
        before = np.concatenate([[0.0], np.cumsum(count)])
        kept = np.clip(units - before[:-1], 0.0, count)
        lost += float((variance * (count - kept)).sum())
    return lost


def _is_worst_case(row: Mapping) -> bool:
    return spectrum.law_of(row, "user")[1] is not None


def _modes(row: Mapping, tower: str) -> tuple[np.ndarray, np.ndarray]:
    return spectra.modes(*spectra.key_of(row, tower))
