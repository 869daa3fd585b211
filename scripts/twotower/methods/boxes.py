"""The settings of each method that are tuned, with the range of each.

They stand apart from the methods, so that a process that asks what a method tunes need not import
the library that fits it.
"""

from twotower.methods.search import Choice, Span

BY_IDENTITIES = {
    "biases": {"reg_u": Span(1.0, 100.0), "reg_i": Span(1.0, 100.0)},
    "svd": {
        "n_factors": Span(2, 64, whole=True),
        "lr_all": Span(0.003, 0.03),
        "reg_all": Span(0.02, 0.5),
    },
    "svdpp": {
        "n_factors": Span(2, 64, whole=True),
        "lr_all": Span(0.003, 0.03),
        "reg_all": Span(0.02, 0.5),
    },
    "user_knn": {"k": Span(5, 80, whole=True), "shrinkage": Span(1.0, 200.0)},
    "item_knn": {"k": Span(5, 80, whole=True), "shrinkage": Span(1.0, 200.0)},
    "nmf": {"n_factors": Span(2, 32, whole=True), "reg": Span(0.01, 1.0)},
    "co_clustering": {"n_cltr_u": Span(2, 16, whole=True), "n_cltr_i": Span(2, 16, whole=True)},
}
"""Methods of `identities`; settings have the names of surprise where they have one there."""

BY_COVARIATES = {
    "ridge": {"degree": Span(1, 16, whole=True), "alpha": Span(0.1, 1000.0)},
    "boosting": {
        "learning_rate": Span(0.02, 0.3),
        "max_leaf_nodes": Span(4, 63, whole=True),
        "max_iter": Span(30, 300, whole=True),
        "min_samples_leaf": Span(5, 50, whole=True),
    },
    "kernel_ridge": {
        "alpha": Span(0.03, 30.0),
        "gamma": Span(0.1, 20.0),
        "kernel": Choice(("laplacian", "rbf")),
    },
}
"""Methods of `covariates`; settings have the names of scikit-learn. `gamma` is divided by the
number of covariates, which are standardized."""
