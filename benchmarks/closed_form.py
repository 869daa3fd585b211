"""The closed form beside that of an older commit: `.venv/bin/python benchmarks/closed_form.py`.

Prints a Markdown table for docs/benchmarks.md: processor time in one process, both interleaved, the
best of several; and by how much the training loss differs. `--commit` names the older commit, in
which the closed form is one module; `--sizes` picks rows by number.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "scripts")]

import twotower  # noqa: E402, F401, I001
import numpy as np  # noqa: E402
import torch  # noqa: E402

from twotower.towers import training  # noqa: E402
from twotower.towers.closed_form import rating_statistics  # noqa: E402
from twotower.towers.networks import scores  # noqa: E402

MODULE = "scripts/twotower/towers/closed_form.py"
SIZES = [  # covariates a side, n, W, B, repeats
    (1, 8192, 20, 4, 5),
    (1, 65536, 40, 4, 3),
    (1, 32768, 200, 1, 3),
    (2, 16384, 96, 2, 3),
    (3, 16384, 588, 1, 1),
]
ALTERNATIONS = 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--commit", default="2be975c")
    parser.add_argument("--sizes", type=int, nargs="*", default=range(len(SIZES)))
    given = parser.parse_args()
    torch.set_num_threads(1)
    old = _older(given.commit)
    now_and_before(_sample(1, 256, 8, 1), old, 1)  # compiles, and loads what loads late
    now_and_before(_sample(2, 256, 8, 1), old, 1)
    print("| D | n | W | networks | before, s | now, s | ratio | loss, relative difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for dim, n, width, batch, repeats in (SIZES[index] for index in given.sizes):
        before, now, change = now_and_before(_sample(dim, n, width, batch), old, repeats)
        numbers = f"{before:.3f} | {now:.4f} | {before / now:.1f} | {change:+.1e}"
        print(f"| {dim} | {n} | {width} | {batch} | {numbers} |", flush=True)


def now_and_before(sample, old, repeats: int) -> tuple[float, float, float]:
    """Seconds of both, and the largest relative difference of the losses."""

    def older():
        hidden = [
            old.random_hidden_layers(x, sample.width, sample.depth, sample.random(role))
            for x, role in ((sample.users, "user_hidden"), (sample.items, "item_hidden"))
        ]
        ridge = rating_statistics.ridges(sample.ratings)
        return old.fit_outputs(*hidden, *sample.pairs, sample.rank, ALTERNATIONS, ridge)

    best, losses = [float("inf")] * 2, [None] * 2
    for _ in range(repeats):
        for index, fit in enumerate((older, lambda: training.closed_form(sample, ALTERNATIONS))):
            began = time.process_time()
            towers = fit()
            best[index] = min(best[index], time.process_time() - began)
            found = scores(towers, sample.users, sample.items)
            losses[index] = (found - sample.ratings).square().mean(1)
    change = (losses[1] - losses[0]) / losses[0]
    return *best, change[change.abs().argmax()].item()


def _older(commit: str):
    """The module of the closed form at a commit."""
    source = subprocess.run(
        ["git", "-C", ROOT, "show", f"{commit}:{MODULE}"], capture_output=True, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "older_closed_form.py")
        path.write_bytes(source)
        spec = importlib.util.spec_from_file_location("older_closed_form", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _sample(dim: int, n: int, width: int, batch: int) -> training.Sample:
    """Ratings of functions that are rough in all coordinates, with noise of their own size."""
    rng = np.random.default_rng(dim)
    users, items = rng.uniform(-1, 1, (2, batch, n, dim))
    waves = rng.standard_normal((2, 2, 24, dim)) * np.linspace(1, 8, 24)[:, None]
    signal = np.zeros((batch, n))
    for component in range(2):
        sides = [
            (np.cos(x @ waves[component, side].T + side) / np.linspace(1, 8, 24)).sum(2)
            for side, x in enumerate((users, items))
        ]
        signal += sides[0] * sides[1]
    signal /= signal.std()
    ratings = signal + rng.standard_normal((batch, n))

    def random(role: str) -> list[np.random.Generator]:
        return [np.random.default_rng([ord(role[0]), b]) for b in range(batch)]

    columns = (torch.from_numpy(column) for column in (users, items, ratings))
    return training.Sample(*columns, width, 1, 2, torch.float64, random)


if __name__ == "__main__":
    main()
