"""Planted curves: risks with a known slope, which the fitter and the rule must get right.

No network result is to be trusted before `check` passes. Each case is a table of risks with a
clean reference beside it, and goes the whole way of a real study, through `summary.summarize`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twotower.base.errors import ExpectedError
from twotower.rates.slopes import bootstrap_generator, fit_rate
from twotower.rates.summary import summarize
from twotower.rates.verdicts import Verdict
from twotower.study.decisions import Decisions
from twotower.theory.bound import Theory, log_factor_slope

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
_CERTIFICATE_SIZE = 8192
_ANCHOR = (1024, 0.2)  # size and mean risk; 512 lies outside the window, the other seven inside

# Spread of the noisy curves, as in pilot trials: standard deviations on the log scale.
_TARGET_SD = 0.3  # of a target's level
_SLOPE_SD = 0.05  # of a target's slope
_SIZE_SD = 0.1  # of one size around its target's curve …
_SIZE_CORRELATION = 0.5  # … correlated with the next size: ratings are nested
_MONTE_CARLO_SD = 0.02


class FitterError(ExpectedError):
    """The fitter or the rule got a planted curve wrong; no result of this build can be used."""


@dataclass(frozen=True)
class _Case:
    """One planted curve.

    Attributes:
        name: the case's name in the table.
        true_slope: slope of the curve's power law.
        shape: multiplies the power law; from sizes, shape [sizes], to the same shape.
        expected: the verdict due.
        holds: what else must be true of its row in the table of rates.
        noisy: whether targets differ.
        optimization_error: share of the risk that the planted oracle start takes off.
    """

    name: str
    true_slope: float
    shape: Callable[[np.ndarray], np.ndarray]
    expected: Verdict
    holds: Callable[[pd.Series], bool]
    noisy: bool = True
    optimization_error: float = 0.0


def planted_table(decisions: Decisions) -> pd.DataFrame:
    """Fit and judge every planted curve, one row a case, the same on every run.

    Args:
        decisions: the frozen rules.

    Returns:
        Columns case, true_slope, slope, slope_low, slope_high, verdict, expected, passed. A case
        passes if the verdict is the expected one and the case's own condition holds: the power
        law's slope is found where it can be, and where the curve is contaminated, the
        contamination shows.
    """
    rows = []
    for case in _cases(decisions.thresholds.delta):
        row = summarize(_risks(case), decisions).rates.iloc[0]
        rows.append(
            {
                "case": case.name,
                "true_slope": case.true_slope,
                "slope": row["slope"],
                "slope_low": row["slope_low"],
                "slope_high": row["slope_high"],
                "verdict": row["verdict"],
                "expected": str(case.expected),
                "passed": bool(row["verdict"] == case.expected and case.holds(row)),
            }
        )
    return pd.DataFrame(rows)


def check(table: pd.DataFrame) -> None:
    """Assert that every planted curve of a `planted_table` passes.

    Raises:
        FitterError: naming the cases that failed, what was found and what was due.
    """
    failed = [
        f"planted curve '{row.case}' failed: slope {row.slope:.3f} "
        f"[{row.slope_low:.3f}, {row.slope_high:.3f}] where the true slope is "
        f"{row.true_slope:.3f}; verdict '{row.verdict}', expected '{row.expected}'"
        for row in table.itertuples()
        if not row.passed
    ]
    if failed:
        raise FitterError("\n".join(failed))


def coverage(confidence: float, draws: int = 500, targets: int = TARGETS, seed: int = 1) -> float:
    """Share of intervals that hold the true slope, over noisy power laws drawn anew.

    Each draw goes through `fit_rate` as a real curve does, over the seven sizes of the window.

    Args:
        confidence: of the intervals.
        draws: planted curves.
        targets: replicates of each.
        seed: names the streams of curves and bootstraps.
    """
    sizes = SIZES[1:]
    slope = THEORY.bound_slope
    covered = 0
    for draw in range(draws):
        rng = bootstrap_generator(f"planted coverage {seed}", f"draw {draw}")
        risk, risk_se = noisy(power_law(sizes, slope), sizes, targets, rng)
        fit = fit_rate(sizes, risk, risk_se, rng, confidence)
        covered += fit.slope_low <= slope <= fit.slope_high
    return covered / draws


def _cases(delta: float) -> list[_Case]:
    bound = THEORY.bound_slope
    allowance = log_factor_slope(SIZES[1:], 2)
    violation = bound + allowance + 0.3

    def plain(n: np.ndarray) -> np.ndarray:
        return np.ones(n.shape)

    def logarithms(n: np.ndarray) -> np.ndarray:
        return (np.log(n) / math.log(_ANCHOR[0])) ** 2

    def floor(n: np.ndarray) -> np.ndarray:
        return 1.0 + 0.005 / power_law(n, bound)

    def late(n: np.ndarray) -> np.ndarray:
        # Nearly flat, then as steep as the bound: no evidence against the rate at larger n.
        return np.minimum(n, 16384.0) ** (violation - bound)

    def found(slope: float) -> Callable[[pd.Series], bool]:
        return lambda row: row["slope_low"] <= slope <= row["slope_high"]

    return [
        _Case(
            "exact power law",
            bound,
            plain,
            Verdict.CONSISTENT,
            lambda row: math.isclose(row["slope"], bound, rel_tol=1e-9),
            noisy=False,
        ),
        _Case("noisy power law", bound, plain, Verdict.CONSISTENT, found(bound)),
        # The bound allows the logarithms, so they must not count against it; divided out, the
        # power law must be back.
        _Case(
            "(log n)² inflated",
            bound,
            logarithms,
            Verdict.UNRESOLVED,
            lambda row: row["slope"] > bound + delta and abs(row["slope_log2"] - bound) < delta,
        ),
        # No floor is fitted, so one must show: a flatter slope that flattens further, and no
        # verdict in favour of the rate.
        _Case(
            "floor-contaminated",
            bound,
            floor,
            Verdict.UNRESOLVED,
            lambda row: row["slope"] > bound + delta and row["steepening_low"] > 0,
        ),
        _Case("violation", violation, plain, Verdict.SLOWER, found(violation)),
        _Case(
            "violation, not optimized",
            violation,
            plain,
            Verdict.INCONCLUSIVE,
            found(violation),
            optimization_error=0.4,
        ),
        _Case(
            "plateau before the rate",
            bound,
            late,
            Verdict.UNRESOLVED,
            lambda row: row["slope_low"] > bound + allowance + delta and row["steepening_high"] < 0,
        ),
        _Case("too easy a target", bound - 0.3, plain, Verdict.FASTER, found(bound - 0.3)),
    ]


def power_law(n: np.ndarray, slope: float) -> np.ndarray:
    """Mean risks of slope `slope` at sizes n, in the shape of n."""
    size, risk = _ANCHOR
    return risk * (n / size) ** slope


def noisy(
    mean_risk: np.ndarray, n: np.ndarray, targets: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Risks of random targets and their Monte Carlo errors, both of shape [targets, sizes].

    Log-normal around curves whose expectation over targets is exactly `mean_risk`, shape
    [sizes]: a level and a slope for each target, an autoregression over sizes, and Monte Carlo
    error.
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
    return risk, _MONTE_CARLO_SD * risk


def _risks(case: _Case) -> pd.DataFrame:
    """A table of risks as a study makes it: the planted curve as arm erm, and its reference."""
    mean_risk = power_law(SIZES, case.true_slope) * case.shape(SIZES)
    if case.noisy:
        rng = bootstrap_generator("planted", case.name)
        risk, risk_se = noisy(mean_risk, SIZES, TARGETS, rng)
    else:
        risk = np.tile(mean_risk, (TARGETS, 1))
        risk_se = np.zeros_like(risk)
    reference = np.tile(power_law(SIZES, THEORY.bound_slope), (TARGETS, 1))
    at = SIZES == _CERTIFICATE_SIZE
    starts = [
        ("erm", "used", SIZES, risk, risk_se),
        ("erm", "doubled", SIZES[at], risk[:, at], risk_se[:, at]),
        (
            "erm",
            "oracle",
            SIZES[at],
            (1 - case.optimization_error) * risk[:, at],
            (1 - case.optimization_error) * risk_se[:, at],
        ),
        ("reference", "used", SIZES, reference, np.zeros_like(reference)),
    ]
    return pd.concat([_start(case.name, *start) for start in starts], ignore_index=True)


def _start(
    cell: str, arm: str, start: str, n: np.ndarray, risk: np.ndarray, risk_se: np.ndarray
) -> pd.DataFrame:
    targets = len(risk)
    return pd.DataFrame(
        {
            "experiment": "planted",
            "cell": cell,
            "data": cell,
            "smoothness": THEORY.smoothness,
            "user_intrinsic_dim": THEORY.user_intrinsic_dim,
            "item_intrinsic_dim": THEORY.item_intrinsic_dim,
            **SETTING,
            "arm": arm,
            "start": start,
            "n_ratings": np.tile(n, targets),
            "width": 0,
            "replicate": np.repeat(np.arange(targets), n.size),
            "risk": risk.ravel(),
            "risk_se": risk_se.ravel(),
        }
    )
