"""Names of the ways to estimate, in the order of every table, legend and figure."""

ERM = "erm"
ADAM = "adam"
PAIRWISE = "pairwise"
"""As erm with a loss on pairs of ratings of one user: it needs users who are rated again."""
JOINT = "joint"
"""Regression on the joined covariates: it pays the sum of both dimensions, not their maximum."""
REFERENCE = "reference"
"""The estimator that others are judged against, where there is one."""
ORDER = (ERM, ADAM, PAIRWISE, JOINT, REFERENCE)
