"""Ways to train all layers, by training loss and processor time: `python benchmarks/optimizers.py`.

Prints the table of docs/benchmarks.md, section Optimizers. All methods start from the same towers,
those of the closed form, on ratings of pilot targets (seed 1). The risk is not looked at.
`--only NAME` measures one cell, by a part of its name.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import twotower  # noqa: E402, F401, I001  first: it pins the numerical libraries
import numpy as np  # noqa: E402
import torch  # noqa: E402
from rivals import optimizers  # noqa: E402
from twotower.base.seeds import generator  # noqa: E402
from twotower.data import ratings  # noqa: E402
from twotower.data.targets import draw_target  # noqa: E402
from twotower.towers import training  # noqa: E402

SEED, RANK, ALTERNATIONS = 1, 2, 2
TARGETS = (30, 120)  # evaluations of the project's L-BFGS, whose losses the others are to reach
METHODS = {
    "L-BFGS": (optimizers.quasi_newton, (30, 60, 120, 240, 480, 960)),
    "L-BFGS, coordinates anew every 60": (optimizers.renewed, (120, 240, 480, 960)),
    "and least squares, every 30": (optimizers.alternating, (60, 120, 240, 480)),
    "variable projection": (optimizers.projected, (30, 60, 120)),
    "Levenberg–Marquardt": (optimizers.levenberg_marquardt, (5, 10, 20, 40)),
}
HEAD = (
    "| cell | method | evaluations or iterations: loss over the best found, processor s a network "
    "| s to the loss of L-BFGS at 30 | at 120 |\n" + "| --- " * 5 + "|"
)


@dataclass(frozen=True)
class Cell:
    """Targets with β = 1 in d dimensions, n ratings of each of B, and units of the towers.

    `most` bounds the evaluations and `methods` are the first so many of `METHODS`.
    """

    dim: int
    noise_sd: float
    n: int
    width: int
    batch: int
    most: int = 960
    methods: int = 5

    @property
    def name(self) -> str:
        noise = "noisy" if self.noise_sd else "noise-free"
        return f"d = {self.dim}, {noise}, n = {self.n:,}, W = {self.width}"

    def sample(self) -> training.Sample:
        """Its ratings, on uniform covariates of a cube."""
        dims = dict.fromkeys(
            ["user_intrinsic_dim", "item_intrinsic_dim", "user_ambient_dim", "item_ambient_dim"],
            self.dim,
        )
        data = dims | {"smoothness": 1.0, "support": "cube", "rank": RANK}
        data |= {"noise_sd": self.noise_sd}
        targets = {r: draw_target(SEED, data, r) for r in range(self.batch)}
        columns = ratings.draw_training(SEED, data, targets, self.n)
        parts = (columns[name] for name in ("user_covariates", "item_covariates", "ratings"))
        return training.Sample(
            *map(torch.from_numpy, parts),
            width=self.width,
            depth=1,
            rank=RANK,
            precision=torch.float64,
            random=lambda role: [generator(SEED, {}, role, r) for r in range(self.batch)],
        )


CELLS = [
    Cell(1, 1.0, 4096, 16, 12),
    Cell(1, 1.0, 16384, 25, 6),
    Cell(1, 0.0, 4096, 16, 12),
    Cell(1, 0.0, 4096, 32, 12),
    Cell(1, 0.0, 32768, 20, 4),  # the oracle start of the default study
    Cell(2, 1.0, 4096, 48, 4, 480),
    Cell(2, 0.0, 4096, 16, 6),
    Cell(2, 0.0, 4096, 32, 6),
    Cell(2, 0.0, 32768, 68, 2, 480, methods=2),  # the oracle start
]


def rows(cell: Cell) -> Iterator[str]:
    """One line for each method, the closed form first."""
    sample = cell.sample()
    training.erm(sample, {"alternations": 1, "joint_steps": 2})  # what is compiled is compiled now
    began = time.process_time()
    start = training.closed_form(sample, ALTERNATIONS)
    closed = (time.process_time() - began) / cell.batch
    paths = {}
    for name, (method, counts) in list(METHODS.items())[: cell.methods]:
        marks = [count for count in counts if count <= cell.most]
        paths[name] = marks, *method(sample, start, marks[-1])
    best = np.min([losses.min(axis=0) for _, losses, _ in paths.values()], axis=0)
    goals = [_over(paths["L-BFGS"][1][goal], best) for goal in TARGETS]
    first = _over(paths["L-BFGS"][1][0], best)
    yield f"| {cell.name} | closed form | {_ratio(first)}, {_seconds(closed)} s | | |"
    for name, (marks, losses, seconds) in paths.items():
        over = np.array([_over(row, best) for row in losses])
        found = (f"{mark}: {_ratio(over[mark])}, {_seconds(seconds[mark])} s" for mark in marks)
        reached = (_reached(over, seconds, goal) for goal in goals)
        yield f"| | {name} | {'; '.join(found)} | {' | '.join(reached)} |"


def _over(losses: np.ndarray, best: np.ndarray) -> float:
    """The geometric mean over networks of the loss over the best found."""
    return float(np.exp(np.log(losses / best).mean()))


def _reached(over: np.ndarray, seconds: np.ndarray, goal: float) -> str:
    if not (over <= goal).any():
        return f"not in {_seconds(seconds[-1])}"
    return _seconds(seconds[np.argmax(over <= goal)])


def _ratio(value: float) -> str:
    return f"{value:.4f}" if value < 1.1 else f"{value:.2f}"


def _seconds(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def main() -> None:
    """Measure cell after cell, and print its rows as soon as they are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="a part of the name of the cells to measure")
    given = parser.parse_args()
    chosen = [cell for cell in CELLS if given.only in cell.name]
    if not chosen:
        parser.error(f"no cell's name holds {given.only!r}: {'; '.join(c.name for c in CELLS)}")
    torch.set_num_threads(1)
    command = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    cores = len(os.sched_getaffinity(0))
    print(f"Commit {commit}, {platform.machine()}, {cores} cores, torch {torch.__version__}.\n")
    print(HEAD, flush=True)
    for cell in chosen:
        for line in rows(cell):
            print(line, flush=True)


if __name__ == "__main__":
    main()
