"""The best embeddings of a number of components, and lists that embeddings of that many can make.

*Best* are those whose scores have the least mean squared error, over all users and items: the first
singular functions of R* (Eckart & Young 1936). Towers of p components tend to them as ratings grow,
under a squared loss. With M_u and M_i the second moments of the true embeddings f* and f̃*, and
M_u^½ M_i^½ = P S Qᵀ, they are P_pᵀ M_u^(−½) f* and S_p Q_pᵀ M_i^(−½) f̃*.

*Free* ones know no covariates: see `free_embeddings`. They show which lists p components allow.
"""

from collections.abc import Iterator

import numpy as np

from twotower.base.seeds import generator
from twotower.data.targets import TOWERS, Embedding, Target, draw_target
from twotower.evaluation import component_lists, free_embeddings, ranking_metrics
from twotower.evaluation.component_metrics import BEST, FREE, METRICS

COLUMNS = ["data", "source", "users", "items", "embedding_dim", "replicate", "k"]
COLUMNS += METRICS

_SMALLEST = 1.0e-12  # share of the largest moment: a component below it is none


def singular_maps(user_moment: np.ndarray, item_moment: np.ndarray) -> tuple[np.ndarray, ...]:
    """Matrices A and B, [rank, rank], such that the first p columns of f* A and f̃* B are best.

    All columns together give R* itself: A Bᵀ = 1.

    Args:
        user_moment, item_moment: E[f* f*ᵀ] and E[f̃* f̃*ᵀ], [rank, rank].

    Example:
        >>> first, second = singular_maps(np.diag([1.0, 4.0]), np.eye(2))
        >>> np.round(np.abs(first[:, :1] @ second[:, :1].T), 6).tolist()
        [[0.0, 0.0], [0.0, 1.0]]
    """
    (root_u, inverse_u), (root_i, inverse_i) = _roots(user_moment), _roots(item_moment)
    left, strengths, right = np.linalg.svd(root_u @ root_i)
    return inverse_u @ left, inverse_i @ right.T * strengths


def _roots(moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The symmetric root of a moment, and its inverse where the moment is not 0."""
    values, vectors = np.linalg.eigh(moment)
    kept = values > _SMALLEST * values[-1]
    roots = np.sqrt(np.where(kept, values, 0.0))
    inverses = np.where(kept, 1.0 / np.where(kept, roots, 1.0), 0.0)
    return (vectors * roots) @ vectors.T, (vectors * inverses) @ vectors.T


def lists(spec: dict) -> Iterator[dict]:
    """Lists of the best and of free embeddings, for each target and number of components.

    Args:
        spec: `seed`; `targets`, from an id to the settings of data; `replicates`; `users`, `items`,
            `ks` and `dims`; `free_targets`, `free_users`, `free_items` and `free_steps`.

    Yields:
        Dicts with `COLUMNS`. Best embeddings have at most as many components as the truth; they
        make lists of all items, and of those of the free ones as well.
    """
    for name, data in spec["targets"].items():
        for replicate in range(spec["replicates"]):
            target = draw_target(spec["seed"], data, replicate)
            for row in _of_target(spec, data, target, replicate):
                yield {"data": name, "replicate": replicate} | row


def _of_target(spec: dict, data: dict, target: Target, replicate: int) -> Iterator[dict]:
    sides = component_lists.draw(spec, data, target, replicate)
    true = [sides[tower][2] for tower in TOWERS]
    moments = [
        _moment(data, embedding, values)
        for embedding, values in zip((target.user, target.item), true, strict=True)
    ]
    maps = singular_maps(*moments)
    best = [values @ each for values, each in zip(true, maps, strict=True)]
    truth = true[0] @ true[1].T
    shapes = [truth.shape, (spec["free_users"], spec["free_items"])]
    for users, items in dict.fromkeys(shapes):
        shape = {"source": BEST, "users": users, "items": items}
        for dim in (dim for dim in spec["dims"] if dim <= data["rank"]):
            scores = best[0][:users, :dim] @ best[1][:items, :dim].T
            for row in component_lists.measured(scores, truth[:users, :items], spec["ks"]):
                yield shape | {"embedding_dim": dim} | row
    if replicate < spec["free_targets"]:
        yield from _free(spec, data, truth[: shapes[1][0], : shapes[1][1]], replicate)


def _moment(data: dict, embedding: Embedding, values: np.ndarray) -> np.ndarray:
    """Exact where coordinates fill the cube, else the mean over the users, or items, drawn."""
    if data["support"] in ("dust", "slab"):
        return values.T @ values / len(values)
    return embedding.second_moment()


def _free(spec: dict, data: dict, truth: np.ndarray, replicate: int) -> Iterator[dict]:
    users, items = truth.shape
    for k in spec["ks"]:
        wanted = np.zeros(truth.shape, dtype=bool)
        np.put_along_axis(wanted, ranking_metrics.top(truth, k), True, axis=1)
        scores = None
        for dim in spec["dims"]:
            # components that are left at 0 change nothing: once all sets are there, they stay
            if scores is None or not free_embeddings.realized(scores, wanted).all():
                rng = generator(spec["seed"], data, f"free_embeddings_{k}_{dim}", replicate)
                scores = free_embeddings.fitted(wanted, dim, spec["free_steps"], rng)
            [row] = component_lists.measured(scores, truth, [k])
            yield {"source": FREE, "users": users, "items": items, "embedding_dim": dim} | row
