"""Small cells and samples for tests of the numerical core."""

from collections.abc import Iterable

import numpy as np
import torch

from twotower.base.seeds import generator
from twotower.data.ratings import draw_test, draw_training
from twotower.data.targets import draw_target
from twotower.towers.training import Sample

torch.set_num_threads(1)


DESIGNS = [
    {"sampling": "grid"},
    {"sampling": "fixed_users", "catalogue": 16},
    {"sampling": "popularity", "catalogue": 64},
    {"sampling": "repeated", "ratings_each": 8},
    {"sampling": "not_at_random"},
]


def data_spec(user_dim=1, item_dim=None, *, ambient=(None, None), **settings) -> dict:
    """A cell's data settings; the support is the cube unless an ambient dimension is given."""
    item_dim = user_dim if item_dim is None else item_dim
    dims = (user_dim, item_dim)
    ambients = [dim if given is None else given for dim, given in zip(dims, ambient, strict=True)]
    spec = {
        "smoothness": 1.0,
        "user_intrinsic_dim": user_dim,
        "item_intrinsic_dim": item_dim,
        "user_ambient_dim": ambients[0],
        "item_ambient_dim": ambients[1],
        "support": "cube" if tuple(ambients) == dims else "graph",
        "rank": 2,
        "noise_sd": 1.0,
    }
    return spec | settings


def sample(replicates: Iterable[int], n: int, *, width=8, depth=1, dim=1, **changes) -> Sample:
    """Ratings of a smooth rank-2 function; each replicate's numbers are its own."""
    replicates = list(replicates)
    columns = []
    for replicate in replicates:
        rng = np.random.default_rng(replicate)
        users, items = rng.random((2, n, dim))
        signal = np.sin(6 * users[:, 0]) * items.sum(1) + users.sum(1) * np.cos(5 * items[:, 0])
        columns.append((users, items, signal + 0.5 * rng.standard_normal(n)))
    users, items, ratings = (torch.from_numpy(np.stack(c)) for c in zip(*columns, strict=True))
    settings = {
        "users": users,
        "items": items,
        "ratings": ratings,
        "width": width,
        "depth": depth,
        "rank": 2,
        "precision": torch.float64,
        "random": lambda role: [generator(1, {}, role, r) for r in replicates],
    }
    return Sample(**settings | changes)


def draw_replicates(seed: int, spec: dict, replicates: Iterable[int], n: int, test_pairs: int):
    """Targets, training ratings and test pairs of some replicates."""
    targets = {replicate: draw_target(seed, spec, replicate) for replicate in replicates}
    train = draw_training(seed, spec, targets, n)
    return list(targets.values()), train, draw_test(seed, spec, targets, test_pairs, n)


SETTINGS = {
    "erm": {"alternations": 3, "joint_steps": 20},
    "adam": {"steps": 300, "batch_size": 64, "learning_rate": 1e-2},
    "pairwise": {"alternations": 3, "joint_steps": 20, "comparisons": 8, "weight": "size"},
}
AGAIN = {"sampling": "fixed_users", "catalogue": 32}  # where pairs of ratings can be had
WIDTH = {"schedule": "units", "constant": 1.0}


def job(data=None, *, arm="erm", sizes=(256, 512), certificate_sizes=None, **changes):
    """Plain settings of a job; depth and width make a cell of data settings."""
    data = data or data_spec()
    if arm == "pairwise":
        data = data | AGAIN
        changes["data"] = data
    spec = {
        "seed": 1,
        "cell": data | {"depth": 1, "width": WIDTH},
        "arm": arm,
        "settings": SETTINGS[arm],
        "precision": "float64",
        "gpu": False,
        "sample_sizes": list(sizes),
        "certificate_sizes": certificate_sizes or [sizes[-1]],
        "certificate_replicates": 4,
    }
    return spec | changes
