"""Whole training jobs on a card that is not there: places, waiting, going on; no card was used.

The fake card shows that every tensor is where CUDA wants it, that the results are those of the CPU,
and that the optimizers never wait. Speed, memory and the bits of a real card it cannot show.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from cells import draw_replicates, job
from fake_card import Card, OnCard
from twotower.study import arms
from twotower.towers import (
    cards,
    checkpoint,
    chunks,
    joint_training,
    lbfgs,
    minibatch_adam,
    networks,
    training,
    training_job,
)
from twotower.towers.checkpoint import Checkpoint, Progress
from twotower.towers.closed_form import rating_statistics

SETTINGS = {
    "erm": {"alternations": 1, "joint_steps": 4},
    "adam": {"steps": 6, "batch_size": 32, "learning_rate": 1e-2},
    "pairwise": {"alternations": 1, "joint_steps": 4, "comparisons": 4, "weight": "size"},
    "softmax_adam": {"steps": 6, "learning_rate": 1e-2},
} | {
    arm: {"output_steps": 0, "joint_steps": 4}
    for arm in arms.CLICK_ARMS
    if arm != arms.SOFTMAX_ADAM
}
ADAM = ("adam", "softmax_adam")
ORACLE_STEPS = 5
SIZES = {"sizes": (64, 128), "certificate_sizes": [64]}
STARTS = ["64/used", "64/noise_free", "64/doubled", "64/oracle", "128/used"]


@pytest.fixture(autouse=True)
def a_card(monkeypatch) -> Iterator[Card]:
    """The machine says that it has a card; the fake one is entered."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name in ("take", "check"):
        monkeypatch.setattr(cards, name, lambda count: None)
    monkeypatch.setattr(training_job, "ORACLE", {"alternations": 1, "joint_steps": ORACLE_STEPS})
    monkeypatch.setattr(minibatch_adam, "BLOCK", 2)
    with Card() as card:
        yield card


def trained(arm: str, precision="float64", gpu=True, kept: Checkpoint | None = None) -> dict:
    """Results of a job by their names."""
    spec = job(arm=arm, settings=SETTINGS[arm], precision=precision, gpu=gpu, **SIZES)
    cell = {name: value for name, value in spec["cell"].items() if name not in ("depth", "width")}
    data = draw_replicates(1, cell, range(2), 128, 16)[1]
    results = training_job.train(spec, data, range(2), kept)
    return {f"{result.n_ratings}/{result.start}": result for result in results}


def same(ours: dict, others: dict) -> bool:
    """Whether two jobs gave the same bits."""
    return ours.keys() == others.keys() and all(
        np.array_equal(array, others[name].tensors[key])
        for name, result in ours.items()
        for key, array in result.tensors.items()
    )


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_job_on_the_card_gives_what_the_cpu_gives(arm, precision, a_card):
    ours, others = trained(arm, precision), trained(arm, precision, gpu=False)
    assert list(ours) == list(others) == STARTS
    assert a_card.waits["linalg_solve"] > 0  # it was there
    for name, result in ours.items():
        assert all(type(array) is np.ndarray for array in result.tensors.values())
        if precision == "float64":  # and in float32 rounding may change a step
            assert result.training_loss == pytest.approx(others[name].training_loss, rel=1e-6)
    near = 1e-3 if precision == "float32" else 1e-6
    largest = (found["128/used"].training_loss for found in (ours, others))
    assert next(largest) == pytest.approx(next(largest), rel=near)


class Watched(Checkpoint):
    """Keeps nothing, and notes at each offered state how often the host has waited."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card, self.waits = card, {}

    def fit(self, name: str) -> Progress:
        progress, noted = super().fit(name), self.waits.setdefault(name, [])
        offer = progress.offer

        def noting(state: Callable) -> None:
            offer(state)
            noted.append(self.card.waits.total())

        progress.offer = noting
        return progress


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
def test_no_optimizer_waits_for_the_card(arm, a_card):
    watched = Watched(a_card)
    trained(arm, kept=watched)
    offers = 3 if arm in ADAM else SETTINGS[arm]["joint_steps"] + 1  # blocks, or evaluations
    for name in STARTS:
        noted = watched.waits[name]
        assert len(noted) >= (ORACLE_STEPS if name == "64/noise_free" else offers)
        assert set(noted) == {noted[0]}, f"{name}: {noted}"
    # the indices of 2 steps at a time: 6 steps, 12, 6 and 6
    assert a_card.ahead == (3 + 6 + 3 + 3 if arm in ADAM else 0)


def bowl(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return points.square().sum(1), 2.0 * points


def asking(function: Callable, question: Callable) -> Callable:
    """The function, which asks something of its last argument first."""

    def asked(*arguments):
        question(arguments[-1])
        return function(*arguments)

    return asked


@pytest.mark.parametrize(
    "question",
    [
        lambda x: x.sum().item(),
        lambda x: float(x.max()),
        lambda x: bool((x > 0).all()),
        lambda x: x.nonzero(),
        lambda x: x[x > 0],
        lambda x: x.cpu(),
        lambda x: x.to("cpu"),
        lambda x: torch.ones(3).to(x.device),
        lambda x: torch.tensor([1.0], device=x.device),
        lambda x: [None for _ in range(2) if x.sum() > 1e9],
        lambda x: torch.linalg.eigh(x[:, :1, None]),
    ],
)
def test_waiting_is_noticed(question, a_card, monkeypatch):
    monkeypatch.setattr(lbfgs, "_quasi_newton", asking(lbfgs._quasi_newton, question))
    marks = []
    start = torch.ones(2, 3).to("cuda")
    lbfgs.minimize(bowl, start, 4, lambda state: marks.append(a_card.waits.total()))
    assert len(marks) == 5 and len(set(marks)) == 5  # each time


class KilledError(Exception):
    """Stands for kill -9."""


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_killed_job_goes_on_upon_the_card(arm, precision, tmp_path, monkeypatch, a_card):
    undisturbed, path, written = trained(arm, precision), tmp_path / "run.safetensors", Counter()
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.0)
    write = Checkpoint._write

    def counted(self: Checkpoint) -> None:
        write(self)
        name = self._underway[0] if self._underway else ""
        written[name] += 1
        if name in STARTS[:2] + STARTS[3:4] and written[name] == 3:
            raise KilledError

    monkeypatch.setattr(Checkpoint, "_write", counted)
    for underway in STARTS[:2] + STARTS[3:4]:
        with pytest.raises(KilledError):
            trained(arm, precision, kept=Checkpoint(path))
        assert underway in Checkpoint(path).told()
    assert same(trained(arm, precision, kept=Checkpoint(path)), undisturbed)


def test_a_resumed_fit_asks_the_card_for_nothing(a_card):
    """Its counter of evaluations stays on the CPU."""
    states, marks = [], []
    start = torch.ones(2, 3).to("cuda")
    lbfgs.minimize(bowl, start, 2, states.append)
    begin = lbfgs.State(*(tensor.cpu() for tensor in states[-1])).to(start.device)
    assert isinstance(begin.point, OnCard) and not isinstance(begin.evaluations, OnCard)
    lbfgs.minimize(bowl, begin, 9, lambda state: marks.append(a_card.waits.total()))
    assert len(marks) == 8 and len(set(marks)) == 1


PLANTED = {
    "a sum": ("erm", rating_statistics, "ridges", lambda ridge: ridge.cpu()),
    "a product": ("erm", joint_training, "_blocks", lambda blocks: [b.cpu() for b in blocks]),
    "a minibatch": ("adam", minibatch_adam, "_minibatches", lambda found: [f.cpu() for f in found]),
    "an array": ("adam", training, "random_towers", lambda towers: towers.user[0][0].numpy()),
    "no order": ("adam", networks, "loss_and_gradient", lambda found: (found[0].cumsum(0), found)),
}
"""Arms, and where a function of the library is made to hand on what CUDA refuses, and how."""


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_caught(what, monkeypatch):
    arm, module, name, spoiled = PLANTED[what]
    function = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *arguments: spoiled(function(*arguments)))
    with pytest.raises((RuntimeError, TypeError), match="same device|to numpy|deterministic"):
        trained(arm)


MIXED = {
    "sum": lambda x, y: x + y,
    "in place": lambda x, y: x.add_(y),
    "product": lambda x, y: torch.bmm(x, y),
    "three": lambda x, y: torch.addcmul(x, x, y),
    "choice": lambda x, y: torch.where(x > 0, x, y),
    "joined": lambda x, y: torch.cat([x, y]),
    "gathered": lambda x, y: x.gather(1, y.long()),
    "solved": lambda x, y: torch.linalg.solve(x, y),
}


@pytest.mark.parametrize("what", MIXED)
@pytest.mark.parametrize("mixed", [True, False])
def test_the_fake_card_judges_places_as_torch_does(what, mixed, a_card):
    """By torch's own fake tensors, which have a device and no numbers."""

    def fails(on_card: torch.Tensor, other: torch.Tensor) -> bool:
        try:
            MIXED[what](on_card, other)
        except RuntimeError as error:
            assert "device" in str(error)
            return True
        return False

    ours = torch.eye(3)[None].to("cuda")
    assert fails(ours, torch.eye(3)[None] if mixed else ours.clone()) == mixed
    a_card.__exit__(None, None, None)
    try:
        with FakeTensorMode():
            theirs = torch.empty(1, 3, 3, device="cuda")
            other = torch.empty(1, 3, 3, device="cpu" if mixed else "cuda")
            assert fails(theirs, other) == mixed
    finally:
        a_card.__enter__()


def test_chunks_count_the_batch_on_a_card_alone():
    assert chunks.rows(64, "cpu", 1) == chunks.rows(64, "cpu", 20)
    assert chunks.rows(64, "cuda", 1) == 16 * chunks.rows(64, "cuda", 16) > 10**5
