"""How a curve of risks departs from its prediction, paired by target.

Of each target the prediction is known (`twotower.predictions`), so log(risk/prediction) is free of
most of what targets differ in. Its mean over targets is fitted over log n as `slopes` fits risks:
weights from smoothed variances, an interval from a bootstrap over targets, each with its whole
curve and its Monte Carlo errors.
"""

from dataclasses import dataclass

import numpy as np

from twotower.rates.intervals import Interval, half_width
from twotower.rates.slopes import BOOTSTRAP_DRAWS, bootstrap, halves, smoothed_weights
from twotower.theory.bound import least_squares_slope

TAIL = 0.9
"""The quantile over targets whose slope is reported beside that of the mean."""


@dataclass(frozen=True)
class Departure:
    """Slopes of the measured minus those of the predicted risks; limits are NaN for one target.

    Attributes:
        whole: over all sizes fitted.
        upper: over their upper half.
        flattening: over the upper minus over the lower half: above 0 the curve flattens against
            its prediction.
        tail: over all sizes, of the `TAIL` quantile over targets in place of the mean.
        upper_predicted: slope of the mean log prediction over the upper half.
    """

    whole: Interval
    upper: Interval
    flattening: Interval
    tail: Interval
    upper_predicted: float


def departure(
    n: np.ndarray,
    risk: np.ndarray,
    risk_se: np.ndarray,
    predicted: np.ndarray,
    rng: np.random.Generator,
    confidence: float,
    draws: int = BOOTSTRAP_DRAWS,
) -> Departure:
    """Compare a curve with its prediction.

    Args:
        n: sizes fitted, strictly increasing, two or more, shape [sizes].
        risk, risk_se: risks and their Monte Carlo errors, [replicates, sizes], positive.
        predicted: predicted risks of the same targets, [replicates, sizes], positive.
        rng: stream of the bootstrap.
        confidence: of the intervals.
        draws: bootstrap draws.
    """
    log_n = np.log(n.astype(float))
    replicates = len(risk)
    log_ratio, log_predicted = np.log(risk / predicted), np.log(predicted)
    found = _slopes(log_n, log_ratio) | _tail(log_n, log_ratio, log_predicted)
    targets, errors = bootstrap(risk, risk_se, rng, draws)
    drawn_ratio, drawn_predicted = log_ratio[targets] + errors, log_predicted[targets]
    drawn = _slopes(log_n, drawn_ratio) | _tail(log_n, drawn_ratio, drawn_predicted)
    intervals = {
        name: _interval(found[name], drawn[name], replicates, confidence) for name in found
    }
    _, upper = halves(log_n.size)
    weights = smoothed_weights(log_n, np.exp(log_ratio))[upper]
    due = least_squares_slope(log_n[upper], log_predicted.mean(axis=0)[upper], weights)
    return Departure(**intervals, upper_predicted=float(due))


def _slopes(log_n: np.ndarray, log_ratio: np.ndarray) -> dict[str, np.ndarray]:
    """Slopes of the mean log ratio over targets, from [..., replicates, sizes]: [...] each."""
    weights, mean = smoothed_weights(log_n, np.exp(log_ratio)), log_ratio.mean(axis=-2)
    lower, upper = (
        least_squares_slope(log_n[half], mean[..., half], weights[..., half])
        for half in halves(log_n.size)
    )
    whole = least_squares_slope(log_n, mean, weights)
    return {"whole": whole, "upper": upper, "flattening": upper - lower}


def _tail(
    log_n: np.ndarray, log_ratio: np.ndarray, log_predicted: np.ndarray
) -> dict[str, np.ndarray]:
    measured = np.quantile(log_ratio + log_predicted, TAIL, axis=-2)
    due = np.quantile(log_predicted, TAIL, axis=-2)
    return {"tail": least_squares_slope(log_n, measured - due)}


def _interval(
    estimate: np.ndarray, drawn: np.ndarray, replicates: int, confidence: float
) -> Interval:
    half = half_width(drawn, replicates, confidence)
    return Interval(float(estimate), float(estimate - half), float(estimate + half))
