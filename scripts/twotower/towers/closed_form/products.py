"""Products of features: symmetric ones, of which a CPU computes one triangle, and skinny ones, in
the order that it takes fastest.
"""

import torch


def add_lower(total: torch.Tensor, left: torch.Tensor) -> None:
    """Add leftᵀ left of float64 [B, rows, M] to total [B, M, M], up to the diagonal at least."""
    if left.device.type != "cpu":
        total.baddbmm_(left.transpose(1, 2), left)
        return
    from scipy.linalg import blas  # a fifth of a second, which fits of one covariate do without

    for b in range(len(left)):  # transposed views have the order of columns that BLAS works on
        kept, factor = total[b].numpy().T, left[b].numpy().T
        blas.dsyrk(1.0, factor, beta=1.0, c=kept, overwrite_c=True)


def mirror(total: torch.Tensor) -> torch.Tensor:
    """The same tensor [B, M, M], a sum by `add_lower` from 0, filled beyond the diagonal."""
    if total.device.type == "cpu":
        total += total.tril(-1).transpose(1, 2)
    return total


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Products [B, m, n] of [B, m, k] and [B, k, n], with the bits that each network gets alone.

    With m or n of 1 some processors add in another order if there are several networks.
    """
    if _of_vectors(left, right):
        return torch.stack([one @ other for one, other in zip(left, right, strict=True)])
    return torch.bmm(left, right)


def add_product(total: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    """Add `product` to total [B, m, n], in place."""
    if _of_vectors(left, right):
        total += product(left, right)
    else:
        total.baddbmm_(left, right)


def _of_vectors(left: torch.Tensor, right: torch.Tensor) -> bool:
    return left.device.type == "cpu" and 1 in (left.shape[1], right.shape[2])


def outputs(phi: torch.Tensor, raw: torch.Tensor) -> torch.Tensor:
    """Features [B, rows, M] times weights [B, M, p]: [B, rows, p], a transposed view."""
    return product(raw.transpose(1, 2), phi.transpose(1, 2)).transpose(1, 2)


def inner(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Inner products [B, 1, 1] of each network's entries, with the bits that it gets alone: a
    batched product of 400 entries or more would have others.
    """
    found = torch.stack([entries.sum() for entries in (left * right).flatten(1)])
    return found[:, None, None]
