"""How well fits rank: fresh items in lists for fresh users, measured against the true R*.

Each target has users and items of its own, drawn by streams of their own: none is in the ratings,
nor among the pairs that risks are measured on. Items are ranked by unclipped scores, since clipping
could only make some of them equal.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from twotower.data.ratings import draw_side
from twotower.data.targets import TOWERS, Target
from twotower.evaluation import ranking_metrics
from twotower.methods import reference
from twotower.towers.networks import embeddings
from twotower.towers.weights import fits_in

COLUMNS = ["n_ratings", "replicate"] + [
    f"{metric}{part}" for metric in ranking_metrics.METRICS for part in ("", "_se", "_random")
]

Sides = dict[str, np.ndarray]
"""For one replicate, by tower: covariates, coordinates, or embeddings [count, ·]."""


def rankings(
    tensors: dict[str, np.ndarray],
    spec: dict,
    targets: dict[int, Target],
    by_reference: bool = False,
) -> list[dict]:
    """Metrics of every size in a file of fits, from the start used; a row for each replicate.

    Args:
        tensors: as a training job writes them, or `reference.fit_sizes`.
        spec: `seed`, `data` (a cell's data settings), `users`, `items` and `k`.
        targets: those of the replicates in the file, in their order.
        by_reference: whether the fits are the reference's.

    Returns:
        Dicts with `COLUMNS`: means over the users, their standard errors over users of one
        catalogue, and what a random order reaches.
    """
    drawn = [_drawn(spec, target, replicate) for replicate, target in targets.items()]
    found = []
    for n, embedded in (_of_reference if by_reference else _of_towers)(tensors):
        for place, (replicate, sides) in enumerate(zip(targets, drawn, strict=True)):
            truth = _product({tower: side["embeddings"] for tower, side in sides.items()})
            scores = _product({tower: embedded(place, tower, sides[tower]) for tower in TOWERS})
            measured = ranking_metrics.measures(scores, truth, spec["k"])
            random = ranking_metrics.random_measures(truth, spec["k"])
            row = {"n_ratings": n, "replicate": replicate}
            for metric, values in measured.items():
                row[metric] = values.mean()
                row[f"{metric}_se"] = values.std(ddof=1) / np.sqrt(len(values))
                row[f"{metric}_random"] = random[metric].mean()
            found.append(row)
    return found


def _drawn(spec: dict, target: Target, replicate: int) -> dict[str, Sides]:
    sides = {}
    for tower, count in zip(TOWERS, (spec["users"], spec["items"]), strict=True):
        place = (spec["seed"], spec["data"], target, replicate)
        names = ("coordinates", "covariates", "embeddings")
        sides[tower] = dict(zip(names, draw_side(*place, tower, count, "ranking"), strict=True))
    return sides


def _product(sides: Sides) -> np.ndarray:
    return sides["user"] @ sides["item"].T


Embedded = Callable[[int, str, Sides], np.ndarray]
"""From a place in the batch, a tower and one side's arrays to the fit's embeddings [count, p]."""


def _of_towers(tensors: dict[str, np.ndarray]) -> Iterator[tuple[int, Embedded]]:
    for n, start, towers, _ in fits_in(tensors):
        if start != "used":
            continue

        def embedded(place: int, tower: str, side: Sides, towers=towers) -> np.ndarray:
            own = slice(place, place + 1)
            layers = [(weight[own], bias[own]) for weight, bias in getattr(towers, tower)]
            return embeddings(layers, torch.from_numpy(side["covariates"])[None])[0].numpy()

        yield n, embedded


def _of_reference(tensors: dict[str, np.ndarray]) -> Iterator[tuple[int, Embedded]]:
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        n = int(name.split("/")[0])
        sieves = reference.sieves_of(tensors, n)

        def embedded(place: int, tower: str, side: Sides, sieves=sieves) -> np.ndarray:
            return sieves[place].embeddings(tower, side["coordinates"])

        yield n, embedded
