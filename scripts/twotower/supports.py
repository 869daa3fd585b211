"""Supports of intrinsic dimension d inside R^D: where covariates live.

Intrinsic coordinates t are uniform on [0, 1]^d. A support maps them smoothly and one-to-one into
R^D and turns the result by a random rotation, so that no covariate is an intrinsic coordinate.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Support:
    """A map [0, 1]^d → R^D.

    Attributes:
        kind: "cube" (D = d, t ↦ 2t − 1), "graph" (t ↦ (2t − 1, h(t))) or "torus"
            (t ↦ (cos 2πt, sin 2πt), padded by zeros).
        rotation: orthogonal [D, D]; the identity for the cube.
        waves: [D − d, d] wave vectors of h_j(t) = cos(2π⟨waves_j, t⟩ + phases_j)/2.
        phases: [D − d].
    """

    kind: str
    rotation: np.ndarray
    waves: np.ndarray
    phases: np.ndarray

    def covariates(self, coordinates: np.ndarray) -> np.ndarray:
        """Covariates [n, D] at intrinsic coordinates [n, d]."""
        if self.kind == "torus":
            angles = 2.0 * math.pi * coordinates
            flat = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
            padding = np.zeros((len(flat), len(self.rotation) - flat.shape[1]))
            points = np.concatenate([flat, padding], axis=1)
        else:
            heights = 0.5 * np.cos(2.0 * math.pi * coordinates @ self.waves.T + self.phases)
            points = np.concatenate([2.0 * coordinates - 1.0, heights], axis=1)
        return points @ self.rotation.T


def draw_support(kind: str, dim: int, ambient_dim: int, rng: np.random.Generator) -> Support:
    """A random support of intrinsic dimension `dim` in R^`ambient_dim`; the cube where D = d.

    Raises:
        ValueError: if the ambient dimension is too small (D < d, or D < 2d for a torus).
    """
    extra = ambient_dim - dim
    if extra == 0:
        return Support("cube", np.eye(dim), np.zeros((0, dim)), np.zeros(0))
    if kind == "cube" or extra < (dim if kind == "torus" else 0):
        raise ValueError(f"a {kind} of dimension {dim} does not fit into R^{ambient_dim}")
    gaussian = rng.standard_normal((ambient_dim, ambient_dim))
    orthogonal, triangular = np.linalg.qr(gaussian)
    rotation = orthogonal * np.sign(np.diag(triangular))  # Haar-distributed (Mezzadri 2007)
    directions = rng.standard_normal((extra, dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    waves = directions * rng.uniform(0.25, 1.0, size=(extra, 1))
    return Support(kind, rotation, waves, rng.uniform(0.0, 2.0 * math.pi, size=extra))
