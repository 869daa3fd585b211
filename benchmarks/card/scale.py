"""How large everything is, on which device, and how long it may take."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from plain_cell import DATA

from twotower.base.seeds import generator
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.towers.samples import Clicks, Sample


class TooLongError(Exception):
    """A part's time is over."""


@dataclass(frozen=True)
class Scale:
    """Sizes of all parts.

    Attributes:
        device: where the towers are trained.
        n, width, networks: of the fits that are checked.
        batches: networks that are trained at once, where batches are timed.
        widths, pairs: of the steps that are timed.
        adam_steps, joint_steps: of a checked or timed fit.
        seconds: at least so long a step is repeated.
        largest: ratings of the large cell.
        whole_study: whether the tiny study is run to its end, or its first training job alone.
    """

    device: torch.device
    n: int = 4096
    width: int = 32
    networks: int = 12
    batches: tuple[int, ...] = (1, 12, 96)
    widths: tuple[int, ...] = (8, 32, 64, 128)
    pairs: tuple[int, ...] = (256, 4096)
    adam_steps: int = 200
    joint_steps: int = 30
    seconds: float = 0.5
    largest: int = 1 << 17
    whole_study: bool = True

    def wait(self) -> None:
        """Until the device has done all that it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def timed(self, work: Callable[[], object]) -> float:
        """Seconds of the wall clock, the device's work included."""
        self.wait()
        began = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - began

    def step_seconds(self, step: Callable[[], object]) -> float:
        """Seconds of one of many steps; the first ones, which warm up, do not count."""
        self.timed(step)
        count, once = 1, self.timed(step)
        count = max(3, int(self.seconds / max(once, 1e-6)))
        return self.timed(lambda: [step() for _ in range(count)]) / count


def small(device: torch.device) -> Scale:
    """Seconds in all: to try the program."""
    tiny = {"n": 128, "width": 4, "networks": 2, "batches": (1, 2), "widths": (4,)}
    rest = {"pairs": (64,), "adam_steps": 5, "joint_steps": 4, "seconds": 0.01, "largest": 1024}
    return Scale(device, **tiny, **rest, whole_study=False)


def sample(
    n: int, width: int, networks: int, device: torch.device, precision=torch.float64
) -> Sample:
    """Ratings of a cell of the default study, with the users' numbers that `pairwise` asks for."""
    targets = {replicate: draw_target(1, DATA, replicate) for replicate in range(networks)}
    data = ratings.draw_training(1, DATA, targets, n)
    names = ("user_covariates", "item_covariates", "ratings")
    users = np.stack([generator(1, {}, "users", r).integers(64, size=n) for r in range(networks)])
    return Sample(
        *(torch.from_numpy(data[name]).to(device) for name in names),
        width=width,
        depth=1,
        rank=DATA["rank"],
        precision=precision,
        random=lambda role: [generator(1, {}, role, r) for r in range(networks)],
        numbers=torch.from_numpy(users).to(device),
    )


def clicked(drawn: Sample) -> Sample:
    """The same users, who click on the first 64 items, all alike."""
    batch, n = drawn.ratings.shape
    numbers = np.stack([rng.integers(64, size=n) for rng in drawn.random("clicks")])
    items = torch.from_numpy(numbers).to(drawn.ratings.device)
    catalogue = drawn.items[:, :64]
    even = torch.zeros(batch, 64, dtype=torch.float64).to(drawn.ratings.device)
    places = items[:, :, None].expand(-1, -1, catalogue.shape[2])
    return replace(
        drawn,
        items=catalogue.gather(1, places),
        rank=drawn.rank + 1,
        clicks=Clicks(items, catalogue, even, even - np.log(64), 256),
    )


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLongError in the block once its time is over."""

    def over(*_) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
