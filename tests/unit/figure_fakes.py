"""Frames of every experiment as a study makes them, from planted curves: for tests of figures.

Risks are n^slope curves that start at 1 and may end in a floor. Nothing here is the theory:
what is tested is what is drawn, not what is true.
"""

import hashlib
import json
import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

SIZES = tuple(2**k for k in range(9, 17))
UNITS = (8, 16, 32, 64, 128, 256)
DEFAULTS = {
    "smoothness": 1.0,
    "user_smoothness": math.nan,
    "item_smoothness": math.nan,
    "worst_case_at": math.nan,
    "user_intrinsic_dim": 1,
    "item_intrinsic_dim": 1,
    "ambient_dim": 1,
    "support": "cube",
    "off_manifold_noise": math.nan,
    "rank": 2,
    "embedding_dim": 2,
    "noise_sd": 1.0,
    "noise": "normal",
    "rating_scale": "exact",
    "sampling": "fresh",
    "catalogue": math.nan,
    "ratings_each": math.nan,
    "control": "none",
    "depth": 1,
    "schedule": "units",
    "width_constant": 1.0,
}


@dataclass(frozen=True)
class PlantedCell:
    """A cell's settings where they are not the DEFAULTS, and the curve planted in it.

    `slope` None is the bound's own; `floor` is the risk that never goes away.
    """

    settings: dict = field(default_factory=dict)
    slope: float | None = None
    floor: float = 0.0
    reference: bool = True

    @property
    def columns(self) -> dict:
        """The columns that every table starts with, but for the experiment's name."""
        settings = DEFAULTS | self.settings
        dims = settings["user_intrinsic_dim"], settings["item_intrinsic_dim"]
        settings["ambient_dim"] = max(settings["ambient_dim"], math.ceil(max(dims)))
        name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
        return {"cell": name, "data": name, **settings}

    @property
    def bound_slope(self) -> float:
        beta, dim = self.columns["smoothness"], self.larger_dim
        return -1.0 if math.isinf(beta) else -2 * beta / (2 * beta + dim)

    @property
    def larger_dim(self) -> float:
        return max(self.columns["user_intrinsic_dim"], self.columns["item_intrinsic_dim"])

    @property
    def confirmatory(self) -> bool:
        usual = ("embedding_dim", "noise_sd", "noise", "rating_scale", "sampling", "control")
        return (
            self.columns["smoothness"] <= 2
            and self.larger_dim <= 2
            and self.columns["support"] in ("cube", "graph")
            and all(self.columns[name] == DEFAULTS[name] for name in usual)
        )

    def planted(self, arm: str) -> float:
        slope = self.bound_slope if self.slope is None else self.slope
        if arm == "joint":
            beta = min(self.columns["smoothness"], 50.0)
            total = self.columns["user_intrinsic_dim"] + self.columns["item_intrinsic_dim"]
            return -2 * beta / (2 * beta + total)
        return slope * {"erm": 1.02, "adam": 0.4, "reference": 1.0}[arm]

    def risk(self, arm: str, n: np.ndarray) -> np.ndarray:
        scale = 60.0 * self.larger_dim**2
        factor = {"erm": 1.12, "adam": 1.5, "joint": 2.0, "reference": 1.0}[arm]
        return np.minimum(factor * (n / scale) ** self.planted(arm) + self.floor, 1.02)


def both(dim: float) -> dict:
    """Both intrinsic dimensions at once."""
    return {"user_intrinsic_dim": dim, "item_intrinsic_dim": dim}


def planted_experiments() -> dict[str, list[PlantedCell]]:
    """Experiment → its cells, at about the size of the standard study."""
    cell = PlantedCell
    pairs = [
        {"user_intrinsic_dim": user, "item_intrinsic_dim": item}
        for user in (1, 2, 3)
        for item in (1, 2, 3)
    ]
    slab = {"support": "slab", "ambient_dim": 2}
    dust = {"support": "dust", "ambient_dim": 2}
    return {
        "smoothness": [
            cell({"smoothness": beta, **both(dim)})
            for dim in (1, 2)
            for beta in (0.5, 1.0, 2.0, 3.0, math.inf)
        ],
        "dimension": [
            cell({**both(dim), "ambient_dim": D, "support": "graph" if dim < D else "cube"})
            for dim in (1, 2, 3)
            for D in (dim, 10, 30)
        ],
        "dust": [cell({**dust, **both(dim)}, reference=False) for dim in (1.26, 1.5, 1.75)],
        "max_not_sum": [cell(pair) for pair in pairs],
        "depth": [
            cell({"depth": depth, "schedule": schedule})
            for schedule in ("units", "dense")
            for depth in (1, 2, 3, 4)
        ],
        "sampling": [
            cell(),
            cell({"sampling": "grid"}, slope=-0.5),
            cell({"sampling": "fixed_users", "catalogue": 256.0}, floor=0.02),
            cell({"sampling": "fixed_users", "catalogue": 1024.0}, floor=0.004),
            cell({"sampling": "popularity", "catalogue": 1024.0}, slope=-0.6),
            cell({"sampling": "not_at_random"}),
        ],
        "noise": [
            *(
                cell({"noise_sd": sd}, slope=slope, reference=sd > 0)
                for sd, slope in ((0.0, -1.6), (0.1, -1.0), (0.3, -0.8), (1.0, None), (2.0, -0.64))
            ),
            cell({"noise": "student"}),
            cell({"rating_scale": "stars"}, slope=-0.6, floor=0.004),
        ],
        "off_manifold": [
            cell(slab | {"off_manifold_noise": tau}, slope=slope, reference=False)
            for tau, slope in ((0.0, None), (0.03, -0.62), (0.1, -0.55), (0.3, -0.47), (1.0, -0.42))
        ],
        "embedding_dim": [
            cell({"embedding_dim": p, "rank": 3}, floor=floor)
            for p, floor in ((1, 0.5), (2, 0.2), (3, 0.0), (4, 0.0), (6, 0.0))
        ],
        "null_cells": [
            cell({"control": control, **both(dim)}, slope=-1e-3)
            for control in ("permuted_ratings", "shuffled_covariates")
            for dim in (1, 2)
        ],
    }


def arms_of(experiment: str, cell: PlantedCell) -> list[str]:
    arms = ["erm"]
    arms += ["adam"] if experiment == "smoothness" else []
    arms += ["joint"] if experiment == "max_not_sum" else []
    return arms + (["reference"] if cell.reference else [])


def planted_frames(experiment: str, cells=None, arms=None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and rates of an experiment, with a little noise and honest intervals."""
    curves, rates = [], []
    for place, cell in enumerate(cells or planted_experiments()[experiment]):
        rng = np.random.default_rng(place)
        n = np.array(SIZES, float)
        prediction = cell.risk("reference", n)
        window = prediction < 0.25
        upper = len(n) - (window.sum() + 1) // 2
        for arm in arms or arms_of(experiment, cell):
            settings = {"experiment": experiment, **cell.columns, "arm": arm}
            risk = cell.risk(arm, n) * np.exp(rng.normal(0, 0.04, len(n)))
            slope = level = predicted = math.nan
            if window.sum() > 1:
                slope, level = np.polyfit(np.log(n[window]), np.log(risk[window]), 1)
                predicted = np.polyfit(np.log(n[window]), np.log(prediction[window]), 1)[0]
            for i, size in enumerate(SIZES):
                curves.append(
                    settings
                    | {"n_ratings": size, "replicates": 12, "mean_risk": risk[i]}
                    | {"risk_low": risk[i] / 1.12, "risk_high": risk[i] * 1.12}
                    | {"median_risk": risk[i], "in_window": bool(window[i])}
                    | {"upper_half": bool(window[i]) and i >= upper}
                    | {"predicted_risk": math.nan if arm == "joint" else prediction[i]}
                    | {"fitted_risk": math.exp(level) * size**slope if window[i] else math.nan}
                )
            rates.append(
                settings
                | {"n_min": n[window].min() if window.any() else math.nan, "n_max": SIZES[-1]}
                | {"replicates": 12, "slope": slope, "slope_low": slope - 0.03}
                | {"slope_high": slope + 0.03, "bound_slope": cell.bound_slope}
                | {"predicted_slope": predicted if window.any() else math.nan}
                | {"upper_predicted_slope": predicted if window.any() else math.nan}
                | {f"difference{end}": slope - predicted for end in ("", "_low", "_high")}
                | {"upper_difference": slope - predicted, "flattening_low": -0.1}
                | {"upper_difference_low": slope - predicted - 0.03, "tail_difference": 0.0}
                | {
                    "upper_difference_high": slope - predicted + 0.03,
                    "level": 1.0,
                    "level_low": 0.9,
                    "level_high": 1.1,
                }
                | {
                    "asymptotic_slope": cell.bound_slope,
                    "log_allowance": 0.21,
                    "reference_slope": cell.planted("reference"),
                }
                | {"verdict": "consistent with the rate", "reason": "planted"}
                | {"risk_at_n_max": risk[-1], "confirmatory": arm == "erm" and cell.confirmatory}
                | {"decisions": "v1:0123456789"}
            )
    return pd.DataFrame(curves), pd.DataFrame(rates)


def planted_approximation() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and rates of the approximation experiment: risk against hidden units, two sizes n."""
    curves, rates = [], []
    for dim in (1, 2):
        for beta in (0.5, 1.0, 2.0):
            cell = PlantedCell({"smoothness": beta, **both(dim), "schedule": "fixed"})
            settings = {"experiment": "approximation", **cell.columns, "arm": "erm"}
            bound = -2 * beta / dim
            units = np.array(UNITS, float)
            risk = 0.5 * (units / 4) ** bound + 1e-5
            window = risk > 4e-5
            for n, factor in ((32768, 1.03), (65536, 1.0)):
                for i, width in enumerate(UNITS):
                    curves.append(
                        settings
                        | {"units": width, "n_ratings": n, "mean_risk": risk[i] * factor}
                        | {"risk_low": risk[i] * 0.9, "risk_high": risk[i] * 1.12}
                        | {"predicted_risk": 0.3 * (width / 4) ** bound}
                        | {"fitted_risk": risk[i] if window[i] else math.nan}
                        | {"in_window": bool(window[i]), "replicates": 12}
                    )
            rates.append(
                settings
                | {"units_min": 8, "units_max": 256, "n_ratings": 65536, "slope": bound * 0.97}
                | {"slope_low": bound * 0.97 - 0.06, "slope_high": bound * 0.97 + 0.06}
                | {"bound_slope": bound, "predicted_slope": bound, "doubling_change": 0.03}
                | {"verdict": "consistent with the rate", "reason": "planted"}
            )
    return pd.DataFrame(curves), pd.DataFrame(rates)


def planted_study() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and rates of all experiments together; a cell in two of them is there twice."""
    frames = [planted_frames(name) for name in planted_experiments()]
    curves, rates = (pd.concat(parts, ignore_index=True) for parts in zip(*frames, strict=True))
    return curves, rates


def planted_extrapolation(rates: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the two largest sizes of every curve with a slope; one in ten is missed.

    Those of the straight line are a tenth lower.
    """
    rng = np.random.default_rng(0)
    rows = []
    for place, rate in enumerate(rates.dropna(subset=["slope"]).to_dict("records")):
        for n in SIZES[-2:]:
            predicted = rate["risk_at_n_max"] * (n / SIZES[-1]) ** rate["slope"]
            miss = 1.4 if place % 10 == 0 else 1.0
            risk = predicted * miss * math.exp(rng.normal(0, 0.04))
            low, high = predicted / 1.15, predicted * 1.15
            line, line_low, line_high = predicted / 1.1, low / 1.1, high / 1.1
            rows.append(
                rate
                | {"n_ratings": n, "mean_risk": risk, "predicted_risk": predicted}
                | {"risk_low": low, "risk_high": high, "covered": low <= risk <= high}
                | {"log_ratio": math.log(risk / predicted), "line_risk": line}
                | {"line_low": line_low, "line_high": line_high}
                | {"line_covered": line_low <= risk <= line_high}
                | {"line_log_ratio": math.log(risk / line)}
            )
    return pd.DataFrame(rows)


def planted_budget(rates: pd.DataFrame) -> pd.DataFrame:
    """A budget for the cells of erm: shares 0.2, 0.7 and 0.1, more or less."""
    cells = rates[rates["arm"] == "erm"].drop_duplicates("cell").reset_index(drop=True)
    wave = 0.15 * np.sin(np.arange(len(cells)))
    shares = {"approximation": 0.2 + wave, "estimation": 0.7 - wave, "optimization": 0.1 + 0 * wave}
    return cells.assign(
        n_ratings=8192,
        mean_risk=cells["risk_at_n_max"],
        **{f"{part}_share": share for part, share in shares.items()},
    )
