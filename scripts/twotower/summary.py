"""Tables of a study: one row per rate and its verdict, and one per point of a risk curve."""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twotower.rates import (
    RateFit,
    Window,
    bootstrap_generator,
    fit_rate,
    fit_window,
    student_quantile,
)
from twotower.theory import Theory, finite_n_risk, log_factor_slope, predicted_slope
from twotower.verdicts import (
    Certificate,
    Evidence,
    judge,
    optimization_certificate,
    optimization_error,
    reference_certificate,
)

REFERENCE = "reference"
CERTIFIED = "certified"
"""Stands for a verdict in the row of a reference whose certificates pass."""
ARMS = ("erm", "adam", REFERENCE)
# fmt: off
_CELL_COLUMNS = [
    "experiment", "cell", "smoothness", "user_intrinsic_dim", "item_intrinsic_dim", "ambient_dim",
    "depth",
]
RATE_COLUMNS = [
    *_CELL_COLUMNS, "arm", "n_min", "n_max", "replicates",
    "slope", "slope_low", "slope_high", "bound_slope", "predicted_slope", "reference_slope",
    "verdict", "log_allowance", "slope_log1", "slope_log2", "optimization_error", "risk_ratio",
    "risk_at_n_max", "reason", "steepening", "steepening_low", "steepening_high",
    "rank", "noise_sd", "confirmatory",
]
CURVE_COLUMNS = [
    *_CELL_COLUMNS, "arm", "n_ratings", "replicates", "mean_risk", "risk_low", "risk_high",
    "median_risk", "predicted_risk", "fitted_risk", "in_window", "rank", "noise_sd",
]
# fmt: on


@dataclass(frozen=True)
class _Curve:
    """Risks of one cell and arm from the start used, and the rate fitted to them.

    `n` has shape [sizes], `risk` and `risk_se` [replicates, sizes]. `fit` is None where no rate
    can be fitted, `fault` then says why.
    """

    n: np.ndarray
    risk: np.ndarray
    risk_se: np.ndarray
    fit: RateFit | None = None
    fault: str = ""


@dataclass(frozen=True)
class _Cell:
    """Everything fitted in one cell; curves are keyed by arm, in the order of the tables."""

    settings: dict[str, object]
    theory: Theory
    rank: int
    noise_sd: float
    window: Window
    frame: pd.DataFrame
    curves: dict[str, _Curve] = field(default_factory=dict)


def rate_table(risks: pd.DataFrame) -> pd.DataFrame:
    """Rates and verdicts, one row per cell and arm, the reference included.

    Args:
        risks: one row per cell, arm, start, size and replicate, risks in units of the signal's
            variance. Cells come out in the order of first appearance, arms as in `ARMS`.

    Returns:
        Columns `RATE_COLUMNS`. What cannot be had (the slope of a curve with a risk that is not
        finite, the optimization error of the reference) is NaN; the row is kept, with its reason.

    Raises:
        ValueError: if a cell has no reference, or an arm lacks replicates at some size.
    """
    rows = [_rate_row(cell, arm) for cell in _cells(risks) for arm in cell.curves]
    return pd.DataFrame(rows, columns=RATE_COLUMNS)


def curve_table(risks: pd.DataFrame) -> pd.DataFrame:
    """Risk curves, one row per cell, arm and size, from the start used.

    `risk_low` and `risk_high` are the 95% Student interval of the mean over replicates on the
    log scale; `predicted_risk` is the finite-n prediction; `fitted_risk` the fitted line, NaN
    outside the window. Arguments and errors are those of `rate_table`.
    """
    rows = [row for cell in _cells(risks) for row in _curve_rows(cell)]
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def _cells(risks: pd.DataFrame) -> list[_Cell]:
    return [_cell(frame) for _, frame in risks.groupby("cell", sort=False)]


def _cell(frame: pd.DataFrame) -> _Cell:
    first = frame.iloc[0]
    present = list(frame["arm"].unique())
    if REFERENCE not in present:
        raise ValueError(f"cell {first['cell']} has no reference estimator to be judged against")
    # Arms this module has not heard of come between the known ones and the reference.
    arms = [arm for arm in ARMS[:-1] if arm in present]
    arms += [arm for arm in present if arm not in ARMS] + [REFERENCE]
    raw = {arm: _curve(frame, arm) for arm in arms}
    window = fit_window(raw[REFERENCE].n, raw[REFERENCE].risk.mean(axis=0))
    cell = str(first["cell"])
    return _Cell(
        settings={column: first[column] for column in [*_CELL_COLUMNS, "rank", "noise_sd"]},
        theory=Theory(
            float(first["smoothness"]),
            int(first["user_intrinsic_dim"]),
            int(first["item_intrinsic_dim"]),
        ),
        rank=int(first["rank"]),
        noise_sd=float(first["noise_sd"]),
        window=window,
        frame=frame,
        curves={arm: _fitted(curve, window, cell, arm) for arm, curve in raw.items()},
    )


def _curve(frame: pd.DataFrame, arm: str) -> _Curve:
    used = frame[(frame["arm"] == arm) & (frame["start"] == "used")]
    wide = used.pivot(index="replicate", columns="n_ratings", values=["risk", "risk_se"])
    sizes = wide["risk"].columns.to_numpy(dtype=int)
    counts = used.groupby("n_ratings")["replicate"].nunique()
    if (counts < len(wide)).any():
        raise ValueError(
            f"cell {frame['cell'].iloc[0]}, arm {arm}: {len(wide)} replicates were run, but "
            f"n_ratings = {int(counts.idxmin())} has only {int(counts.min())}"
        )
    return _Curve(sizes, wide["risk"].to_numpy(float), wide["risk_se"].to_numpy(float))


def _fitted(curve: _Curve, window: Window, cell: str, arm: str) -> _Curve:
    kept = window.contains(curve.n)
    n, risk, risk_se = curve.n[kept], curve.risk[:, kept], curve.risk_se[:, kept]
    usable = np.isfinite(risk) & (risk > 0) & np.isfinite(risk_se)
    fault = ""
    if n.size < 2:
        fault = "a rate needs at least two sizes"
    elif not usable.all():
        faulty = n[~usable.all(axis=0)]
        fault = f"risk of arm {arm} is not finite and positive at n_ratings = {faulty[0]}"
    if fault:
        return _Curve(curve.n, curve.risk, curve.risk_se, None, fault)
    fit = fit_rate(n, risk, risk_se, bootstrap_generator(cell, arm))
    return _Curve(curve.n, curve.risk, curve.risk_se, fit)


def _rate_row(cell: _Cell, arm: str) -> dict[str, object]:
    curve, reference = cell.curves[arm], cell.curves[REFERENCE]
    last = curve.n == cell.window.n_max
    error = math.nan if arm == REFERENCE else _optimization_error(cell, arm)
    risk_at_n_max = float(curve.risk[:, last].mean()) if last.any() else math.nan
    reference_risk = float(reference.risk[:, -1].mean())
    row = dict.fromkeys(RATE_COLUMNS, math.nan) | cell.settings
    row |= {
        "arm": arm,
        "confirmatory": cell.theory.confirmatory,
        "n_min": cell.window.n_min,
        "n_max": cell.window.n_max,
        "replicates": len(curve.risk),
        "bound_slope": cell.theory.bound_slope,
        "reference_slope": reference.fit.slope if reference.fit else math.nan,
        "optimization_error": error,
        "risk_ratio": risk_at_n_max / reference_risk if reference_risk > 0 else math.nan,
        "risk_at_n_max": risk_at_n_max,
    }
    fit = curve.fit
    if fit is None:
        verdict, reason = judge(_evidence(row, (Certificate(False, curve.fault),)))
        return row | {"verdict": str(verdict), "reason": reason}
    row |= {
        "slope": fit.slope,
        "slope_low": fit.slope_low,
        "slope_high": fit.slope_high,
        "predicted_slope": _predicted_slope(cell, fit),
        "log_allowance": log_factor_slope(fit.n, 2, fit.weights),
        "slope_log1": fit.log_corrected_slope(1),
        "slope_log2": fit.log_corrected_slope(2),
        "steepening": fit.steepening,
        "steepening_low": fit.steepening_low,
        "steepening_high": fit.steepening_high,
    }
    certificates = _certificates(cell, arm, error)
    verdict, reason = judge(_evidence(row, certificates))
    if arm == REFERENCE and all(certificate.passed for certificate in certificates):
        # Judged against its own slope it would always be consistent.
        verdict, reason = CERTIFIED, "; ".join(c.reason for c in certificates)
    return row | {"verdict": str(verdict), "reason": reason}


def _evidence(row: dict[str, object], certificates: tuple[Certificate, ...]) -> Evidence:
    names = ("slope_low", "slope_high", "steepening_high", "bound_slope", "log_allowance")
    values = {name: row[name] for name in (*names, "reference_slope")}
    return Evidence(**values, certificates=certificates)


def _certificates(cell: _Cell, arm: str, error: float) -> tuple[Certificate, ...]:
    window = Certificate(cell.window.valid, cell.window.reason)
    reference = cell.curves[REFERENCE]
    if reference.fit is None:
        return window, Certificate(False, f"reference: {reference.fault}")
    certificates = (
        window,
        reference_certificate(
            reference.fit.slope_low,
            reference.fit.slope_high,
            _predicted_slope(cell, reference.fit),
            _monte_carlo_error(cell, REFERENCE),
        ),
    )
    if arm == REFERENCE:
        return certificates
    return *certificates, optimization_certificate(error, _monte_carlo_error(cell, arm))


def _predicted_slope(cell: _Cell, fit: RateFit) -> float:
    return predicted_slope(fit.n, cell.theory, cell.rank, cell.noise_sd, weights=fit.weights)


def _monte_carlo_error(cell: _Cell, arm: str) -> float:
    """Largest risk_se/risk of an arm in the window, and of its other starts."""
    frame = cell.frame[cell.frame["arm"] == arm]
    counted = cell.window.contains(frame["n_ratings"]) | (frame["start"] != "used")
    relative = frame["risk_se"] / frame["risk"]
    return float(relative[counted].max(skipna=False))


def _optimization_error(cell: _Cell, arm: str) -> float:
    """`optimization_error` where other starts were run, over the replicates that all three have."""
    frame = cell.frame[cell.frame["arm"] == arm]
    sizes = frame.loc[frame["start"] != "used", "n_ratings"].unique()
    if len(sizes) != 1:
        return math.nan
    wide = frame[frame["n_ratings"] == sizes[0]].pivot(
        index="replicate", columns="start", values="risk"
    )
    mean = wide.reindex(columns=["used", "doubled", "oracle"]).dropna().mean()
    return optimization_error(mean["used"], mean["doubled"], mean["oracle"])


def _curve_rows(cell: _Cell) -> list[dict[str, object]]:
    rows = []
    for arm, curve in cell.curves.items():
        in_window = cell.window.contains(curve.n)
        for index, (size, kept) in enumerate(zip(curve.n, in_window, strict=True)):
            risk = curve.risk[:, index]
            mean, count = float(risk.mean()), len(risk)
            # Standard error of log mean risk, to first order.
            spread = math.nan
            if count > 1 and mean > 0:
                spread = float(risk.std(ddof=1)) / (mean * math.sqrt(count))
            half = student_quantile(count) * spread
            fitted = float(curve.fit.risk(size)) if kept and curve.fit else math.nan
            rows.append(
                cell.settings
                | {
                    "arm": arm,
                    "n_ratings": int(size),
                    "replicates": count,
                    "mean_risk": mean,
                    "risk_low": mean * math.exp(-half),
                    "risk_high": mean * math.exp(half),
                    "median_risk": float(np.median(risk)),
                    "predicted_risk": finite_n_risk(
                        float(size), cell.theory, cell.rank, cell.noise_sd
                    ),
                    "fitted_risk": fitted,
                    "in_window": bool(kept),
                }
            )
    return rows
