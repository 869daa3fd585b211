"""Time of a step beside PyTorch and JAX, and this project's share of the processor's peak."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from rivals import peak, problems, torch_steps
from rivals.jax_pipe import Jax

WIDTHS = (8, 32, 64, 128)
SMALLEST_DENSE = 32  # of the widths whose share of the peak is told
TOLERANCES = {"float64": 1.0e-9, "float32": 1.0e-3}
"""By precision, how far answers may be apart, relative to the largest of ours."""
OURS, PLAIN, VMAP, JAX = "this project", "plain PyTorch loop", "torch.func.vmap", "JAX vmap + jit"


def lines(jax: Jax | None, rounds: int, seconds: float) -> Iterator[str]:
    """The table of steps, row by row, and that of shares of the peak."""
    names = [OURS, PLAIN, VMAP, *([JAX] if jax else [])]
    head = ["precision", "D", "pairs", "width", *names, *(f"{name} / ours" for name in names[1:])]
    head += ["preparing the pairs", *(["JAX compiling, s"] if jax else [])]
    yield (
        "Microseconds of processor time per step and network, "
        f"B = {problems.NETWORKS}, p = {problems.RANK}:\n"
    )
    yield f"| {' | '.join(head)} |\n" + "| --- " * len(head) + "|"
    rates = []
    for precision in TOLERANCES:
        for inputs in (1, 2):
            for n in (problems.MINIBATCH, problems.WHOLE):
                for width in WIDTHS:
                    kind = getattr(torch, precision)
                    problem = problems.random_problem(n, width, inputs, kind)
                    found, preparing, compiling = times(problem, precision, jax, rounds, seconds)
                    texts = [precision, str(inputs), f"{n:,}", str(width)]
                    texts += [f"{1e6 * found[name]:.1f}" for name in names]
                    texts += [f"{found[name] / found[OURS]:.1f}" for name in names[1:]]
                    fresh = len(problem.parts) > 1
                    texts.append("in each step" if fresh else f"{1e6 * preparing:.1f}")
                    texts += [f"{compiling:.2f}"] if jax else []
                    yield f"| {' | '.join(texts)} |"
                    if width >= SMALLEST_DENSE and inputs > 1:
                        count = peak.operations(n, width, inputs, problems.RANK)
                        rates.append((*texts[:4], count / found[OURS]))
    yield from _shares(rates)


def times(
    problem: problems.Problem, precision: str, jax: Jax | None, rounds: int, seconds: float
) -> tuple[dict[str, float], float, float]:
    """Processor seconds a network: by contestant those of a step, then those of preparing a full
    batch, which is done once; and the seconds of JAX's compiler for the whole batch.

    Raises:
        ValueError: where contestants compute different things.
    """
    tolerance, count = TOLERANCES[precision], len(problem.parts)
    steps = {
        OURS: torch_steps.project(problem),
        PLAIN: torch_steps.plain_loop(problem),
        VMAP: torch_steps.vmap(problem),
    }
    ours = steps[OURS](0)
    _compare(PLAIN, torch_steps.plain_answer(steps[PLAIN](0)), ours, tolerance)
    _compare(VMAP, torch_steps.vmap_answer(steps[VMAP](0)), ours, tolerance)
    turns = {name: lambda s=step: _turn(s, count, seconds) for name, step in steps.items()}
    compiling = 0.0
    if jax:
        with tempfile.TemporaryDirectory() as folder:
            told = jax.ask("prepare", path=problem.save(Path(folder) / "problem.npz"))
        _compare(JAX, (told["losses"], told["gradients"]), ours, tolerance)
        compiling = told["compile"]
        turns[JAX] = lambda: jax.ask("time", seconds=seconds)
    found = {name: [] for name in turns}
    for _ in range(rounds):
        for name, measured in turns.items():
            found[name].append(measured())
    preparing = _turn(lambda _: torch_steps.prepared(problem), 1, seconds)
    networks = problems.NETWORKS
    best = {name: min(each) / networks for name, each in found.items()}
    return best, preparing / networks, compiling


def _turn(step: Callable[[int], object], parts: int, seconds: float) -> float:
    """Processor seconds of a step, over at least so many seconds."""
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        step(done % parts)
        done += 1
    return (time.process_time() - began) / done


def _compare(name: str, answer: tuple, ours: tuple, tolerance: float) -> None:
    for found, wanted in zip(answer, ours, strict=True):
        apart = (torch.as_tensor(found, dtype=torch.float64) - wanted.double()).abs().max()
        if not apart <= tolerance * wanted.double().abs().max():
            raise ValueError(f"{name} and this project differ by {apart:.1e}")


def _shares(rates: list[tuple]) -> Iterator[str]:
    """How much of the peak dense evaluation reaches: D > 1, where no order of the pairs helps."""
    peaks = {precision: peak.fma_peak(precision) for precision in TOLERANCES}
    told = " and ".join(f"{value / 1e9:.1f} in {name}" for name, value in peaks.items())
    yield f"\nMeasured peak of one core (AVX2 with FMA), 10⁹ operations a second: {told}.\n"
    head = ["precision", "D", "pairs", "width", "10⁹ operations a second", "share of the peak"]
    yield f"| {' | '.join(head)} |\n" + "| --- " * len(head) + "|"
    for *setting, rate in rates:
        share = rate / peaks[setting[0]]
        yield f"| {' | '.join(setting)} | {rate / 1e9:.1f} | {share:.0%} |"
