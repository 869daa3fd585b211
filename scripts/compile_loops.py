"""Compile the loops that a study's jobs run, ahead of them: once a machine, user and edit.

Snakemake's `onstart` calls this, with the names of fits from `kernels/code_folder.py` that are
missing. Each is fitted to a handful of ratings, which compiles all that such fits run. A job that
finds nothing compiles for itself.
"""

import json
import sys

from twotower.kernels import code_folder


def fit_towers(
    arm: str, user_dim: int, item_dim: int, rank: int, depth: int, precision: str
) -> None:
    import torch

    from twotower.base.seeds import generator
    from twotower.study import arms
    from twotower.towers import samples, training

    rng, n = generator(0, {}, "rehearsal", 0), 64
    users, items = (torch.from_numpy(rng.random((1, n, dim))) for dim in (user_dim, item_dim))
    ratings, numbers = torch.from_numpy(rng.random((1, n))), torch.arange(n)[None] // 4
    clicks = None
    if arm in arms.CLICK_ARMS:
        rank += 1
        even = torch.zeros(1, n, dtype=torch.float64)
        clicks = samples.Clicks(torch.arange(n)[None], items, even, even - 4.0, 8)
    shape = (4, depth, rank, samples.DTYPES[precision], lambda role: [generator(0, {}, role, 0)])
    settings = {"alternations": 1, "joint_steps": 2, "comparisons": 2, "weight": "size"}
    settings |= {"output_steps": 0, "steps": 2, "batch_size": 8, "learning_rate": 0.01}
    training.ARMS[arm](training.Sample(users, items, ratings, *shape, numbers, clicks), settings)


def fit_reference(user_dim: int, item_dim: int, rank: int) -> None:
    from twotower.base.seeds import generator
    from twotower.methods import reference

    rng, n = generator(0, {}, "rehearsal", 0), 200
    reference.fit(rng.random((n, user_dim)), rng.random((n, item_dim)), rng.random(n), rank)


for text in sys.argv[1:]:
    kind, *sizes = json.loads(text)
    if kind == "reference":
        fit_reference(*sizes)
    else:
        fit_towers(kind, *sizes)
code_folder.note(sys.argv[1:])
