"""Noisy ratings of sampled pairs with the truth beside them, and fresh pairs to be tested on."""

import numpy as np

from twotower import sampling
from twotower.seeds import generator
from twotower.supports import coordinate_dim, coordinates_on
from twotower.targets import TOWERS, Target

SEEN_PAIRS = 16_384
"""Most training users and items that are paired anew, to compare new users with seen ones."""

_STUDENT_DEGREES = 3
_STARS = (1, 5)
_MEAN_STARS = 3


def draw_pairs(seed: int, spec: dict, target: Target, replicate: int, n: int, role: str) -> dict:
    """Fresh users, fresh items and their noise-free ratings.

    Args:
        role: "train" or "test"; their streams are independent.

    Returns:
        `user_coordinates` [n, d_u], `user_covariates` [n, D_u], the same for items, and `signal`
        [n], the noise-free R*. The first m rows are the same for every n ≥ m: coordinates to the
        bit, what is computed from them to rounding.
    """
    each = np.arange(n)
    return _pairs(seed, spec, target, replicate, (each, each), role)


def _pairs(seed, spec, target, replicate, numbers, role) -> dict[str, np.ndarray]:
    columns, values = {}, []
    for tower, number in zip(TOWERS, numbers, strict=True):
        rng = generator(seed, spec, f"{role}_{tower}s", replicate)
        uniform = rng.random((number.max() + 1, coordinate_dim(spec, tower)))
        coordinates = coordinates_on(spec, tower, uniform)
        embedding = getattr(target, tower)
        columns[f"{tower}_coordinates"] = coordinates[number]
        columns[f"{tower}_covariates"] = embedding.support.covariates(coordinates)[number]
        values.append(embedding.values(coordinates)[number])
    columns["signal"] = (values[0] * values[1]).sum(axis=1)
    return columns


def add_noise(seed: int, spec: dict, replicate: int, signal: np.ndarray) -> np.ndarray:
    """Ratings r = R* + ε, ε of sd `noise_sd` in units of the signal's sd (which is 1).

    ε is normal, or Student's t with 3 degrees of freedom scaled to that sd. On the scale of stars
    ratings are rounded and clipped: clip(round(r + 3), 1, 5) − 3.
    """
    rng = generator(seed, spec, "noise", replicate)
    if spec.get("noise") == "student":
        degrees = _STUDENT_DEGREES
        noise = rng.standard_t(degrees, size=len(signal)) * np.sqrt((degrees - 2) / degrees)
    else:
        noise = rng.standard_normal(len(signal))
    ratings = signal + float(spec["noise_sd"]) * noise
    if spec.get("rating_scale") == "stars":
        ratings = np.clip(np.round(ratings + _MEAN_STARS), *_STARS) - _MEAN_STARS
    return ratings


def draw_training(
    seed: int, spec: dict, targets: dict[int, Target], n_ratings: int
) -> dict[str, np.ndarray]:
    """Training ratings of several replicates, given by their targets.

    Returns:
        Arrays as of `draw_pairs` plus `ratings`, each with a leading axis of replicates.
    """
    columns = []
    for replicate, target in targets.items():
        tried = n_ratings
        while True:
            numbers = sampling.numbers(seed, spec, replicate, tried)
            pairs = _pairs(seed, spec, target, replicate, numbers, "train")
            pairs["ratings"] = add_noise(seed, spec, replicate, pairs["signal"])
            kept = np.flatnonzero(sampling.seen(seed, spec, replicate, pairs["ratings"]))
            if len(kept) >= n_ratings:
                break
            tried *= 2
        pairs = {name: column[kept[:n_ratings]] for name, column in pairs.items()}
        columns.append(_without_signal(seed, spec, replicate, pairs))
    return _stacked(columns)


def _without_signal(seed: int, spec: dict, replicate: int, pairs: dict) -> dict[str, np.ndarray]:
    """The pairs of a null cell: ratings, or each side's covariates, in an order of their own."""
    groups = {
        "permuted_ratings": [("signal", "ratings")],
        "shuffled_covariates": [(f"{t}_coordinates", f"{t}_covariates") for t in TOWERS],
    }
    rng = generator(seed, spec, "control", replicate)
    for group in groups.get(spec.get("control"), []):
        order = rng.permutation(len(pairs["ratings"]))
        pairs |= {name: pairs[name][order] for name in group}
    return pairs


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
