"""Single fits, predicted and measured: `make bench-costs`, about ten minutes of a quiet core.

Prints a line of Markdown for each fit: processor seconds by the cost model and in one process, the
best of several, divided by the machine's pace in the same process; then the worst ratios. Rows are
picked by words: `benchmarks/costs.py adam reference`.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "scripts")]

import twotower  # noqa: E402, F401, I001
import numpy as np  # noqa: E402
import torch  # noqa: E402

from twotower.cost import probe  # noqa: E402
from twotower.cost.operations.arms import ARM_WORK  # noqa: E402
from twotower.cost.operations.fit_size import FitSize  # noqa: E402
from twotower.cost.operations.reference import reference_work  # noqa: E402
from twotower.cost.operations.work import SECONDS, Work, seconds  # noqa: E402
from twotower.data import ratings  # noqa: E402
from twotower.data.targets import draw_target  # noqa: E402
from twotower.methods import reference  # noqa: E402
from twotower.study import arms  # noqa: E402
from twotower.towers import samples, training  # noqa: E402

SETTINGS = {
    "alternations": 2,
    "output_steps": 0,
    "joint_steps": 30,
    "comparisons": 8,
    "weight": "size",
    "steps": 256,
    "batch_size": 256,
    "learning_rate": 0.01,
}
SIZES = [  # arm, covariates of both sides, W, n, B, depth
    *[("erm", (1, 1), w, n, 4, 1) for w in (8, 32, 128, 256) for n in (512, 4096, 65536)],
    ("erm", (1, 1), 48, 65536, 12, 1),
    ("erm", (1, 1), 48, 262144, 2, 1),
    ("erm", (1, 1), 24, 300000, 1, 1),
    *[("erm", (2, 2), w, n, 4, 1) for w in (8, 32, 128) for n in (512, 8192)],
    ("erm", (2, 2), 256, 32768, 1, 1),
    ("erm", (2, 2), 128, 65536, 1, 1),
    *[("erm", (10, 10), w, n, 2, 1) for w, n in ((8, 512), (16, 8192), (64, 8192))],
    ("erm", (3, 3), 400, 16384, 1, 1),
    ("erm", (1, 10), 32, 8192, 4, 1),
    ("erm", (20, 20), 32, 8192, 4, 1),
    *[("erm", (2, 2), w, n, 4, 2) for w, n in ((8, 512), (32, 2048), (32, 16384), (128, 4096))],
    ("erm", (1, 1), 32, 8192, 4, 3),
    *[("adam", (d, d), w, 8192, 4, 1) for d in (1, 2, 10) for w in (8, 64, 256)],
    ("adam", (1, 1), 16, 65536, 12, 1),
    ("adam", (2, 2), 16, 8192, 4, 2),
    ("adam", (2, 2), 128, 8192, 4, 2),
    *[("pairwise", (d, d), 16, n, 4, 1) for d in (1, 2) for n in (512, 8192)],
    ("pairwise", (2, 2), 64, 32768, 4, 1),
    *[("softmax_full", (d, d), w, n, 2, 1) for d, w in ((1, 32), (2, 128)) for n in (1024, 16384)],
    ("softmax_full", (2, 2), 32, 4096, 2, 2),
    *[("softmax_batch", (d, d), w, 16384, 2, 1) for d, w in ((1, 32), (2, 128))],
    ("softmax_batch_apart", (1, 1), 32, 16384, 2, 1),
    *[("bpr", (d, d), w, 16384, 2, 1) for d, w in ((1, 32), (2, 128))],
    *[("softmax_adam", (d, d), w, 16384, 2, 1) for d, w in ((1, 32), (2, 128))],
]
CATALOGUE, CLICK_BATCH = 512, 256
TARGETS = [  # dimensions of both sides, smoothness, n
    *[((d, d), 1.0, n) for d, most in ((1, 65536), (2, 65536), (3, 16384)) for n in (512, most)],
    ((1, 1), 0.5, 65536),
    ((1, 1), 1.0, 262144),
    ((1, 2), 1.0, 32768),
    ((2, 2), 2.0, 16384),
    ((3, 3), 2.0, 16384),
]


@dataclass(frozen=True)
class Row:
    """A fit: what it is, the model's operations, and how to do it once."""

    about: str
    work: Work
    fit: Callable[[], object]


def towers() -> Iterator[Row]:
    for arm, dims, width, n, batch, depth in SIZES:
        sample = _sample(dims, width, n, batch, depth)
        fit = FitSize(n, width, depth, dims, sample.rank, batch)
        if arm in arms.CLICK_ARMS:
            sample = _clicked(sample)
            fit = replace(fit, rank=3, catalogue=CATALOGUE, click_batch=CLICK_BATCH)
        yield Row(
            f"{arm} | {dims[0]}, {dims[1]} | {width} | {n:,} | {batch} | {depth}",
            ARM_WORK[arm](fit, SETTINGS, False),
            lambda arm=arm, sample=sample: training.ARMS[arm](sample, SETTINGS),
        )


def references() -> Iterator[Row]:
    for dims, smoothness, n in TARGETS:
        spec = {"smoothness": smoothness, "support": "cube", "rank": 2, "noise_sd": 1.0}
        for tower, dim in zip(("user", "item"), dims, strict=True):
            spec |= {f"{tower}_intrinsic_dim": dim, f"{tower}_ambient_dim": dim}
        data = ratings.draw_training(2, spec, {0: draw_target(2, spec, 0)}, n)
        columns = [data[f"{name}"][0] for name in ("user_coordinates", "item_coordinates")]
        given = (*columns, data["ratings"][0], spec["rank"])
        work = reference_work(spec, [n], 1)
        del work["start"]
        yield Row(
            f"reference, smoothness {smoothness} | {dims[0]}, {dims[1]} | – | {n:,} | 1 | –",
            work,
            lambda given=given: reference.fit(*given),
        )


def _sample(dims, width: int, n: int, batch: int, depth: int) -> training.Sample:
    rng = np.random.default_rng(3)
    users, items = (rng.uniform(-1, 1, (batch, n, dim)) for dim in dims)
    rated = np.cos(3 * users.sum(2)) * np.cos(2 * items.sum(2))
    rated += 0.5 * rng.standard_normal((batch, n))
    numbers = np.sort(rng.integers(max(n // 16, 1), size=(batch, n)), axis=1)

    def random(role: str) -> list[np.random.Generator]:
        return [np.random.default_rng([ord(role[0]), b]) for b in range(batch)]

    columns = (torch.from_numpy(column) for column in (users, items, rated))
    shape = (width, depth, 2, torch.float64, random, torch.from_numpy(numbers))
    return training.Sample(*columns, *shape)


def _clicked(sample: training.Sample) -> training.Sample:
    """The same users, who click on the first items, all alike."""
    batch, n = sample.ratings.shape
    catalogue = sample.items[:, :CATALOGUE].contiguous()
    items = torch.from_numpy(np.random.default_rng(4).integers(CATALOGUE, size=(batch, n)))
    even = torch.zeros(batch, CATALOGUE, dtype=torch.float64)
    return replace(
        sample,
        items=catalogue.gather(1, items[:, :, None].expand(-1, -1, catalogue.shape[2])),
        rank=sample.rank + 1,
        clicks=samples.Clicks(items, catalogue, even, even - np.log(CATALOGUE), CLICK_BATCH),
    )


def measured(fit: Callable[[], object]) -> float:
    """Processor seconds, the best of up to five, after a first one that loads or compiles."""
    fit()
    best, used = float("inf"), 0.0
    for _ in range(5):
        began = time.process_time()
        fit()
        last = time.process_time() - began
        best, used = min(best, last), used + last
        if used > 1.2:
            break
    return best


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*arms.TOWER_ARMS, "reference"]
    parser.add_argument("kind", nargs="*", help=f"of {', '.join(names)}; by default all")
    wanted = parser.parse_args().kind or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such kind of fit: {', '.join(sorted(unknown))}")
    print("| fit | D or d | W | n | networks | depth | predicted, s | measured, s | ratio | most |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    ratios = []
    for make in (towers, references):
        for row in make():
            if row.about.split(" ")[0].strip(",") not in wanted:
                continue
            found = measured(row.fit) / probe.pace()
            predicted = seconds(row.work)
            ratios.append(predicted / found)
            most = max(row.work, key=lambda kind, work=row.work: work[kind] * SECONDS[kind])
            numbers = f"{predicted:.4f} | {found:.4f} | {ratios[-1]:.2f} | {most}"
            print(f"| {row.about} | {numbers} |", flush=True)
    print(f"\n{len(ratios)} fits: predicted over measured {min(ratios):.2f} to {max(ratios):.2f}.")


if __name__ == "__main__":
    main()
