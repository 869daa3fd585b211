"""Noisy ratings of sampled pairs with the truth beside them, and fresh pairs to be tested on."""

from collections.abc import Callable, Iterator

import numpy as np

from twotower.base.seeds import generator
from twotower.data import sampling
from twotower.data.supports import coordinate_dim, coordinates_on
from twotower.data.targets import TOWERS, Target

SEEN_PAIRS = 16_384
"""Most training users and items that are kept, to compare new users with seen ones; about as many
pairs of them are judged."""

CHUNK = 1 << 19
"""Most pairs drawn at a time: more would only need more memory. Another value changes what is
computed of larger samples in the last bits."""

STUDENT_DEGREES = 3
STARS = (1, 5)
"""The fewest and the most."""
MEAN_STARS = 3
"""Of a signal of 0."""


class _Stream:
    """Users or items of one replicate, in the order in which they are drawn."""

    def __init__(self, seed: int, spec: dict, target: Target, replicate: int, tower: str, role):
        self._rng = generator(seed, spec, f"{role}_{tower}s", replicate)
        self._spec, self._tower, self._embedding = spec, tower, getattr(target, tower)

    def draw(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The next coordinates [count, d], covariates [count, D] and true embeddings [count, p]."""
        coordinates, covariates = self.points(count)
        return coordinates, covariates, self._embedding.values(coordinates)

    def points(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The next coordinates and covariates alone."""
        uniform = self._rng.random((count, coordinate_dim(self._spec, self._tower)))
        coordinates = coordinates_on(self._spec, self._tower, uniform)
        return coordinates, self._embedding.support.covariates(coordinates)


def _paired(sides: dict[str, tuple]) -> dict[str, np.ndarray]:
    """Named columns of pairs, given what `_Stream.draw` gives of both sides."""
    columns, values = {}, []
    for tower, (coordinates, covariates, embeddings) in sides.items():
        columns[f"{tower}_coordinates"] = coordinates
        columns[f"{tower}_covariates"] = covariates
        values.append(embeddings)
    columns["signal"] = (values[0] * values[1]).sum(axis=1)
    return columns


def draw_pairs(seed: int, spec: dict, target: Target, replicate: int, n: int, role: str) -> dict:
    """Fresh users, fresh items and their noise-free ratings.

    Args:
        role: "train" or "test"; their streams are independent.

    Returns:
        `user_coordinates` [n, d_u], `user_covariates` [n, D_u], the same for items, and `signal`
        [n], the noise-free R*. The first m rows are the same for every n ≥ m: coordinates to the
        bit, what is computed from them to rounding.
    """
    return _paired({t: _Stream(seed, spec, target, replicate, t, role).draw(n) for t in TOWERS})


def draw_side(
    seed: int, spec: dict, target: Target, replicate: int, tower: str, count: int, role: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first users, or items, of a role: coordinates [count, d], covariates [count, D] and true
    embeddings [count, p]. The streams of two roles are independent.
    """
    return _Stream(seed, spec, target, replicate, tower, role).draw(count)


def draw_covariates(
    seed: int, spec: dict, target: Target, replicate: int, tower: str, count: int
) -> np.ndarray:
    """Covariates [count, D] of the first users, or items, of fresh training ratings."""
    return _Stream(seed, spec, target, replicate, tower, "train").points(count)[1]


def _rated(
    seed: int, spec: dict, target: Target, replicate: int, n: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """Columns of the first n ratings (None: without end), observed or not, `CHUNK` at a time."""
    streams = {t: _Stream(seed, spec, target, replicate, t, "train") for t in TOWERS}
    again = sampling.AGAIN.get(spec.get("sampling"), ())
    last = dict.fromkeys(again, 0)  # those who are rated again are drawn once and kept
    for numbers in sampling.number_chunks(seed, spec, replicate, n, CHUNK) if again else ():
        for tower, number in zip(TOWERS, numbers, strict=True):
            if tower in last:
                last[tower] = max(last[tower], number.max())
    kept = {tower: streams[tower].draw(number + 1) for tower, number in last.items()}
    noisy = noise(seed, spec, replicate)
    for numbers in sampling.number_chunks(seed, spec, replicate, n, CHUNK):
        sides = {}
        for tower, number in zip(TOWERS, numbers, strict=True):
            if tower in kept:
                sides[tower] = tuple(column[number] for column in kept[tower])
            else:
                sides[tower] = streams[tower].draw(len(number))
        pairs = _paired(sides)
        yield pairs | {"ratings": noisy(pairs["signal"])}


def noise(seed: int, spec: dict, replicate: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function from the signal of the ratings that come next to the ratings r = R* + ε, [n].

    ε has sd `noise_sd` in units of the signal's sd (which is 1) and is normal, or Student's t with
    3 degrees of freedom scaled to that sd. On the scale of stars ratings are rounded and clipped:
    clip(round(r + 3), 1, 5) − 3.
    """
    rng = generator(seed, spec, "noise", replicate)

    def noisy(signal: np.ndarray) -> np.ndarray:
        if spec.get("noise") == "student":
            degrees = STUDENT_DEGREES
            drawn = rng.standard_t(degrees, size=len(signal)) * np.sqrt((degrees - 2) / degrees)
        else:
            drawn = rng.standard_normal(len(signal))
        ratings = signal + float(spec["noise_sd"]) * drawn
        if spec.get("rating_scale") == "stars":
            ratings = np.clip(np.round(ratings + MEAN_STARS), *STARS) - MEAN_STARS
        return ratings

    return noisy


def training_shapes(spec: dict, replicates: int, n_ratings: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the columns of `draw_training`."""
    shapes = dict.fromkeys(("signal", "ratings"), (replicates, n_ratings))
    for tower in TOWERS:
        dims = {
            "coordinates": coordinate_dim(spec, tower),
            "covariates": spec[f"{tower}_ambient_dim"],
        }
        shapes |= {f"{tower}_{name}": (replicates, n_ratings, dim) for name, dim in dims.items()}
    return shapes


def draw_training(
    seed: int, spec: dict, targets: dict[int, Target], n_ratings: int
) -> dict[str, np.ndarray]:
    """Training ratings of several replicates, given by their targets.

    Returns:
        Arrays as of `draw_pairs` plus `ratings`, each with a leading axis of replicates.

    Example, with `spec` as in that of `targets.draw_target`:
        >>> drawn = draw_training(1, spec, {0: draw_target(1, spec, 0)}, 100)
        >>> drawn["ratings"].shape, drawn["user_covariates"].shape
        ((1, 100), (1, 100, 1))
    """
    shapes = training_shapes(spec, len(targets), n_ratings)
    columns = {name: np.empty(shape) for name, shape in shapes.items()}
    fill_training(columns, seed, spec, targets, n_ratings)
    return columns


def fill_training(
    columns: dict, seed: int, spec: dict, targets: dict[int, Target], n_ratings: int
) -> None:
    """As `draw_training`, into columns of `training_shapes`: arrays, or those of a file
    (`tensors.writing`). Needs memory for `CHUNK` pairs; null cells also for one whole column.
    """
    for row, (replicate, target) in enumerate(targets.items()):
        start = 0
        for pairs in _observed(seed, spec, target, replicate, n_ratings):
            stop = start + len(pairs["ratings"])
            for name, column in pairs.items():
                columns[name][row, start:stop] = column
            start = stop
        _break_signal(columns, row, seed, spec, replicate)


def _observed(
    seed: int, spec: dict, target: Target, replicate: int, n: int
) -> Iterator[dict[str, np.ndarray]]:
    """Columns of the first n observed ratings, in chunks of at most `CHUNK`."""
    if spec.get("sampling") != "not_at_random":
        yield from _rated(seed, spec, target, replicate, n)
        return
    tried = n
    while tried <= CHUNK:
        (pairs,) = _rated(seed, spec, target, replicate, tried)
        kept = np.flatnonzero(sampling.selection(seed, spec, replicate)(pairs["ratings"]))[:n]
        if len(kept) == n:
            yield {name: column[kept] for name, column in pairs.items()}
            return
        tried *= 2
    seen = sampling.selection(seed, spec, replicate)
    for pairs in _rated(seed, spec, target, replicate, None):
        kept = np.flatnonzero(seen(pairs["ratings"]))[:n]
        yield {name: column[kept] for name, column in pairs.items()}
        n -= len(kept)
        if not n:
            return


def _break_signal(columns: dict, row: int, seed: int, spec: dict, replicate: int) -> None:
    """Bring ratings, or each side's covariates, of a null cell into an order of their own."""
    groups = {
        "permuted_ratings": [("signal", "ratings")],
        "shuffled_covariates": [(f"{t}_coordinates", f"{t}_covariates") for t in TOWERS],
    }
    rng = generator(seed, spec, "control", replicate)
    for group in groups.get(spec.get("control"), []):
        order = rng.permutation(columns["ratings"].shape[1])
        for name in group:
            columns[name][row, :] = columns[name][row, :][order]


def draw_test(
    seed: int, spec: dict, targets: dict[int, Target], test_pairs: int, n_ratings: int
) -> dict[str, np.ndarray]:
    """Fresh users and items of several replicates; no noise, so no ratings but the signal.

    Where training pairs are fresh, also covariates and true embeddings of the first users and
    items of the training ratings (at most `SEEN_PAIRS` of each): `seen_user_covariates`
    [B, m, D_u], `seen_user_embeddings` [B, m, p] and the same for items.
    """
    columns = []
    for replicate, target in targets.items():
        pairs = draw_pairs(seed, spec, target, replicate, test_pairs, "test")
        if spec.get("sampling", "fresh") == "fresh" and spec.get("control", "none") == "none":
            known = min(SEEN_PAIRS, n_ratings)
            trained = draw_pairs(seed, spec, target, replicate, known, "train")
            for tower in TOWERS:
                values = getattr(target, tower).values(trained[f"{tower}_coordinates"])
                pairs[f"seen_{tower}_covariates"] = trained[f"{tower}_covariates"]
                pairs[f"seen_{tower}_embeddings"] = values
        columns.append(pairs)
    return _stacked(columns)


def _stacked(columns: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([c[name] for c in columns]) for name in columns[0]}


def target_tensors(targets: list[Target]) -> dict[str, np.ndarray]:
    """Everything that defines the targets of several replicates, as named arrays."""
    tensors = {}
    for tower in TOWERS:
        embeddings = [getattr(target, tower) for target in targets]
        tensors[f"{tower}/frequencies"] = embeddings[0].frequencies
        tensors[f"{tower}/coefficients"] = np.stack(
            [np.stack([e.coefficients.real, e.coefficients.imag], axis=-1) for e in embeddings]
        )
        for part in ("rotation", "waves", "phases"):
            tensors[f"{tower}/support/{part}"] = np.stack(
                [getattr(e.support, part) for e in embeddings]
            )
    return tensors
