"""Arms, the ways to estimate, in the order of every table, legend and figure: the one list of them.

Whoever adds an arm writes it here, and gives it

- its settings in `twotower.study.arm_settings`,
- a mark in `ARM_MARKS` of `twotower.report.style`, and a label below if its name is not one,
- towers: a way to train them in `ARMS` of `twotower.towers.training`, the setting that counts their
  steps in `STEPS` of `twotower.towers.steps`, their operations in `ARM_WORK` of
  `twotower.cost.operations.arms`,
- another method: a way to fit it in `COMPARATORS` of `twotower.methods.comparators`, its seconds in
  `SECONDS` of `twotower.cost.methods`,
- anything else: a rule in `workflow/rules/train.smk` and a job in `twotower.cost.fit_jobs`.

`tests/unit/study/test_registries.py` names what is still missing.
"""

ERM = "erm"
ADAM = "adam"
PAIRWISE = "pairwise"
"""As erm with a loss on pairs of ratings of one user: it needs users who are rated again."""
JOINT = "joint"
"""Regression on the joined covariates: it pays the sum of both dimensions, not their maximum."""
REFERENCE = "reference"
"""The estimator that others are judged against, where there is one."""

SOFTMAX_FULL, SOFTMAX_FULL_RAW = "softmax_full", "softmax_full_raw"
SOFTMAX_BATCH, SOFTMAX_BATCH_RAW = "softmax_batch", "softmax_batch_raw"
SOFTMAX_BATCH_COUNTED = "softmax_batch_counted"
"""As softmax_batch, with the shares of items that its own clicks show."""
SOFTMAX_BATCH_APART = "softmax_batch_apart"
BPR = "bpr"
SOFTMAX_ADAM = "softmax_adam"
_IN_BATCH = (SOFTMAX_BATCH, SOFTMAX_BATCH_COUNTED, SOFTMAX_BATCH_RAW, SOFTMAX_BATCH_APART)
IN_BATCH = (*_IN_BATCH, SOFTMAX_ADAM)
"""Softmax over the items of a batch of clicks; the other arms of clicks know all items."""
UNCORRECTED = (SOFTMAX_FULL_RAW, SOFTMAX_BATCH_RAW)
"""Softmax without the correction for how often each item is a candidate."""
CLICK_ARMS = (SOFTMAX_FULL, SOFTMAX_FULL_RAW, *_IN_BATCH, BPR, SOFTMAX_ADAM)
"""Towers that learn from clicks, and from nothing else."""
TOWER_ARMS = (ERM, ADAM, PAIRWISE, *CLICK_ARMS)
PREDICTED = (ERM, *CLICK_ARMS)
"""Towers whose risks are predicted target by target."""
BY_USER = (PAIRWISE,)
"""Towers that are told which user each rating is of, and need designs that rate users again."""
GLOBAL_MEAN = "global_mean"
IDENTITY_METHODS = ("biases", "svd", "svdpp", "user_knn", "item_knn", "nmf", "co_clustering")
"""Other methods, which know users and items by their identities alone."""
COVARIATE_METHODS = ("ridge", "boosting", "kernel_ridge")
"""Other methods, which know users and items by their covariates alone."""
COMPARATORS = (GLOBAL_MEAN, *IDENTITY_METHODS, *COVARIATE_METHODS)
"""Other methods than towers, by their names in `comparators.COMPARATORS`."""
FITTED = (*TOWER_ARMS, JOINT, *COMPARATORS)
"""Those that a study may ask for."""
ORDER = (*FITTED, REFERENCE)
"""All of them; the reference comes last."""


def candidates(arm: str, batch: int, n: int) -> int | None:
    """Items among which an arm of clicks looks for the clicked one; None: all of the catalogue.

    Args:
        batch: clicks in a batch.
        n: clicks in all.
    """
    if arm == BPR:
        return 2
    return min(batch, n) if arm in IN_BATCH else None


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
    SOFTMAX_FULL: "full softmax",
    SOFTMAX_FULL_RAW: "full softmax, no log q",
    SOFTMAX_BATCH: "in-batch softmax",
    SOFTMAX_BATCH_COUNTED: "in-batch softmax, shares counted",
    SOFTMAX_BATCH_RAW: "in-batch softmax, no log q",
    SOFTMAX_BATCH_APART: "in-batch softmax, positive apart",
    BPR: "BPR",
    SOFTMAX_ADAM: "in-batch softmax, Adam",
}
