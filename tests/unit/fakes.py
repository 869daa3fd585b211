"""Frames such as a study makes, with planted slopes: for tests of what is drawn and written."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

SIZES = tuple(2**k for k in range(9, 17))
COST_OF_ADAM = 1.3  # adam's risk over erm's at the smallest size; grows as n^0.25


@dataclass(frozen=True)
class FakeCell:
    """A cell, and where its curve starts: risk 1/(1 + (n/half)^−bound_slope)."""

    smoothness: float
    user_intrinsic_dim: int = 1
    item_intrinsic_dim: int = 1
    ambient_dim: int = 1
    depth: int = 1
    experiment: str = "smoothness"
    half: float = 100.0

    @property
    def name(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:10]

    @property
    def bound_slope(self) -> float:
        if math.isinf(self.smoothness):
            return -1.0
        dim = max(self.user_intrinsic_dim, self.item_intrinsic_dim)
        return -2 * self.smoothness / (2 * self.smoothness + dim)

    def settings(self) -> dict:
        return {
            "experiment": self.experiment,
            "cell": self.name,
            "smoothness": self.smoothness,
            "user_intrinsic_dim": self.user_intrinsic_dim,
            "item_intrinsic_dim": self.item_intrinsic_dim,
            "ambient_dim": self.ambient_dim,
            "depth": self.depth,
        }

    def true_risk(self, arm: str, n: np.ndarray) -> np.ndarray:
        risk = 1 / (1 + (n / self.half) ** -self.bound_slope)
        if arm == "reference":
            return risk
        if arm == "erm":
            return 1.12 * risk
        return np.minimum(1.12 * COST_OF_ADAM * risk * (n / SIZES[0]) ** 0.25, 1.2)


DEFAULT_CELLS = (
    FakeCell(0.5, half=1000),
    FakeCell(1.0, experiment="smoothness;dimension;ambient", half=250),
    FakeCell(2.0, half=120),
    FakeCell(1.0, ambient_dim=10, experiment="ambient", half=260),
    FakeCell(1.0, 2, 2, ambient_dim=2, experiment="dimension", half=900),
)


def fake_risks(cells=DEFAULT_CELLS, arms=("erm", "adam", "reference"), replicates=12, sizes=SIZES):
    """A risks frame: one row per cell × arm × size × replicate; replicates share their target."""
    rows = []
    for position, cell in enumerate(cells):
        rng = np.random.default_rng(position)
        target = rng.normal(0, 0.12, replicates)
        for arm in arms:
            means = cell.true_risk(arm, np.asarray(sizes, float))
            for n, mean in zip(sizes, means, strict=True):
                risk = mean * np.exp(target + rng.normal(0, 0.08, replicates))
                rows += [
                    cell.settings()
                    | {"rank": 2, "noise_sd": 1.0, "arm": arm, "start": "used", "n_ratings": n}
                    | {"width": 16, "replicate": r, "risk": risk[r], "risk_se": 0.01 * risk[r]}
                    for r in range(replicates)
                ]
    return pd.DataFrame(rows)


def fake_curves(cells=DEFAULT_CELLS, **options) -> pd.DataFrame:
    """A curves frame: the risks' means with 95% t intervals; the window starts at risk 1/4."""
    risks = fake_risks(cells, **options)
    by_name = {cell.name: cell for cell in cells}
    keys = [*cells[0].settings(), "arm", "n_ratings"]
    curves = risks.groupby(keys, sort=False)["risk"].agg(["mean", "sem", "count"]).reset_index()
    half = stats.t.ppf(0.975, curves["count"] - 1) * curves["sem"]
    curves = curves.rename(columns={"mean": "mean_risk", "count": "replicates"})
    curves["risk_low"], curves["risk_high"] = curves["mean_risk"] - half, curves["mean_risk"] + half
    predicted = [
        float(by_name[row.cell].true_risk("reference", row.n_ratings))
        for row in curves.itertuples()
    ]
    curves["predicted_risk"] = predicted
    curves["in_window"] = np.array(predicted) < 0.25
    return curves.drop(columns="sem")


def fake_rates(cells=DEFAULT_CELLS, arms=("erm", "adam", "reference")) -> pd.DataFrame:
    """A rates frame whose slopes are planted: the bound's, −0.01 for erm, +0.2 for adam."""
    rows = []
    for cell in cells:
        for arm in arms:
            slope = cell.bound_slope + {"erm": -0.01, "adam": 0.2, "reference": 0.0}[arm]
            rows.append(
                cell.settings()
                | {"arm": arm, "n_min": 4096, "n_max": 65536, "replicates": 12, "slope": slope}
                | {"slope_low": slope - 0.03, "slope_high": slope + 0.03}
                | {"bound_slope": cell.bound_slope, "predicted_slope": cell.bound_slope - 0.012}
                | {"reference_slope": cell.bound_slope, "log_allowance": 0.21}
                | {"verdict": _verdict(arm), "reason": "interval inside the reference's ± 0.10"}
            )
    return pd.DataFrame(rows)


def _verdict(arm: str) -> str:
    if arm == "reference":
        return "–"
    return {"erm": "consistent with the rate"}.get(arm, "bound not contradicted, rate unresolved")
