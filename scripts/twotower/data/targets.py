"""True embeddings of exact smoothness, and the recommender R* that they make.

R*(x_u, x_i) = ⟨f*(x_u), f̃*(x_i)⟩ with each of the p components of f* and f̃* a random Fourier
series on its tower's support (see `twotower.theory.spectrum`). Coefficients are dense at every
scale, so that the average risk of any estimator falls no faster than n^(−2β/(2β+d)); with
`worst_case_at` they are as hard as their smoothness allows at that n, and end there.
"""

from dataclasses import dataclass

import numpy as np

from twotower.base.seeds import generator
from twotower.data.groups import TOWERS
from twotower.data.supports import Support, coordinate_dim, coordinates_on, draw_support
from twotower.theory import spectrum
from twotower.theory.fourier import half_space, synthesize

_MOMENT_POINTS = 16_384


@dataclass(frozen=True)
class Embedding:
    """One tower's true embedding f*: R^D → R^p.

    Attributes:
        support: where its covariates live.
        frequencies: integers [n_frequencies, d], half of the spectrum.
        coefficients: complex [p, n_frequencies].
    """

    support: Support
    frequencies: np.ndarray
    coefficients: np.ndarray

    def values(self, coordinates: np.ndarray) -> np.ndarray:
        """f* at intrinsic coordinates [n, d]: float64 [n, p]."""
        return synthesize(coordinates, self.frequencies, self.coefficients)

    def second_moment(self) -> np.ndarray:
        """E[f* f*ᵀ] under coordinates uniform on the cube, exactly: [p, p]."""
        return 2.0 * (self.coefficients @ self.coefficients.conj().T).real


@dataclass(frozen=True)
class Target:
    """The true recommender R* of one replicate, with E R*² = 1.

    Exactly where coordinates fill the cube, and then R* has mean 0; on a dust and on a slab up to
    the error of a mean over `_MOMENT_POINTS` points.
    """

    user: Embedding
    item: Embedding

    def ratings(self, user_coordinates: np.ndarray, item_coordinates: np.ndarray) -> np.ndarray:
        """Noise-free R* of n user–item pairs given by their coordinates: [n]."""
        return (self.user.values(user_coordinates) * self.item.values(item_coordinates)).sum(axis=1)


def draw_target(seed: int, spec: dict, replicate: int) -> Target:
    """The target of one replicate of a cell.

    Args:
        seed: the study's seed.
        spec: the cell's data settings (`Cell.data_spec`).
        replicate: index of the replicate; each has a target of its own.

    Example:
        >>> spec = dict(smoothness=1.0, support="cube", rank=2, noise_sd=1.0)
        >>> for tower in TOWERS:
        ...     spec |= {f"{tower}_intrinsic_dim": 1, f"{tower}_ambient_dim": 1}
        >>> draw_target(1, spec, 0).user.values(np.array([[0.25], [0.5]])).shape
        (2, 2)
    """
    embeddings = []
    for tower in TOWERS:
        dim = coordinate_dim(spec, tower)
        rng = generator(seed, spec, f"{tower}_support", replicate)
        support = draw_support(spec["support"], dim, spec[f"{tower}_ambient_dim"], rng)
        law = spectrum.law_of(spec, tower)
        waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, *law))
        sd = np.sqrt(spectrum.mode_variances(waves, *law))
        kept = half_space(waves)
        rng = generator(seed, spec, f"{tower}_coefficients", replicate)
        normal = rng.standard_normal((spec["rank"], kept.sum(), 2))
        coefficients = (normal[..., 0] + 1j * normal[..., 1]) * sd[kept] / np.sqrt(2.0)
        embeddings.append(Embedding(support, waves[kept], coefficients))
    user, item = embeddings
    if spec["support"] in ("dust", "slab"):
        moments = []
        for tower, embedding in zip(TOWERS, embeddings, strict=True):
            rng = generator(seed, spec, f"{tower}_moment", replicate)
            uniform = rng.random((_MOMENT_POINTS, coordinate_dim(spec, tower)))
            values = embedding.values(coordinates_on(spec, tower, uniform))
            moments.append(values.T @ values / _MOMENT_POINTS)
    else:
        moments = [embedding.second_moment() for embedding in embeddings]
    scale = (moments[0] * moments[1]).sum() ** -0.25
    return Target(
        *(Embedding(e.support, e.frequencies, scale * e.coefficients) for e in (user, item))
    )
