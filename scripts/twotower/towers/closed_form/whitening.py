"""The map that whitens features: afterwards their second moment is the identity."""

import torch

CUTOFF = 1.0e-11  # of the largest eigenvalue; 1e-7 would lose the high frequencies


def whitening_map(gram: torch.Tensor) -> torch.Tensor:
    """[B, M, M] for features of second moments [B, M, M]: features times it are white.

    Columns of directions that the data do not show are 0.
    """
    scale = gram.diagonal(dim1=1, dim2=2).sqrt()
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    values, vectors = torch.linalg.eigh(gram / scale[:, :, None] / scale[:, None, :])
    kept = values > CUTOFF * values[:, -1:]
    inverse_root = torch.where(kept, values, torch.ones_like(values)).rsqrt() * kept
    return vectors * inverse_root[:, None, :] / scale[:, :, None]
