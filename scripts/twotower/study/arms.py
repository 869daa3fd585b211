"""Ways to estimate, in the order of every table, legend and figure: the one list of them.

Whoever adds one here gives it settings in `config`, a mark in `style`, and a job in `jobs`.
"""

ERM = "erm"
ADAM = "adam"
PAIRWISE = "pairwise"
"""As erm with a loss on pairs of ratings of one user: it needs users who are rated again."""
JOINT = "joint"
"""Regression on the joined covariates: it pays the sum of both dimensions, not their maximum."""
REFERENCE = "reference"
"""The estimator that others are judged against, where there is one."""

TOWERS = (ERM, ADAM, PAIRWISE)
GLOBAL_MEAN = "global_mean"
IDENTITY_METHODS = ("biases", "svd", "svdpp", "user_knn", "item_knn", "nmf", "co_clustering")
"""Other methods, which know users and items by their identities alone."""
COVARIATE_METHODS = ("ridge", "boosting", "kernel_ridge")
"""Other methods, which know them by their covariates alone."""
COMPARATORS = (GLOBAL_MEAN, *IDENTITY_METHODS, *COVARIATE_METHODS)
"""Other methods than towers, by their names in `comparators.COMPARATORS`."""
FITTED = (*TOWERS, JOINT, *COMPARATORS)
"""Those that a study may ask for."""
ORDER = (*FITTED, REFERENCE)
"""All of them; the reference comes last."""


def label(arm: str) -> str:
    """What figures call an arm."""
    return _LABELS.get(arm, arm)


_LABELS = {
    GLOBAL_MEAN: "global mean",
    "svd": "SVD",
    "svdpp": "SVD++",
    "user_knn": "user kNN",
    "item_knn": "item kNN",
    "nmf": "NMF",
    "co_clustering": "co-clustering",
    "kernel_ridge": "kernel ridge",
}
