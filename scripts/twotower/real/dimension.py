"""Intrinsic dimension of real covariates, and how far its estimates can be trusted.

Real covariates are partly words: many users or items share all of them, and distances take few
values. So estimates are made on *distinct* points, with no jitter (jitter has the dimension of
the space around, and near points would show that); the share of points whose two nearest
neighbours are equally far, which tell the two-nearest-neighbour estimate nothing, is reported.

- two_nn: ratios of second to first neighbour distances (E. Facco et al., *Sci. Rep.* 7, 2017).
- mle: maximum likelihood over 20 neighbours (E. Levina & P. Bickel, *NIPS* 2004).
- correlation: the correlation integral (P. Grassberger & I. Procaccia, 1983).
"""

import warnings

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from twotower.base import seeds

ESTIMATORS = ("two_nn", "mle", "correlation")
NEIGHBOURS = 20
MOST_POINTS = 4096
_HALVES = 20
_DIGITS = 9  # in units of a covariate's sd: equal texts differ in their last bits
_CORRELATION = (5, 50)  # neighbours between whose median distances its slope is taken
_FEWEST = 4 * NEIGHBOURS


def estimates(covariates: dict[str, np.ndarray], seed: int) -> pd.DataFrame:
    """Estimates for each side, a row each.

    Args:
        covariates: side → float64 [m, D].
        seed: of the points drawn where there are more than MOST_POINTS, and of the halves.

    Returns:
        Columns `side`, `estimator`, `dimension`, `low`, `high` (95%, from the spread of estimates
        on random halves of the points: about that of the estimate itself), `columns` (D), `rows`,
        `points` (distinct), `tied` (share of points with two equally near neighbours). NaN where
        there are too few distinct points.
    """
    rows = []
    for side, matrix in covariates.items():
        points = np.unique(matrix.round(_DIGITS), axis=0)
        rng = seeds.generator(seed, {"side": side}, "dimension", 0)
        points = points[rng.permutation(len(points))[:MOST_POINTS]]
        about = {"columns": matrix.shape[1], "rows": len(matrix), "points": len(points)}
        if len(points) < _FEWEST:
            nothing = dict.fromkeys(("dimension", "low", "high", "tied"), float("nan"))
            rows += [{"side": side, "estimator": one} | nothing | about for one in ESTIMATORS]
            continue
        near, _ = cKDTree(points).query(points, k=3)
        tied = float(np.isclose(near[:, 1], near[:, 2], rtol=1e-9).mean())
        halves = [rng.permutation(len(points))[: len(points) // 2] for _ in range(_HALVES)]
        for one in ESTIMATORS:
            value = estimate(one, points)
            half = 1.96 * float(np.std([estimate(one, points[half]) for half in halves], ddof=1))
            found = {"dimension": value, "low": max(value - half, 0.1), "high": value + half}
            rows.append({"side": side, "estimator": one} | found | {"tied": tied} | about)
    return pd.DataFrame(rows)


def estimate(name: str, points: np.ndarray) -> float:
    """One estimate on distinct points [m, D]."""
    import skdim  # a second of imports, for this step alone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ties and of its own use of older interfaces
        match name:
            case "two_nn":
                found = skdim.id.TwoNN().fit(points).dimension_
            case "mle":
                found = skdim.id.MLE().fit(points, n_neighbors=NEIGHBOURS, comb="mle").dimension_
            case _:
                found = skdim.id.CorrInt(*_CORRELATION).fit(points).dimension_
    return float(found)
