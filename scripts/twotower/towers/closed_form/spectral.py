"""The spectral start of narrow towers: singular vectors of the whitened features' cross-moment."""

import torch

from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats


def spectral_start(
    user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor, rank: int
) -> torch.Tensor:
    """Item weights [B, M, p] on whitened features: right singular vectors of E[φ r φ̃ᵀ]."""
    if isinstance(user, Hats) and isinstance(item, Hats):
        hats = user.cross(item, ratings) / user.n
        cross = torch.bmm(torch.bmm(user.at_nodes.transpose(1, 2), hats), item.at_nodes)
    else:
        cross = _cross(user, item, ratings)
    _, singular, right = torch.linalg.svd(cross, full_matrices=False)
    return right[:, :rank].transpose(1, 2) * singular[:, None, :rank].sqrt()


def _cross(user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor) -> torch.Tensor:
    """The cross-moment, [B, M, M̃]."""
    cross = user.whitening.new_zeros(len(ratings), user.size, item.size)
    for (part, phi_user), (_, phi_item) in zip(user.chunks(), item.chunks(), strict=True):
        rated = phi_user * ratings[:, part, None].to(phi_user)
        cross.baddbmm_(rated.transpose(1, 2), phi_item)
    return torch.bmm(torch.bmm(user.whitening.transpose(1, 2), cross / user.n), item.whitening)
