"""The energy of a target's components: what towers of too few components must miss."""

import numpy as np

from twotower.data.targets import TOWERS


def lost_energy(tensors: dict[str, np.ndarray], dim: int) -> np.ndarray:
    """Share of each target's E R*² that lies beyond its `dim` strongest components: [B].

    R* = ⟨f*, f̃*⟩ as an operator between the towers has the squared singular values
    eig(E[f* f*ᵀ] E[f̃* f̃*ᵀ]), and truncation to the `dim` largest is the best fit of that rank
    (Eckart & Young 1936). Coordinates are taken to fill the cube.

    Args:
        tensors: as of `ratings.target_tensors`: `<tower>/coefficients` [B, p, n_frequencies, 2].
        dim: components kept.
    """
    moments = []
    for tower in TOWERS:
        parts = tensors[f"{tower}/coefficients"]
        flat = parts.reshape(*parts.shape[:2], -1)
        moments.append(2.0 * flat @ flat.transpose(0, 2, 1))
    energy = np.sort(np.linalg.eigvals(moments[0] @ moments[1]).real, axis=1)
    return energy[:, : energy.shape[1] - dim].sum(axis=1) / energy.sum(axis=1)
