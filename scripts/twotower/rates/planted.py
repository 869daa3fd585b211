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
from twotower.rates.departures import departure
from twotower.rates.planted_curves import (
    ANCHOR,
    SETTING,
    SIZES,
    TARGETS,
    THEORY,
    noisy,
    power_law,
)
from twotower.rates.slopes import bootstrap_generator, fit_rate
from twotower.rates.summary import summarize
from twotower.rates.verdicts import Verdict
from twotower.study.decisions import Decisions
from twotower.theory.bound import log_factor_slope

_CERTIFICATE_SIZE = 8192
_TARGETS = 48  # of each case: so many that the rule can decide


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


def coverage(
    confidence: float, draws: int = 500, targets: int = TARGETS, seed: int = 1
) -> dict[str, float]:
    """Shares of intervals that hold the truth, over noisy power laws drawn anew.

    Each draw goes through `fit_rate` and `departure` as a real curve does, over the seven sizes of
    the window.

    Args:
        confidence: of the intervals.
        draws: planted curves.
        targets: replicates of each.
        seed: names the streams of curves and bootstraps.

    Returns:
        By name: `slope`, and the differences from the prediction, `whole`, `upper` half and
        `flattening`, whose truth is 0.
    """
    sizes, slope = SIZES[1:], THEORY.bound_slope
    covered = dict.fromkeys(("slope", "whole", "upper", "flattening"), 0)
    for draw in range(draws):
        rng = bootstrap_generator(f"planted coverage {seed}", f"draw {draw}")
        risk, risk_se, predicted = noisy(power_law(sizes, slope), sizes, targets, rng)
        fit = fit_rate(sizes, risk, risk_se, rng, confidence)
        covered["slope"] += fit.slope_low <= slope <= fit.slope_high
        departs = departure(sizes, risk, risk_se, predicted, rng, confidence)
        for name in ("whole", "upper", "flattening"):
            interval = getattr(departs, name)
            covered[name] += interval.low <= 0 <= interval.high
    return {name: count / draws for name, count in covered.items()}


def _cases(delta: float) -> list[_Case]:
    bound = THEORY.bound_slope
    allowance = log_factor_slope(SIZES[1:], 2)
    violation = bound + allowance + 0.3

    def plain(n: np.ndarray) -> np.ndarray:
        return np.ones(n.shape)

    def logarithms(n: np.ndarray) -> np.ndarray:
        return (np.log(n) / math.log(ANCHOR[0])) ** 2

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
            Verdict.FLATTENS,
            lambda row: row["slope"] > bound + delta and row["flattening_low"] > 0,
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


def _risks(case: _Case) -> pd.DataFrame:
    """A table of risks as a study makes it: the planted curve as arm erm, and its reference."""
    reference = np.tile(power_law(SIZES, THEORY.bound_slope), (_TARGETS, 1))
    risk, risk_se, predicted = reference, np.zeros_like(reference), reference
    if case.noisy:
        rng = bootstrap_generator("planted", case.name)
        risk, risk_se, predicted = noisy(reference[0], SIZES, _TARGETS, rng)
    departs = power_law(SIZES, case.true_slope) / reference[0] * case.shape(SIZES)
    risk, risk_se = risk * departs, risk_se * departs
    at = SIZES == _CERTIFICATE_SIZE
    starts = [
        ("erm", "used", SIZES, risk, risk_se, predicted),
        ("erm", "doubled", SIZES[at], risk[:, at], risk_se[:, at], predicted[:, at]),
        (
            "erm",
            "oracle",
            SIZES[at],
            (1 - case.optimization_error) * risk[:, at],
            (1 - case.optimization_error) * risk_se[:, at],
            predicted[:, at],
        ),
        ("reference", "used", SIZES, reference, np.zeros_like(reference), reference),
    ]
    return pd.concat([_start(case.name, *start) for start in starts], ignore_index=True)


def _start(
    cell: str,
    arm: str,
    start: str,
    n: np.ndarray,
    risk: np.ndarray,
    risk_se: np.ndarray,
    predicted: np.ndarray,
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
            "predicted_risk": predicted.ravel(),
            "training_loss": {"used": 1.0, "doubled": 0.95}.get(start, 0.9),
        }
    )
