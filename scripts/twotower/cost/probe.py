"""How fast this machine is. Only this module of the cost model loads torch."""

import time

import torch

from twotower.cost import operations
from twotower.towers.networks import Towers, loss_and_gradient


def pace() -> float:
    """Time that this machine takes for a piece of work, in units of the reference machine's time.

    Measuring takes half a second.

    The best of several trials of a loss and its gradient, in seconds of the processor, so that
    other programs hardly matter.
    """
    torch.set_num_threads(1)
    fit = operations.FitSize(n=4096, width=48, depth=1, dims=(2, 2), rank=2, batch=12)
    random = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(fit.batch, *shape, dtype=torch.float64, generator=random)

    tower = [(normal(i, o), normal(1, o)) for i, o in ((2, fit.width), (fit.width, fit.rank))]
    pairs = (normal(fit.n, 2), normal(fit.n, 2), normal(fit.n))
    trials = []
    for _ in range(9):
        began = time.process_time()
        loss_and_gradient(Towers(tower, tower), *pairs)
        trials.append(time.process_time() - began)
    return min(trials) / operations.seconds(fit.gradients(1))
