"""Whole fits to noisy ratings beside optimistix: processor time until the same training loss."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rivals.jax_pipe import Jax
from rivals.problems import Problem, noisy_sample
from twotower.towers import joint_training, training
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError

SETTINGS = [(4096, 16), (4096, 25), (16384, 16), (16384, 25)]
ALTERNATIONS, EVALUATIONS = 2, 30
HEAD = (
    "| n | width | start | this project, s | mean loss | optimistix L-BFGS, s | steps | its time "
    "over ours | compiling, s |\n" + "| --- " * 9 + "|"
)


def lines(jax: Jax, most: float, runs: int = 3) -> Iterator[str]:
    """A row for each size, width and pair of starts, given up at `most` times this project's time.

    Both from the closed form's towers; both from random towers; and this project as it fits, its
    closed form's time included, beside optimistix from random towers, as a user would start it.
    """
    for n, width in SETTINGS:
        sample = noisy_sample(n, width)
        closed, start = _best(lambda s=sample: training.closed_form(s, ALTERNATIONS), runs)
        random = training.random_towers(sample)
        joint, reached = _best(lambda s=sample, t=start: _joint(s, t), runs)
        alone, lower = _best(lambda s=sample, t=random: _joint(s, t), runs)
        for name, towers, seconds, loss in (
            ("closed form, both", start, joint, reached),
            ("random, both", random, alone, lower),
            ("closed form, and its time; random", random, closed + joint, reached),
        ):
            found = _rival(jax, Problem(towers, [sample.pairs]), loss, most * seconds, runs)
            yield _row(n, width, name, seconds, loss, found, most)


def _joint(sample: training.Sample, start: Towers) -> float:
    """The mean training loss after joint training."""
    error = SquaredError(start, *sample.pairs)
    _, loss = joint_training.train(start, error, error, EVALUATIONS, training.NOTHING)
    return loss.mean().item()


def _best(work: Callable, runs: int) -> tuple[float, object]:
    """Processor seconds of the fastest of several runs, and what the last one gave."""
    seconds = []
    for _ in range(runs):
        began = time.process_time()
        found = work()
        seconds.append(time.process_time() - began)
    return min(seconds), found


def _rival(jax: Jax, problem: Problem, loss: float, most: float, runs: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        path = problem.save(Path(folder) / "problem.npz")
        return jax.ask("fit", path=path, target=loss, most=most, runs=runs)


def _row(
    n: int, width: int, name: str, seconds: float, loss: float, found: dict, most: float
) -> str:
    first = f"| {n:,} | {width} | {name} | {seconds:.3f} | {loss:.5f} "
    if found["loss"] <= loss:
        last = f"| {found['seconds']:.3f} | {found['steps']} | {found['seconds'] / seconds:.1f} "
    else:
        last = f"| loss {found['loss']:.5f} after {found['seconds']:.1f} | {found['steps']} "
        last += f"| not within {most:.0f} "
    return first + last + f"| {found['compile']:.1f} |"
