"""Choices of clicks among items: the compiled loops beside PyTorch, in one run.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/clicks.py

Prints Markdown: nanoseconds of processor time for each click and candidate, the loss with its
derivatives by the embeddings of both sides, the best of several turns.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "benchmarks")]

import twotower  # noqa: E402, F401, I001
import numpy as np  # noqa: E402
import torch  # noqa: E402
from loops import best  # noqa: E402

from twotower.kernels import softmax  # noqa: E402

SIZES = [(4096, 512, 3), (4096, 4096, 3), (256, 256, 3), (4096, 512, 9)]
"""Clicks, candidates, components."""
ROWS = 256  # clicks that PyTorch takes at a time: more leave the cache


def by_torch(f: torch.Tensor, g: torch.Tensor, offsets: torch.Tensor, places: torch.Tensor):
    """The loss, and its derivatives, as one would write them in PyTorch."""
    loss, by_user, by_item = 0.0, torch.empty_like(f), torch.zeros_like(g)
    for start in range(0, len(f), ROWS):
        part = slice(start, start + ROWS)
        rows = torch.arange(len(f[part]))
        logits = torch.addmm(offsets, f[part], g)
        total = logits.logsumexp(1, keepdim=True)
        loss += (total[:, 0] - logits[rows, places[part]]).sum().item()
        slopes = logits.sub_(total).exp_()
        slopes[rows, places[part]] -= 1.0
        torch.mm(slopes, g.T, out=by_user[part])
        by_item.addmm_(f[part].T, slopes)
    return loss, by_user, by_item


def main() -> None:
    torch.set_num_threads(1)
    print("| clicks | candidates | components | this project, ns | PyTorch, ns | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n, size, rank in SIZES:
        rng = np.random.default_rng(0)
        f, g = rng.standard_normal((n, rank)), rng.standard_normal((rank, size))
        offsets, places = rng.standard_normal(size), rng.integers(size, size=n)
        tensors = [torch.from_numpy(each) for each in (f, g, offsets, places)]

        def by_loops(f=f, g=g, offsets=offsets, places=places, rank=rank):
            by_user, by_item = np.zeros_like(f), np.zeros_like(g)
            loss = softmax.among_all(rank)(f, g, offsets, places, by_user, by_item)
            return loss, by_user, by_item

        for mine, theirs in zip(by_loops(), by_torch(*tensors), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
        ours = best(by_loops) / n / size * 1e9
        other = best(lambda tensors=tensors: by_torch(*tensors)) / n / size * 1e9
        print(f"| {n:,} | {size:,} | {rank} | {ours:.2f} | {other:.2f} | {other / ours:.1f} |")


if __name__ == "__main__":
    main()
