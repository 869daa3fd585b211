"""Noisy ratings at fresh user–item pairs, with the truth beside them."""

import numpy as np

from twotower.seeds import generator
from twotower.targets import TOWERS, Target


def draw_pairs(seed: int, spec: dict, target: Target, replicate: int, n: int, role: str) -> dict:
    """Fresh users, fresh items and their noise-free ratings.

    Args:
        role: "train" or "test"; their streams are independent.

    Returns:
        `user_coordinates` [n, d_u], `user_covariates` [n, D_u], the same for items, and `signal`
        [n], the noise-free R*. The first m rows are the same for every n ≥ m: coordinates to the
        bit, what is computed from them to rounding.
    """
    columns = {}
    for tower in TOWERS:
        rng = generator(seed, spec, f"{role}_{tower}s", replicate)
        coordinates = rng.random((n, spec[f"{tower}_intrinsic_dim"]))
        columns[f"{tower}_coordinates"] = coordinates
        columns[f"{tower}_covariates"] = getattr(target, tower).support.covariates(coordinates)
    columns["signal"] = target.ratings(columns["user_coordinates"], columns["item_coordinates"])
    return columns


def add_noise(seed: int, spec: dict, replicate: int, signal: np.ndarray) -> np.ndarray:
    """Ratings r = R* + ε, ε normal with sd `noise_sd` in units of the signal's sd (which is 1)."""
    rng = generator(seed, spec, "noise", replicate)
    return signal + float(spec["noise_sd"]) * rng.standard_normal(len(signal))


def draw_training(
    seed: int, spec: dict, targets: dict[int, Target], n_ratings: int
) -> dict[str, np.ndarray]:
    """Training ratings of several replicates, given by their targets.

    Returns:
        Arrays as of `draw_pairs` plus `ratings`, each with a leading axis of replicates.
    """
    columns = []
    for replicate, target in targets.items():
        pairs = draw_pairs(seed, spec, target, replicate, n_ratings, "train")
        pairs["ratings"] = add_noise(seed, spec, replicate, pairs["signal"])
        columns.append(pairs)
    return _stacked(columns)


def draw_test(
    seed: int, spec: dict, targets: dict[int, Target], test_pairs: int
) -> dict[str, np.ndarray]:
    """Fresh users and items of several replicates; no noise, so no ratings but the signal."""
    return _stacked(
        [
            draw_pairs(seed, spec, target, replicate, test_pairs, "test")
            for replicate, target in targets.items()
        ]
    )


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
