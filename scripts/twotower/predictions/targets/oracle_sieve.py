"""The oracle sieve: the risk due of the reference estimator on one target, at its best cut-off.

Towers cut at |k| ≤ K_u and |k| ≤ K_i leave T = 1 − tr(M_u M_i) of the target's energy out, M_u and
M_i the second moments of what is kept of the drawn coefficients, and have as many functions as
there are such frequencies, the constant among them. The oracle takes the cut-offs where the risk of
least squares (`least_squares.risk`) is smallest. Derived for this project.
"""

from dataclasses import dataclass

import numpy as np

from twotower.data.targets import Embedding, Target
from twotower.methods.reference import cutoffs
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets import energy, least_squares


@dataclass(frozen=True)
class OracleSieve:
    """What is due at several sizes; all of shape [sizes].

    Attributes:
        risk: in units of the signal's variance; NaN where the ratings are too few for any cut-off.
        lost: energy that the best cut-offs leave out.
        functions: basis functions of the user tower there.
    """

    risk: np.ndarray
    lost: np.ndarray
    functions: np.ndarray


def oracle_sieve(target: Target, sizes: list[int], law: RatingLaw) -> OracleSieve:
    """The best sieve for a target whose coordinates fill the cube.

    Cut-offs are those that the reference estimator tries, one for both towers; each its own where
    the towers' frequencies are not the same.

    Args:
        target: of energy 1.
        sizes: numbers of ratings.
        law: what its ratings tell of it.
    """
    user, item = _Cut.of(target.user), _Cut.of(target.item)
    if np.array_equal(target.user.frequencies, target.item.frequencies):
        pairs = np.arange(len(user.functions)), np.arange(len(item.functions))
    else:
        pairs = np.indices((len(user.functions), len(item.functions))).reshape(2, -1)
    moments = [each[pairs[0]] for each in (user.kept, user.rest)]
    moments += [each[pairs[1]] for each in (item.kept, item.rest)]
    lost = energy.lost(*moments)
    strengths = energy.strengths(moments[0], moments[2])
    functions = user.functions[pairs[0]], item.functions[pairs[1]]
    n = np.asarray(sizes, dtype=float)[:, None]
    risks = least_squares.risk(n, lost, strengths, law.noise_variance, *functions, slope=law.slope)
    best = np.where(np.isnan(risks), np.inf, risks).argmin(axis=1)
    return OracleSieve(risks[np.arange(len(n)), best], lost[best], functions[0][best])


@dataclass(frozen=True)
class _Cut:
    """One tower at every candidate cut-off, the smallest first.

    Attributes:
        functions: [cutoffs].
        kept, rest: second moments of what is kept and of what lies beyond, [cutoffs, p, p]; the
            rest is exactly 0 at the last cut-off.
    """

    functions: np.ndarray
    kept: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(cls, embedding: Embedding) -> "_Cut":
        square = (embedding.frequencies**2).sum(axis=1)
        largest = int(np.ceil(np.sqrt(square.max())))
        tried = np.array([cutoff for cutoff in cutoffs(largest) if cutoff < largest] + [largest])
        # of each frequency, the first cut-off that keeps it
        first = np.searchsorted(tried**2, square)
        rank, count = len(embedding.coefficients), len(tried)
        moments = np.empty((count, rank, rank))
        for i, one in enumerate(embedding.coefficients):
            for j, other in enumerate(embedding.coefficients):
                weights = 2.0 * (one * other.conj()).real
                moments[:, i, j] = np.bincount(first, weights, count)
        rest = np.zeros_like(moments)
        rest[:-1] = np.cumsum(moments[:0:-1], axis=0)[::-1]
        functions = 1 + 2 * np.cumsum(np.bincount(first, minlength=count))
        return cls(functions, np.cumsum(moments, axis=0), rest)
