"""Symmetric products, of which little more than one triangle is computed."""

from collections.abc import Iterator

import torch

_BLOCK = 96  # columns whose products with all columns up to them are taken at once


def add_lower(total: torch.Tensor, left: torch.Tensor) -> None:
    """Add leftᵀ left of [B, rows, M] to total [B, M, M], on its blocks up to the diagonal."""
    for begin, end in _blocks(left.shape[2]):
        columns = left[:, :, begin:end].transpose(1, 2)
        total[:, begin:end, :end].baddbmm_(columns, left[:, :, :end])


def mirror(total: torch.Tensor) -> torch.Tensor:
    """The same tensor [B, M, M], its blocks beyond the diagonal filled from those up to it."""
    for begin, end in _blocks(total.shape[2]):
        total[:, :begin, begin:end] = total[:, begin:end, :begin].transpose(1, 2)
    return total


def inner(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Inner products [B, 1, 1] of each network's entries, with the bits that it gets alone."""
    return torch.bmm(left.flatten(1).unsqueeze(1), right.flatten(1).unsqueeze(2))


def _blocks(size: int) -> Iterator[tuple[int, int]]:
    step = -(-size // max(round(size / _BLOCK), 1))
    return ((begin, min(begin + step, size)) for begin in range(0, size, step))
