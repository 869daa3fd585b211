"""What evaluations ask of a card below torch's functions, by torch's tensors without numbers."""

from collections.abc import Callable

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from fake_card import Indexing, Kernels
from twotower.study import arms
from twotower.towers import lbfgs, minibatch_adam, networks, pairwise
from twotower.towers.checkpoint import Progress
from twotower.towers.clicks.losses import ClickLoss
from twotower.towers.clicks.objective import ClickObjective, batch_slopes
from twotower.towers.objectives import SquaredError
from twotower.towers.samples import Clicks

ADAM = ("adam", "softmax_adam")


@pytest.fixture(autouse=True)
def a_card(monkeypatch) -> None:
    """The machine says that it has a card."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


KINDS = {arm: arm.removesuffix("_raw").removeprefix("softmax_") for arm in arms.CLICK_ARMS}
KINDS |= {"softmax_batch_apart": "apart", "softmax_batch_counted": "batch"}


def below(objective: str, question: Callable = lambda x: None) -> Kernels:
    """Operations of an evaluation of L-BFGS, or a step of Adam, by torch's own fake tensors."""
    with FakeTensorMode(), Indexing():
        batch, n, width = 3, 40, 5
        drawn = [torch.empty(batch, n, 1, device="cuda", dtype=torch.float64) for _ in range(2)]
        ratings = torch.empty(batch, n, device="cuda", dtype=torch.float64)
        sizes = ((1, width), (width, 2))
        tower = [[drawn[0].new_empty(batch, i, o) for i in (n_in, 1)] for n_in, o in sizes]
        like = networks.Towers(tower, tower)
        error = SquaredError(like, *drawn, ratings)
        if objective == "pairwise":
            compared = pairwise.Comparisons(ratings.long(), ratings, 4, "size")
        if objective in arms.CLICK_ARMS:
            catalogue, even = drawn[1][:, :8], ratings[:, :8]
            clicks = Clicks(ratings.long(), catalogue, even, even, n)
            kind = {"bpr": "pair", "softmax_adam": "batch"}.get(objective) or KINDS[objective]
            loss = ClickLoss(clicks, kind, True, ratings.long() if kind == "pair" else None)
            clicked = ClickObjective(like, drawn[0], catalogue, loss)

        def function(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            question(rows)
            if objective == "pairwise":
                return pairwise.loss_and_gradient(like.unflat(rows), *drawn, compared)
            return clicked(rows) if objective in arms.CLICK_ARMS else error(rows)

        if objective in ADAM:
            state = minibatch_adam._begun(like.flat(), Progress())
            parts = [column[:, None] for column in (*drawn, ratings)]
            with Kernels() as kernels:
                question(state.rows)
                slopes = batch_slopes if objective == "softmax_adam" else None
                minibatch_adam._steps(like, parts, state, [0.1], slopes)
            return kernels
        state = lbfgs._begun(function, like.flat())
        with Kernels() as kernels:
            lbfgs._evaluated(function, state)
    return kernels


@pytest.mark.parametrize("objective", arms.TOWER_ARMS)
def test_nothing_waits_below_the_functions_of_torch(objective):
    kernels = below(objective)
    assert kernels.waits == []
    assert 30 < kernels.launched < 250
    for question in (lambda x: x.cpu(), lambda x: x + torch.ones(x.shape[1]).to(x.device)):
        assert below(objective, question).waits
