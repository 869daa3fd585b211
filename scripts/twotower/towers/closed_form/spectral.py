"""Spectral starts: singular vectors of the whitened features' cross-moment."""

import torch

from twotower.base import mapped_pages
from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats


def spectral_start(
    user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor, rank: int
) -> torch.Tensor:
    """Item weights [B, M, min(p, M)] on whitened features: right singular vectors of E[φ r φ̃ᵀ]."""
    _, singular, right = torch.linalg.svd(_cross(user, item, ratings), full_matrices=False)
    return right[:, :rank].transpose(1, 2) * singular[:, None, :rank].sqrt()


def with_components(weights: torch.Tensor, rank: int) -> torch.Tensor:
    """Weights [B, M, q] with components of 0 until there are p: features of M functions a tower
    make no scores of more than M components, which a network asked for p has all the same.
    """
    return torch.nn.functional.pad(weights, (0, rank - weights.shape[2]))


def dependence_start(
    user: Dense | Hats, item: Dense | Hats, rank: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights [B, M, p] and [B, M̃, p] on whitened features of users and of the items that they
    have clicked: the largest singular vectors of their covariance E[φ φ̃ᵀ] − E[φ] E[φ̃]ᵀ, and 0
    for components beyond M.

    Users click as if at random, but for a factor exp s. To first order in small s their covariance
    is that of whitened features with s, so that this is the best s of rank p.
    """
    ones = user.whitening.new_ones(len(user.whitening), user.n)
    covariance = _cross(user, item, ones) - mean(user, ones) * mean(item, ones).transpose(1, 2)
    left, singular, right = torch.linalg.svd(covariance, full_matrices=False)
    root = singular[:, None, :rank].sqrt()
    outputs = (left[:, :, :rank] * root, right[:, :rank].transpose(1, 2) * root)
    return tuple(with_components(weights, rank) for weights in outputs)


def mean(tower: Dense | Hats, values: torch.Tensor) -> torch.Tensor:
    """Means of whitened features times values [B, n] over the pairs: [B, M, 1]. They are the
    weights with which features come closest to these values.
    """
    one = values.new_ones(len(values), tower.n, 1)

    def fixed():
        return (one[:, part] for part in mapped_pages.parts(tower.rows, tower.covariates))

    return tower.equations(fixed, values, False).right


def _cross(user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor) -> torch.Tensor:
    """The cross-moment E[φ r φ̃ᵀ] of whitened features, [B, M, M̃]."""
    if isinstance(user, Hats) and isinstance(item, Hats):
        hats = user.cross(item, ratings) / user.n
        return torch.bmm(torch.bmm(user.at_nodes.transpose(1, 2), hats), item.at_nodes)
    cross = user.whitening.new_zeros(len(ratings), user.size, item.size)
    for (part, phi_user), (_, phi_item) in zip(user.chunks(), item.chunks(), strict=True):
        rated = phi_user * ratings[:, part, None].to(phi_user)
        cross.baddbmm_(rated.transpose(1, 2), phi_item)
    return torch.bmm(torch.bmm(user.whitening.transpose(1, 2), cross / user.n), item.whitening)
