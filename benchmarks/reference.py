"""Processor time of the reference estimator against an earlier commit's, in one process.

`python benchmarks/reference.py COMMIT` takes that commit's library from git into a temporary folder
and fits the same ratings with both in turn. It prints a Markdown table of the best times, their
ratio, and the largest relative differences of coefficients and of the risk.
"""

import argparse
import contextlib
import importlib
import io
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]

from twotower.base import pins  # noqa: E402

pins.apply()  # before numpy is loaded

import numpy as np  # noqa: E402

CASES = ((1, 8192), (1, 65536), (2, 8192), (2, 65536))
SMOOTHNESS, RANK, TEST_PAIRS = 1.0, 2, 20_000


class Library:
    """One version of the library, whose modules stand in for the other's while it is used."""

    def __init__(self, scripts: Path):
        self._scripts, self._modules = str(scripts), {}

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Imports within are of this version."""
        others = taken_away()
        sys.modules.update(self._modules)
        sys.path.insert(0, self._scripts)
        try:
            yield
        finally:
            sys.path.remove(self._scripts)
            self._modules = taken_away()
            sys.modules.update(others)

    def fitted(self, columns: list[np.ndarray]):
        """A sieve and the seconds of the processor that it took."""
        with self.used():
            reference = importlib.import_module("twotower.methods.reference")
            start = time.process_time()
            sieve = reference.fit(*columns, RANK)
            return sieve, time.process_time() - start


def taken_away() -> dict:
    names = [name for name in sys.modules if name.split(".")[0] == "twotower"]
    return {name: sys.modules.pop(name) for name in names}


def drawn(library: Library, dim: int, n: int) -> tuple[list[np.ndarray], dict]:
    """Coordinates and ratings of a sample, and its test pairs."""
    with library.used():
        targets = importlib.import_module("twotower.data.targets")
        ratings = importlib.import_module("twotower.data.ratings")
        spec = {
            **{f"{tower}_intrinsic_dim": dim for tower in ("user", "item")},
            **{f"{tower}_ambient_dim": dim for tower in ("user", "item")},
            "smoothness": SMOOTHNESS,
            "rank": RANK,
            "noise_sd": 1.0,
            "support": "cube",
        }
        target = targets.draw_target(1, spec, 0)
        train = ratings.draw_training(1, spec, {0: target}, n)
        test = ratings.draw_test(1, spec, {0: target}, TEST_PAIRS, n)
    names = ("user_coordinates", "item_coordinates", "ratings")
    return [train[name][0] for name in names], {name: part[0] for name, part in test.items()}


def line(libraries: list[Library], dim: int, n: int, runs: int) -> str:
    columns, test = drawn(libraries[1], dim, n)
    points = [test[f"{tower}_coordinates"] for tower in ("user", "item")]
    best, sieves = [np.inf, np.inf], [None, None]
    for _ in range(runs):
        for at, library in enumerate(libraries):
            sieves[at], seconds = library.fitted(columns)
            best[at] = min(best[at], seconds)
    same = sieves[0].cutoff == sieves[1].cutoff
    apart = (
        max(
            np.abs(old - new).max() / np.abs(old).max()
            for old, new in ((getattr(s, t) for s in sieves) for t in ("user", "item"))
        )
        if same
        else np.nan
    )
    risks = [np.square(sieve.scores(*points) - test["signal"]).mean() for sieve in sieves]
    cutoffs = " and ".join(str(cutoff) for cutoff in dict.fromkeys(s.cutoff for s in sieves))
    return (
        f"| {dim} | {n:,} | {cutoffs} | {best[0]:.2f} | {best[1]:.3f} | {best[0] / best[1]:.1f} "
        f"| {apart:.0e} | {abs(risks[1] / risks[0] - 1):.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", help="the earlier commit")
    parser.add_argument(
        "--runs", type=int, default=3, help="fits of each, of which the best counts"
    )
    given = parser.parse_args()
    command = ["git", "archive", given.commit, "scripts"]
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder, filter="data")
        libraries = [Library(Path(folder, "scripts")), Library(ROOT / "scripts")]
        columns, _ = drawn(libraries[1], 2, 64)
        for library in libraries:  # what the first call compiles and loads is left out
            library.fitted(columns)
            library.fitted([each[:, :1] for each in columns[:2]] + columns[2:])
        print(
            f"| d | n | cut-off | seconds at {given.commit} | now | then / now "
            "| coefficients apart | risk apart |\n|" + " ---: |" * 8
        )
        for case in CASES:
            print(line(libraries, *case, given.runs), flush=True)


if __name__ == "__main__":
    main()
