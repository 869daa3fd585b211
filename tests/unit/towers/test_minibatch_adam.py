"""Adam in a compiled loop and by tensors: PyTorch's own steps, the same draws, the same bits."""

import numpy as np
import pytest
import torch

from cells import sample
from twotower.towers import minibatch_adam, training
from twotower.towers.checkpoint import Progress
from twotower.towers.objectives import SquaredError

SETTINGS = {"steps": 90, "batch_size": 32, "learning_rate": 1e-2}
N = 101


def drawn(count: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(count)]


def by_torch(towers, data, precision) -> torch.Tensor:
    """PyTorch's optimizer and schedule, minibatches drawn step by step."""
    rows, draws = towers.flat().to(precision), drawn(len(data.ratings))
    optimizer = torch.optim.Adam([rows], lr=SETTINGS["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, SETTINGS["steps"])
    replicate = torch.arange(len(draws))[:, None]
    for _ in range(SETTINGS["steps"]):
        picks = np.stack([rng.integers(N, size=SETTINGS["batch_size"]) for rng in draws])
        part = [column[replicate, torch.from_numpy(picks)] for column in data.pairs]
        _, rows.grad = SquaredError(towers.unflat(rows), *part, sorts=False)(rows)
        optimizer.step()
        schedule.step()
    return rows


class Kept(Progress):
    """Keeps the state that was offered after so many steps, and gives one to begin from."""

    def __init__(self, after: int = 0, state: dict | None = None) -> None:
        self.after, self.kept, self._state = after, {}, state or {}

    def earlier(self) -> dict:
        return self._state

    def offer(self, state) -> None:
        if state()["done"] == self.after:
            self.kept = {name: tensor.clone() for name, tensor in state().items()}


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("precision", "near"), [(torch.float64, 1e-9), (torch.float32, 1e-3)])
def test_steps_are_those_of_pytorch(depth, precision, near, monkeypatch):
    data = sample(range(3), N, depth=depth, dim=2)
    towers = training.random_towers(data)
    towers = towers.unflat(towers.flat().to(precision))
    expected = by_torch(towers, data, precision)
    found = minibatch_adam.train(towers, data.pairs, drawn(3), SETTINGS, Progress())
    torch.testing.assert_close(found, expected, rtol=near, atol=near)
    monkeypatch.setattr(minibatch_adam, "_compiled_steps", minibatch_adam._steps)
    found = minibatch_adam.train(towers, data.pairs, drawn(3), SETTINGS, Progress())
    torch.testing.assert_close(found, expected, rtol=near, atol=near)


@pytest.mark.parametrize("depth", [1, 2])
def test_bits_are_those_of_a_network_alone_and_of_a_run_that_was_killed(depth, monkeypatch):
    data = sample(range(3), N, depth=depth, dim=2)
    towers = training.random_towers(data)
    whole = minibatch_adam.train(towers, data.pairs, drawn(3), SETTINGS, kept := Kept(after=64))
    for b in range(3):
        own = towers.unflat(towers.flat()[b : b + 1])
        pairs = tuple(column[b : b + 1] for column in data.pairs)
        alone = minibatch_adam.train(own, pairs, drawn(3)[b : b + 1], SETTINGS, Progress())
        assert torch.equal(alone, whole[b : b + 1])
    resumed = Kept(state=kept.kept)
    assert torch.equal(minibatch_adam.train(towers, data.pairs, drawn(3), SETTINGS, resumed), whole)
    monkeypatch.setattr(minibatch_adam, "BLOCK", 7)  # how many at once changes nothing
    assert torch.equal(
        minibatch_adam.train(towers, data.pairs, drawn(3), SETTINGS, Progress()), whole
    )
