"""Names of tensors in a training job's weight file: size/start/tower/layer/part."""

import numpy as np
import torch

from twotower.towers.networks import Towers

_TOWERS = ("user", "item")
_PARTS = ("weight", "bias")


def named(
    towers: Towers, bound: torch.Tensor, loss: torch.Tensor, n_ratings: int, start: str
) -> dict[str, np.ndarray]:
    """Arrays of one fit: every weight [B, n_in, n_out] and bias [B, 1, n_out], M [B], and the
    training loss [B].
    """
    prefix = f"{n_ratings:09d}/{start}"
    tensors = {f"{prefix}/bound": bound, f"{prefix}/training_loss": loss.double()}
    for tower in _TOWERS:
        for index, layer in enumerate(getattr(towers, tower)):
            for part, tensor in zip(_PARTS, layer, strict=True):
                tensors[f"{prefix}/{tower}/{index}/{part}"] = tensor
    return {name: tensor.cpu().numpy() for name, tensor in tensors.items()}


def fits_in(tensors: dict[str, np.ndarray]) -> list[tuple[int, str, Towers, np.ndarray]]:
    """Every fit of a weight file, sizes growing: size, start, towers in float64, bound M [B]."""
    fits = []
    for name in sorted(name for name in tensors if name.endswith("/bound")):
        prefix = name.removesuffix("/bound")
        towers = Towers(*(_layers(tensors, f"{prefix}/{tower}") for tower in _TOWERS))
        n_ratings, start = prefix.split("/")
        fits.append((int(n_ratings), start, towers, tensors[name]))
    return fits


def _layers(tensors: dict[str, np.ndarray], place: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    layers = []
    while f"{place}/{len(layers)}/weight" in tensors:
        arrays = (tensors[f"{place}/{len(layers)}/{part}"] for part in _PARTS)
        layers.append(tuple(torch.from_numpy(array).double() for array in arrays))
    return layers
