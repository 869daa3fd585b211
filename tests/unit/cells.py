"""Small cells and samples for tests of the numerical core."""

from collections.abc import Iterable

import numpy as np
import torch

from twotower.base.seeds import generator
from twotower.data import clicks
from twotower.data.catalogue import draw_catalogues
from twotower.data.ratings import draw_test, draw_training
from twotower.data.targets import draw_target
from twotower.study import arms
from twotower.towers.samples import Clicks, Sample

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


def click_spec(catalogue: int, **settings) -> dict:
    """A cell's data settings where users click on items of a catalogue."""
    asked = {"popularity_exponent": 1.0, "temperature": 0.5, "clicks_each": 1} | settings
    return data_spec(sampling="clicks", catalogue=catalogue, **asked)


def click_places(seed: int, spec: dict, replicates: int) -> tuple[int, dict, dict, dict]:
    """What clicks are drawn from: the seed, the settings, and targets and catalogues by number."""
    targets = {replicate: draw_target(seed, spec, replicate) for replicate in range(replicates)}
    return seed, spec, targets, draw_catalogues(seed, spec, targets)


def draw_clicks(place: tuple[int, dict, dict, dict], n: int) -> dict[str, np.ndarray]:
    """The first n clicks at `click_places`, by the law of the truth."""
    shapes = clicks.shapes(place[1], len(place[2]), n)
    columns = {name: np.empty(shape) for name, shape in shapes.items()}
    clicks.fill(columns, *place, n)
    return columns


def draw_replicates(seed: int, spec: dict, replicates: Iterable[int], n: int, test_pairs: int):
    """Targets, training ratings and test pairs of some replicates; clicks where a cell has them."""
    if spec.get("sampling") == "clicks":
        plain = {key: value for key, value in spec.items() if key not in CLICKED}
        targets, train, test = draw_replicates(seed, plain, replicates, n, test_pairs)
        return targets, clicked(train, replicates), test
    targets = {replicate: draw_target(seed, spec, replicate) for replicate in replicates}
    train = draw_training(seed, spec, targets, n)
    return list(targets.values()), train, draw_test(seed, spec, targets, test_pairs, n)


def clicked(data: dict, replicates: Iterable[int], size: int = 32) -> dict:
    """The users of ratings, who click on the first items: which ones, by a smooth score."""
    users, catalogue = data["user_covariates"], data["item_covariates"][:, :size]
    waves = np.stack([np.sin(6 * users[..., 0]), users.sum(2)], axis=2)
    items = np.stack([catalogue.sum(2), np.cos(5 * catalogue[..., 0])], axis=2)
    scores = waves @ items.swapaxes(1, 2)
    popularity = np.log(1.0 / np.arange(1, size + 1)) * np.ones((len(users), 1))
    weights = np.exp(scores + popularity[:, None])
    share = (weights / weights.sum(2, keepdims=True)).mean(1)
    drawn = np.stack([generator(1, {}, "clicks", r).random(users.shape[1]) for r in replicates])
    total = weights.cumsum(2)
    chosen = (total < drawn[..., None] * total[..., -1:]).sum(2)
    rows = np.arange(len(users))[:, None]
    return data | {
        "items": chosen.astype(float),
        "item_covariates": catalogue[rows, chosen],
        "signal": np.take_along_axis(scores, chosen[..., None], axis=2)[..., 0],
        "ratings": np.ones_like(data["ratings"]),
        "catalogue_covariates": np.ascontiguousarray(catalogue),
        "catalogue_log_popularity": popularity,
        "catalogue_log_share": np.log(share),
    }


def click_sample(replicates: Iterable[int], n: int, *, size=32, batch=16, **changes) -> Sample:
    """Clicks as of `clicked` on one of so many items, in batches of so many."""
    replicates = list(replicates)
    given = sample(replicates, max(n, size), rank=3, **changes)
    columns = ("user_covariates", "item_covariates", "ratings")
    data = dict(zip(columns, (each.numpy() for each in given.pairs), strict=True))
    data = {name: torch.from_numpy(each) for name, each in clicked(data, replicates, size).items()}
    about = [data[f"catalogue_{name}"] for name in ("covariates", "log_popularity", "log_share")]
    names = {"users": "user_covariates", "items": "item_covariates", "ratings": "ratings"}
    fields = {field: data[name][:, :n] for field, name in names.items()}
    fields["clicks"] = Clicks(data["items"][:, :n].long(), *about, batch)
    return Sample(**vars(given) | fields)


SETTINGS = {
    "erm": {"alternations": 3, "joint_steps": 20},
    "adam": {"steps": 300, "batch_size": 64, "learning_rate": 1e-2},
    "pairwise": {"alternations": 3, "joint_steps": 20, "comparisons": 8, "weight": "size"},
    "softmax_adam": {"steps": 300, "learning_rate": 1e-2},
} | {
    arm: {"output_steps": 20, "joint_steps": 10}
    for arm in arms.CLICK_ARMS
    if arm != arms.SOFTMAX_ADAM
}
CLICKED = {"sampling": "clicks", "click_batch": 32}
AGAIN = {"sampling": "fixed_users", "catalogue": 32}  # where pairs of ratings can be had
WIDTH = {"schedule": "units", "constant": 1.0}


def job(data=None, *, arm="erm", sizes=(256, 512), certificate_sizes=None, **changes):
    """Plain settings of a job; depth and width make a cell of data settings."""
    data = data or data_spec()
    if arm == "pairwise":
        data = data | AGAIN
        changes["data"] = data
    if arm in arms.CLICK_ARMS:
        data = data | CLICKED
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
