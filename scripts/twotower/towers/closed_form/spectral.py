"""The spectral start: leading singular vectors of the cross-moment of whitened features."""

from collections.abc import Callable

import torch

from twotower.towers.closed_form.dense import Dense
from twotower.towers.closed_form.hats import Hats
from twotower.towers.closed_form.limits import MORE, ROUNDS, SOLVED_SIZE, pairs_are

Product = Callable[[torch.Tensor], torch.Tensor]


def spectral_start(
    user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor, rank: int
) -> torch.Tensor:
    """Item weights [B, M, p] on whitened features: right singular vectors of E[φ r φ̃ᵀ].

    Where the features of many units are dense, only those that lead are computed.
    """
    if isinstance(user, Hats) and isinstance(item, Hats):
        hats = user.cross(item, ratings) / user.n
        cross = torch.bmm(torch.bmm(user.at_nodes.transpose(1, 2), hats), item.at_nodes)
    elif max(user.size, item.size) <= SOLVED_SIZE:
        cross = _cross(user, item, ratings)
    else:
        rounds = ROUNDS[pairs_are(user.n, user.size)]
        return _leading(*_products(user, item, ratings), item.whitening, rank, rounds)
    _, singular, right = torch.linalg.svd(cross, full_matrices=False)
    return right[:, :rank].transpose(1, 2) * singular[:, None, :rank].sqrt()


def _cross(user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor) -> torch.Tensor:
    """The cross-moment, [B, M, M̃]."""
    cross = user.whitening.new_zeros(len(ratings), user.size, item.size)
    for (part, phi_user), (_, phi_item) in zip(user.chunks(), item.chunks(), strict=True):
        rated = phi_user * ratings[:, part, None].to(phi_user)
        cross.baddbmm_(rated.transpose(1, 2), phi_item)
    return torch.bmm(torch.bmm(user.whitening.transpose(1, 2), cross / user.n), item.whitening)


def _products(
    user: Dense | Hats, item: Dense | Hats, ratings: torch.Tensor
) -> tuple[Product, Product]:
    """The cross-moment, and its transpose, times [B, M̃, k] and [B, M, k], without the matrix."""

    def product(onto: Dense | Hats, of: Dense | Hats) -> Product:
        def times(vectors: torch.Tensor) -> torch.Tensor:
            raw = torch.bmm(of.whitening, vectors)
            total = raw.new_zeros(len(raw), raw.shape[2], onto.size)
            for (part, phi), other in zip(onto.chunks(), of.embeddings(raw), strict=True):
                rated = other * ratings[:, part, None].to(other)
                total.baddbmm_(rated.transpose(1, 2), phi)
            return torch.bmm(total / onto.n, onto.whitening).transpose(1, 2).contiguous()

        return times

    return product(user, item), product(item, user)


def _leading(
    times: Product, back: Product, like: torch.Tensor, rank: int, rounds: int
) -> torch.Tensor:
    """Leading right singular vectors times the roots of their values, in a block Krylov space.

    The start is the same for all networks (Musco & Musco 2015, algorithm 2; all left vectors are
    kept orthogonal to each other, so that each product serves the space and the result).
    `like` [B, M̃, ·] has the number of networks and of rows of the vectors.
    """
    batch, size, _ = like.shape
    count = min(rank + MORE, size // rounds)
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(size, count, dtype=torch.float64, generator=random)
    vectors = vectors.to(like).expand(batch, size, count).contiguous()
    lefts: list[torch.Tensor] = []
    images: list[torch.Tensor] = []
    for _ in range(rounds):
        new = times(vectors)
        for _ in range(2 if lefts else 0):  # once leaves what rounding has added
            known = torch.cat(lefts, dim=2)
            new = new - torch.bmm(known, torch.bmm(known.transpose(1, 2), new))
        lefts.append(torch.linalg.qr(new).Q)
        images.append(back(lefts[-1]))
        vectors = torch.linalg.qr(images[-1]).Q
    basis, triangle = torch.linalg.qr(torch.cat(images, dim=2))
    rotation, singular, _ = torch.linalg.svd(triangle)
    return torch.bmm(basis, rotation[..., :rank].contiguous()) * singular[:, None, :rank].sqrt()
