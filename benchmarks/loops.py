"""Compiled loops against the matrix products that they replace, and whole fits against a commit's.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/loops.py COMMIT

Prints Markdown. All times are processor time, the best of several turns; whole fits of both sides
run in processes of their own, one after the other. What numba must compile is compiled before.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
EVALUATIONS = [  # depth, covariates, units, pairs
    (1, 1, 8, 8192), (1, 1, 40, 65536), (1, 1, 128, 8192), (1, 1, 512, 8192),
    (1, 2, 40, 8192), (1, 2, 192, 8192), (1, 10, 40, 8192),
    (2, 1, 8, 8192), (2, 1, 32, 8192), (2, 2, 64, 8192), (3, 2, 32, 8192),
]  # fmt: skip
FITS = [(1, 4096, 16, 12), (1, 16384, 25, 12), (1, 65536, 40, 4), (2, 4096, 48, 4)]
"""Covariates, ratings, units, networks."""
TURN = 0.3  # seconds


def best(work: Callable[[], object], turns: int = 4) -> float:
    """Seconds of processor time of one call."""
    work()
    found = []
    for _ in range(turns):
        began, count = time.process_time(), 0
        while time.process_time() - began < TURN:
            work()
            count += 1
        found.append((time.process_time() - began) / count)
    return min(found)


def fit_seconds(dim: int, n: int, width: int, batch: int) -> tuple[float, float]:
    """Time and mean loss of `training.erm`, by the library that Python finds; ratings are noisy."""
    import twotower  # noqa: F401, I001
    import numpy as np
    import torch

    from twotower.base.seeds import generator
    from twotower.towers import training

    torch.set_num_threads(1)
    rng = generator(1, {}, "benchmark", 0)
    users, items = (torch.from_numpy(rng.random((batch, n, dim))) for _ in range(2))
    signal = torch.sin(6 * users).sum(2) * items.sum(2) + torch.cos(5 * items).sum(2)
    ratings = signal + torch.from_numpy(rng.normal(size=(batch, n)))
    random = lambda role: [generator(1, {}, role, b) for b in range(batch)]  # noqa: E731
    shape = (width, 1, 2, torch.float64, random)
    sample = training.Sample(users, items, ratings, *shape)
    settings = {"alternations": 2, "joint_steps": 30}
    training.erm(sample, settings)
    found = []
    for _ in range(3):
        began = time.process_time()
        loss = training.erm(sample, settings).training_loss
        found.append(time.process_time() - began)
    return min(found), float(np.mean(loss.numpy()))


def evaluations() -> None:
    """Print the time of a loss and its gradient, 12 networks, p = 2, float64."""
    import twotower  # noqa: F401, I001
    import torch

    from twotower.towers import networks
    from twotower.towers.objectives import SquaredError

    torch.set_num_threads(1)
    print("| hidden layers | D | W | n | matrix products, ms | loops, ms | ratio |")
    print("| --- " * 7 + "|")
    for depth, dim, width, n in EVALUATIONS:
        sizes, normal = [dim, *[width] * depth, 2], torch.Generator().manual_seed(0)

        def drawn(*shape: int, normal: torch.Generator = normal) -> torch.Tensor:
            return torch.randn(12, *shape, dtype=torch.float64, generator=normal)

        sides = [
            [(drawn(i, o), drawn(1, o)) for i, o in zip(sizes, sizes[1:], strict=False)]
            for _ in range(2)
        ]
        towers, pairs = networks.Towers(*sides), (drawn(n, dim), drawn(n, dim), drawn(n))
        rows, error = towers.flat(), SquaredError(towers, *pairs)
        before = best(lambda t=towers, p=pairs: networks.loss_and_gradient(t, *p))
        now = best(lambda e=error, r=rows: e(r))
        figures = f"{before * 1e3:.2f} | {now * 1e3:.2f} | {before / now:.1f}"
        print(f"| {depth} | {dim} | {width} | {n:,} | {figures} |", flush=True)


def fits(commit: str) -> None:
    """Print the time of whole fits by the library of a commit and of this folder."""
    print(f"\n| D | n | W | networks | at {commit}, s | now, s | ratio | loss, relative |")
    print("| --- " * 8 + "|")
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit, "scripts"], cwd=ROOT, check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        for size in FITS:
            (old, loss), (new, found) = (
                json.loads(
                    subprocess.run(
                        [sys.executable, __file__, "--fit", str(place), *map(str, size)],
                        check=True,
                        capture_output=True,
                    ).stdout
                )
                for place in (Path(folder, "scripts"), ROOT / "scripts")
            )
            dim, n, width, batch = size
            figures = f"{old:.2f} | {new:.3f} | {old / new:.1f} | {found / loss - 1:+.1e}"
            print(f"| {dim} | {n:,} | {width} | {batch} | {figures} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        sys.path.insert(0, sys.argv[2])
        print(json.dumps(fit_seconds(*map(int, sys.argv[3:]))))
    elif len(sys.argv) != 2:
        sys.exit(__doc__)
    else:
        sys.path.insert(0, str(ROOT / "scripts"))
        evaluations()
        fits(sys.argv[1])
