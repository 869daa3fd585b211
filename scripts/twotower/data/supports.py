"""Supports of intrinsic dimension d inside R^D: where covariates live.

Intrinsic coordinates t are uniform on [0, 1]^d. A support maps them smoothly and one-to-one into
R^D and turns the result by a random rotation, so that no covariate is an intrinsic coordinate.

Two supports fill only a part of the cube of their coordinates: a dust of fractional dimension,
and a slab [0, 1]^d × thickness·[0, 1]^(D−d). Targets there are fields on the whole cube.
"""

import math
from dataclasses import dataclass

import numpy as np

_DUST_DIGITS = 48  # binary digits of a double that become digits of a point of the dust


def coordinate_dim(spec: dict, tower: str) -> int:
    """Number of coordinates t of one tower, and the dimension of the field that is its target."""
    if spec["support"] == "slab":
        return spec[f"{tower}_ambient_dim"]
    return math.ceil(spec[f"{tower}_intrinsic_dim"])


def coordinates_on(spec: dict, tower: str, uniform: np.ndarray) -> np.ndarray:
    """Coordinates [n, dim] of points of the support, from uniform numbers [n, dim] in [0, 1).

    A dust of dimension d in [0, 1]^m is the product of m Cantor sets whose two halves are copies
    shrunk by r = 2^(−m/d), so that each has dimension d/m: the binary digits b_j of a uniform
    number give the point (1 − r) Σ_j b_j r^j.
    """
    dim = spec[f"{tower}_intrinsic_dim"]
    if spec["support"] == "slab":
        points = uniform.copy()
        points[:, dim:] = 0.5 + spec["off_manifold_noise"] * (points[:, dim:] - 0.5)
        return points
    if dim == int(dim):
        return uniform
    ratio = 2.0 ** (-math.ceil(dim) / dim)
    points, rest, step = np.zeros_like(uniform), uniform.copy(), 1.0 - ratio
    for _ in range(_DUST_DIGITS):
        rest *= 2.0
        digit = np.floor(rest)
        rest -= digit
        points += step * digit
        step *= ratio
    return points


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

    Example:
        >>> support = draw_support("torus", 1, 3, np.random.default_rng(0))
        >>> np.linalg.norm(support.covariates(np.array([[0.1], [0.7]])), axis=1).round(6)
        array([1., 1.])
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
