"""Adam on minibatches of a batch of networks; the learning rate decays to 0 by a cosine.

On the CPU steps of shallow towers are taken by a compiled loop, a block of them at a time. The
tensor form says the same in torch. It serves cards, where it never waits for a number to come
back: indices of minibatches are copied a block ahead. (Kingma & Ba, ICLR 2015; Loshchilov &
Hutter, ICLR 2017, for the decay.)
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from twotower.base import mapped_pages
from twotower.kernels import adam as kernel
from twotower.towers.checkpoint import Progress
from twotower.towers.chunks import BLOCK
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError, loop_sizes


class State(NamedTuple):
    """All that the next step depends on, beside the draws.

    Attributes:
        done: steps taken, a whole number, on the CPU always.
        rows: parameters [B, n_parameters], in the order of `Towers.flat`.
        means, squares: running means of the gradient and its square, the same shape.
    """

    done: torch.Tensor
    rows: torch.Tensor
    means: torch.Tensor
    squares: torch.Tensor


def train(
    like: Towers,
    pairs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    draws: list[np.random.Generator],
    settings: dict,
    progress: Progress,
    slopes: Callable[[Towers, list, torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    """Parameters [B, n_parameters] after all steps from those of `like`.

    Args:
        like: networks in the precision to train in, on the device of the pairs.
        pairs: covariates [B, n, D_u], [B, n, D_i], ratings [B, n], of any precision.
        draws: B random generators, from which minibatches are drawn with replacement.
        settings: `steps`, `batch_size` and `learning_rate`.
        progress: what an earlier attempt left, and where the state is offered.
        slopes: from `like`, a minibatch [B, m, …] of each column of the pairs and parameters to
            the gradients, [B, n_parameters], of another loss than the squared error.
    """
    n, steps, device = pairs[2].shape[1], settings["steps"], pairs[2].device
    size = min(n, settings["batch_size"])
    state = _begun(like.flat(), progress)
    for rng in draws:
        for _ in range(int(state.done)):  # those of an earlier attempt
            rng.integers(n, size=size)
    while (done := int(state.done)) < steps:
        count = min(BLOCK - done % BLOCK, steps - done)
        picks = np.stack([rng.integers(n, size=(count, size)) for rng in draws])
        parts = _minibatches(pairs, picks, state.rows.dtype, device)
        progresses = [(done + step) / steps for step in range(count)]
        rates = [0.5 * settings["learning_rate"] * (1 + math.cos(math.pi * p)) for p in progresses]
        if slopes is None and loop_sizes(like, *parts[:2]) is not None:
            _compiled_steps(like, parts, state, rates)
        else:
            _steps(like, parts, state, rates, slopes)
        state = state._replace(done=state.done + count)
        progress.offer(state._asdict)
    return state.rows


def _begun(rows: torch.Tensor, progress: Progress) -> State:
    if earlier := progress.earlier():
        tensors = (earlier[name].clone().to(rows.device) for name in State._fields[1:])
        return State(earlier["done"], *tensors)
    zeros = (torch.zeros_like(rows) for _ in range(2))
    return State(torch.tensor(0), rows.clone(memory_format=torch.contiguous_format), *zeros)


def _minibatches(
    pairs: tuple, picks: np.ndarray, dtype: torch.dtype, device: torch.device
) -> list[torch.Tensor]:
    """The pairs [B, S, m, …] of some steps, from their indices [B, S, m]."""
    indices = torch.from_numpy(picks)
    if device.type == "cuda":  # from pinned memory the copy waits for nothing
        indices = indices.pin_memory().to(device, non_blocking=True)
    replicate = torch.arange(len(picks), device=device)[:, None, None]
    mapped_pages.gathered(3 * picks.size)
    return [column[replicate, indices].to(dtype) for column in pairs]


def _compiled_steps(like: Towers, parts: list, state: State, rates: list[float]) -> None:
    """Take steps in place, on the CPU."""
    arrays = [tensor.numpy() for tensor in (*parts, *state[1:])]
    kernel.steps(*loop_sizes(like, *parts[:2]))(*arrays, np.array(rates), int(state.done))


def _squared_error(like: Towers, parts: list, rows: torch.Tensor) -> torch.Tensor:
    return SquaredError(like, *parts, sorts=False)(rows)[1]


def _steps(
    like: Towers, parts: list, state: State, rates: list[float], slopes: Callable | None = None
) -> None:
    """The same by tensors, on any device and for any towers."""
    done, rows, means, squares = state
    keep, keep_square = kernel.DECAYS
    for step, rate in enumerate(rates):
        age = int(done) + step + 1
        slope = (slopes or _squared_error)(like, [part[:, step] for part in parts], rows)
        means.mul_(keep).add_(slope, alpha=1 - keep)
        squares.mul_(keep_square).addcmul_(slope, slope, value=1 - keep_square)
        root = (squares.sqrt() / math.sqrt(1 - keep_square**age)).add_(kernel.FLOOR)
        rows.addcdiv_(means, root, value=-rate / (1 - keep**age))
