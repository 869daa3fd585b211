"""What other methods cost before they are run, from short measurements on one core.

Measured on the reference machine (AMD EPYC, seconds of its processor) with three settings of each
method's box, at 1,024 to 16,384 ratings of d = 1 in the design `repeated`; more factors, trees or
columns than the middle of the box take longer.
"""

from twotower.methods.kernel_sizes import LANDMARKS, MOST_EXACT
from twotower.study import arms

KERNEL_RIDGE = "kernel_ridge"

SECONDS = {  # of a fit, for each rating in it, of a prediction
    arms.GLOBAL_MEAN: (1e-4, 1e-8, 1e-9),
    "biases": (1e-3, 2.2e-6, 1e-6),
    "svd": (1e-3, 1.0e-5, 2e-6),
    "svdpp": (2e-3, 3.0e-5, 2e-5),
    "user_knn": (3e-3, 1.2e-5, 1.5e-5),
    "item_knn": (3e-3, 1.2e-5, 1.5e-5),
    "nmf": (2e-3, 1.4e-5, 2e-6),
    "co_clustering": (2e-3, 2.0e-5, 2e-6),
    "ridge": (1.2e-2, 1.0e-6, 1e-6),
    "boosting": (1.0e-1, 5.0e-6, 5e-6),
}
"""By method; kernel ridge, whose seconds are no line in the ratings, stands in `seconds`."""
_ENTRY = 1.2e-8  # seconds of an entry of a kernel matrix and what is done with it, 2 columns
_SOLVE = 2.5e-11  # of an operation of a solve
_DECOMPOSED = 6e-10  # of singular values of the landmarks' kernel, for each of their cubes


def seconds(arm: str, budget: int, n: int, judged: int, columns: int, again: bool) -> float:
    """Seconds of one replicate at n ratings: tuning, the last fit, and predictions.

    Args:
        budget: settings tried.
        judged: pairs predicted at the end.
        columns: covariates of both sides.
        again: whether any user or item is rated twice; else identities have nothing to fit.

    Raises:
        NotImplementedError: for a method that `SECONDS` lacks.
    """
    if arm in arms.IDENTITY_METHODS and not again:
        arm = arms.GLOBAL_MEAN
    tried = 1 if arm == arms.GLOBAL_MEAN else budget
    predicted = judged + 0.2 * n * tried
    if arm == KERNEL_RIDGE:
        entry = _ENTRY * (1 + columns / 2) / 2
        known = n if n <= MOST_EXACT else LANDMARKS
        fit = entry * n * known + _SOLVE * n * known**2
        fit += _DECOMPOSED * known**3 if n > MOST_EXACT else 0.0
        return (tried + 1) * fit + predicted * known * (entry + _SOLVE * known * (n > MOST_EXACT))
    if arm not in SECONDS:
        place = f"SECONDS of {__name__}"
        raise NotImplementedError(f"the method {arm!r} has no cost: write its seconds in {place}")
    start, each, predict = SECONDS[arm]
    wide = columns / 2 if arm in arms.COVARIATE_METHODS else 1.0
    return (tried + 1) * (start + each * n * wide) + predicted * predict * wide


def peak(arm: str, n: int, columns: int, compared: float) -> float:
    """Bytes of one fit at n ratings, beside the ratings.

    Args:
        columns: covariates of both sides.
        compared: users, or items, whose similarities are computed.
    """
    match arm:
        case "kernel_ridge":
            known = min(n, MOST_EXACT)
            return 8.0 * (4 * known**2 + 3 * n * LANDMARKS * (n > MOST_EXACT))
        case "ridge":  # products of both sides' features, twice
            return 2 * 8.0 * n * min(1024, 16**2 * columns)
        case "user_knn" | "item_knn":
            return 4 * 8.0 * min(compared, 8192) ** 2 + 400.0 * n
        case "global_mean":
            return 8.0 * n
    return 400.0 * n  # lists of pairs in Python
