"""Is what a card computes right, the same each time, and made without waiting?"""

import math
from collections.abc import Iterator
from dataclasses import replace

import torch

from card.scale import Scale, clicked, sample
from twotower.study import arms
from twotower.towers import minibatch_adam, samples, training
from twotower.towers.checkpoint import Progress
from twotower.towers.clicks.start import with_own_scores
from twotower.towers.networks import Towers, curvatures, loss_and_gradient, scores
from twotower.towers.steps import FULL_BATCH_CLICKS

CPU = torch.device("cpu")
TOLERANCES = {
    ("loss", "float64"): 1e-12,
    ("gradient", "float64"): 1e-10,
    ("curvatures", "float64"): 1e-10,
    ("scores", "float64"): 1e-11,
    ("loss", "float32"): 1e-5,
    ("gradient", "float32"): 1e-4,
    ("curvatures", "float32"): 1e-4,
    ("scores", "float32"): 1e-5,
    ("closed form", "float64"): 1e-6,
    ("erm", "float64"): 1e-3,
    ("adam", "float64"): 1e-6,
    ("pairwise", "float64"): 1e-3,
    ("erm", "float32"): 1e-2,
    ("adam", "float32"): 1e-3,
    ("pairwise", "float32"): 1e-2,
    ("softmax_adam", "float64"): 1e-6,
    ("softmax_adam", "float32"): 1e-3,
}
TOLERANCES |= {(arm, "float64"): 1e-3 for arm in FULL_BATCH_CLICKS}
TOLERANCES |= {(arm, "float32"): 1e-2 for arm in FULL_BATCH_CLICKS}
"""Largest relative difference that rounding may make. Arrays are compared by norms, one network
after another, and fits by their training losses: joint training may take another path once a
rounding has decided whether a step is taken."""


def settings(arm: str, scale: Scale) -> dict:
    """Of a fit by an arm."""
    if arm in ("adam", "softmax_adam"):
        return {"steps": scale.adam_steps, "batch_size": 256, "learning_rate": 1.0e-2}
    chosen = {"alternations": 2, "joint_steps": scale.joint_steps, "output_steps": 0}
    return chosen | ({"comparisons": 8, "weight": "size"} if arm == "pairwise" else {})


def fitted(
    arm: str,
    scale: Scale,
    device: torch.device,
    precision: torch.dtype,
    start: Towers | None = None,
    progress: Progress = training.NOTHING,
) -> training.Fit:
    """A fit by an arm on a device, from towers of the CPU if some are given."""
    drawn = sample(scale.n, scale.width, scale.networks, device, precision)
    if arm in arms.CLICK_ARMS:
        drawn, start = clicked(drawn), None if start is None else with_own_scores(start)
    if start is not None:
        start = start.unflat(start.flat().to(device))
    return training.ARMS[arm](drawn, settings(arm, scale), start, progress)


def against_the_cpu(scale: Scale) -> Iterator[str]:
    """Rows of a table: each number of the card beside the CPU's, the tolerance, and the verdict."""
    yield "| what | precision | largest relative difference | allowed | |"
    yield "| --- | --- | --- | --- | --- |"
    for precision in samples.DTYPES:
        for what, mine, theirs in _pairs(scale, precision):
            mine, theirs = (each.double().cpu().flatten(1) for each in (mine, theirs))
            apart = ((mine - theirs).norm(dim=1) / theirs.norm(dim=1)).max().item()
            allowed = TOLERANCES[what, precision]
            verdict = "right" if apart <= allowed else "WRONG"
            yield f"| {what} | {precision} | {apart:.1e} | {allowed:.0e} | {verdict} |"


def _pairs(scale: Scale, precision: str) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Names of what is compared, from the card and from the CPU, [B, …].

    All begin at the same towers, those of the CPU: which random units are picked for a closed form
    may turn on a rounding.
    """
    dtype = samples.DTYPES[precision]
    start = training.closed_form(sample(scale.n, scale.width, scale.networks, CPU), 2)
    values = [_values(scale, place, dtype, start) for place in (scale.device, CPU)]
    for what, mine in values[0].items():
        yield what, mine, values[1][what]
    for arm in training.ARMS:
        fits = [fitted(arm, scale, place, dtype, start) for place in (scale.device, CPU)]
        yield arm, *(fit.training_loss[:, None] for fit in fits)


def _values(
    scale: Scale, device: torch.device, precision: torch.dtype, start: Towers
) -> dict[str, torch.Tensor]:
    """Functions of towers near the given ones."""
    drawn = sample(scale.n, scale.width, scale.networks, device, precision)
    towers = start.unflat(start.flat().to(device, precision))
    loss, gradient = loss_and_gradient(_turned(towers), *drawn.pairs)
    found = {
        "loss": loss[:, None],
        "gradient": gradient,
        "curvatures": curvatures(towers, *drawn.pairs[:2]),
        "scores": scores(towers, *drawn.pairs[:2]),
    }
    if precision == torch.float64:
        own = training.closed_form(drawn, 2, towers)
        found["closed form"] = loss_and_gradient(own, *drawn.pairs)[0][:, None]
    return found


def _turned(towers: Towers) -> Towers:
    """Towers off their minimum, where no gradient is a difference of equal numbers."""
    rows = towers.flat()
    return towers.unflat(rows + 0.1 * torch.linspace(-1, 1, rows.shape[1]).to(rows))


def same_bits_twice(scale: Scale) -> Iterator[str]:
    """Rows of a table: whether a second fit has the bits of the first, and a network alone too."""
    yield "| arm | precision | twice | alone as in a batch (not promised on a card) |"
    yield "| --- | --- | --- | --- |"
    alone = replace(scale, networks=1)
    for precision, dtype in samples.DTYPES.items():
        for arm in training.ARMS:
            first, second, single = (
                fitted(arm, each, scale.device, dtype).towers.flat().cpu()
                for each in (scale, scale, alone)
            )
            twice = "same bits" if torch.equal(first, second) else "WRONG: other bits"
            share = torch.equal(first[:1], single)
            yield f"| {arm} | {precision} | {twice} | {'same bits' if share else 'other bits'} |"


class _Strict(Progress):
    """From the first state to the last, CUDA refuses whatever would make the host wait."""

    def __init__(self, states: int) -> None:
        self._left = states

    def offer(self, state) -> None:
        self._left -= 1
        torch.cuda.set_sync_debug_mode("error" if self._left > 0 else "default")


def no_waiting(scale: Scale) -> Iterator[str]:
    """Rows of a table: whether the optimizers' loops ever wait for the card."""
    if scale.device.type != "cuda":
        yield "Skipped: on a CPU there is nothing to wait for."
        return
    yield "| arm | waits inside the loop |"
    yield "| --- | --- |"
    for arm in training.ARMS:
        of = settings(arm, scale)
        blocks = math.ceil(of.get("steps", 0) / minibatch_adam.BLOCK)  # each offers a state
        strict = _Strict(blocks or of["joint_steps"] + 1)
        try:
            fitted(arm, scale, scale.device, torch.float64, progress=strict)
            found = "none"
        except RuntimeError as error:
            found = f"WRONG: {str(error).splitlines()[0]}"
        finally:
            torch.cuda.set_sync_debug_mode("default")
        yield f"| {arm} | {found} |"
