"""Features of one tower: its last hidden layer and a constant, whitened, as the fits use them.

`features` chooses between two classes of the same face. `Dense` computes the features at every
pair. `Hats` (one covariate, one hidden layer, on a CPU) sums over the pairs once for all features.
"""

import torch

from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats


def features(
    hidden: list,
    covariates: torch.Tensor,
    precision: torch.dtype = torch.float64,
    keep: bool = False,
) -> Dense | Hats:
    """The features that hidden layers make of covariates.

    Args:
        hidden: hidden layers, float64.
        covariates: [B, n, D].
        precision: to which the covariates are rounded first; by default they are not.
        keep: whether dense features may stay in memory, for the many passes of a fit.
    """
    if Hats.serve(hidden, covariates):
        return Hats(hidden, covariates, precision)
    return Dense(hidden, covariates, precision, keep)
