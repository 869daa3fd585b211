"""Lists that embeddings make of fresh items for fresh users, by their number of components.

Users and items come from streams of their own, the same for the best embeddings and for all towers
of a target: differences between them are no matter of the draw.
"""

from collections.abc import Sequence

import numpy as np

from twotower.data.ratings import draw_side
from twotower.data.targets import TOWERS, Target
from twotower.evaluation import ranking_metrics
from twotower.evaluation.component_metrics import METRICS
from twotower.evaluation.tower_values import embeddings, fits_in

FIT_COLUMNS = ["n_ratings", "embedding_dim", "replicate", "k", *METRICS]

Side = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Coordinates [count, d], covariates [count, D] and true embeddings [count, rank]."""


def draw(spec: dict, data: dict, target: Target, replicate: int) -> dict[str, Side]:
    """The users and items of one target, by tower.

    Args:
        spec: `seed`, and how many `users` and `items`.
        data: the settings of the target's data (`Cell.data_spec`).
    """
    return {
        tower: draw_side(spec["seed"], data, target, replicate, tower, count, "components")
        for tower, count in zip(TOWERS, (spec["users"], spec["items"]), strict=True)
    }


def measured(scores: np.ndarray, truth: np.ndarray, ks: Sequence[int]) -> list[dict]:
    """Means over users of `METRICS` for the lists of each k that scores [users, items] make.

    `whole` is the share of users whose list is the best set: none of its items is missing. The
    others are those of `ranking_metrics`.
    """
    order, rows = ranking_metrics.top(scores, max(ks)), []
    for k in ks:
        chosen = order[:, :k]
        recall = ranking_metrics.recall(chosen, truth)
        rows.append(
            {
                "k": k,
                "recall": recall.mean(),
                "ndcg": ranking_metrics.ndcg(chosen, truth).mean(),
                "regret": ranking_metrics.regret(chosen, truth).mean(),
                "whole": (recall == 1.0).mean(),
            }
        )
    return rows


def of_towers(tensors: dict[str, np.ndarray], spec: dict, targets: dict[int, Target]) -> list[dict]:
    """Lists of every size in a file of fits, from the start used: dicts with `FIT_COLUMNS`.

    Args:
        tensors: as a training job writes them.
        spec: `seed`, `data` (a cell's data settings), `users`, `items` and `ks`.
        targets: those of the replicates in the file, in their order.
    """
    drawn = {r: draw(spec, spec["data"], target, r) for r, target in targets.items()}
    rows = []
    for n, start, towers, _ in fits_in(tensors):
        if start != "used":
            continue
        for place, (replicate, sides) in enumerate(drawn.items()):
            fitted = []
            for tower in TOWERS:
                own = [tuple(part[place : place + 1] for part in each) for each in towers[tower]]
                fitted.append(embeddings(own, sides[tower][1][None])[0])
            truth = sides["user"][2] @ sides["item"][2].T
            about = {"n_ratings": n, "embedding_dim": fitted[0].shape[1], "replicate": replicate}
            found = measured(fitted[0] @ fitted[1].T, truth, spec["ks"])
            rows += [about | row for row in found]
    return rows
