"""Certificates of a data set: is it what the cell says it is?

Three measurements on what was generated, not on how: the energy of the cut tail against the
smallest risk in reach, the smoothness read off the spectrum of sampled values (of a worst case the
wave number at which it ends), and the intrinsic dimension of the covariates.
"""

import math

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from twotower.base.errors import ExpectedError
from twotower.data.supports import coordinate_dim
from twotower.data.targets import TOWERS, Embedding, Target
from twotower.theory import spectrum
from twotower.theory.bound import Theory, finite_n_risk

TAIL_SHARE = 0.1  # of the predicted risk at the largest sample, for both towers together
NOISE_FREE_TAIL = 1.0e-2  # without noise the predicted risk is 0: what towers cannot resolve
SMOOTHNESS_TOLERANCE = 0.15  # on β
END_TOLERANCE = 0.5  # on the largest |k|
DIMENSION_TOLERANCE = 0.15  # relative, on d; wider where the sample is too small for it
ROUNDING_ENERGY = 1.0e-24  # of the strongest octave
_NEIGHBOUR_POINTS = 4096


class CertificateError(ExpectedError):
    """A data set is not what its cell says; the text names each failed check."""


def certificate(
    spec: dict, targets: list[Target], covariates: dict[str, np.ndarray], n_ratings: int
) -> pd.DataFrame:
    """Checks of a data set, one row per check, tower and replicate.

    Args:
        spec: the cell's data settings.
        targets: one a replicate.
        covariates: for each tower the training covariates [B, n, D], in memory or a
            `tensors.Column`; the first few thousand are looked at.
        n_ratings: largest sample size.

    Returns:
        Columns `replicate`, `tower`, `check`, `expected`, `measured`, `tolerance`, `passed`; for
        the cut tail `measured` must not exceed `tolerance`, otherwise the distance of `measured`
        from `expected` must not.

    Example, with `spec` as in that of `targets.draw_target`:
        >>> drawn = {tower: np.random.default_rng(0).random((1, 2000, 1)) for tower in TOWERS}
        >>> certificate(spec, [draw_target(1, spec, 0)], drawn, 2000)["passed"].all()
        np.True_
    """
    smoothness = {tower: spectrum.smoothness_of(spec, tower) for tower in TOWERS}
    dims = {tower: coordinate_dim(spec, tower) for tower in TOWERS}
    theory = Theory(float(spec["smoothness"]), *dims.values(), *smoothness.values())
    predicted = finite_n_risk(float(n_ratings), theory, spec["rank"], float(spec["noise_sd"]))
    allowed_tail = TAIL_SHARE * predicted
    if float(spec["noise_sd"]) == 0:
        allowed_tail = max(allowed_tail, NOISE_FREE_TAIL)
    ends = {
        tower: spectrum.default_cutoff(dim, *spectrum.law_of(spec, tower))
        for tower, dim in dims.items()
    }
    is_worst_case = spectrum.law_of(spec, "user")[1] is not None
    tails = {
        tower: spectrum.cut_tail_energy(dim, spectrum.default_cutoff(dim, beta), beta)
        for (tower, dim), beta in zip(dims.items(), smoothness.values(), strict=True)
        if not is_worst_case  # its series is not cut: it ends
    }
    rows = []
    for replicate, target in enumerate(targets):
        for tower in TOWERS:
            checks = [("cut_tail", 0.0, sum(tails.values()), allowed_tail)]
            embedding = getattr(target, tower)
            if is_worst_case:
                checks.append(("end", float(ends[tower]), measured_end(embedding), END_TOLERANCE))
            else:
                measured = measured_smoothness(embedding)
                checks.append(("smoothness", smoothness[tower], measured, SMOOTHNESS_TOLERANCE))
            expected = _visible_dim(spec, tower)
            if expected is not None:
                points = np.unique(covariates[tower][replicate, :_NEIGHBOUR_POINTS], axis=0)
                measured = two_nearest_neighbour_dimension(points)
                relative = max(DIMENSION_TOLERANCE, 6.0 / math.sqrt(len(points)))  # 5 measured sd
                checks.append(("intrinsic_dim", expected, measured, relative * expected))
            for check, expected, value, tolerance in checks:
                passed = value == expected or abs(value - expected) <= tolerance
                rows.append((replicate, tower, check, expected, value, tolerance, passed))
    columns = ["replicate", "tower", "check", "expected", "measured", "tolerance", "passed"]
    return pd.DataFrame(rows, columns=columns)


def _visible_dim(spec: dict, tower: str) -> float | None:
    """The dimension that neighbours show: none on a thin slab, where it depends on the scale."""
    if spec["support"] != "slab":
        return spec[f"{tower}_intrinsic_dim"]
    ends = {0.0: spec[f"{tower}_intrinsic_dim"], 1.0: spec[f"{tower}_ambient_dim"]}
    return ends.get(spec["off_manifold_noise"])


def require(table: pd.DataFrame) -> None:
    """Raise `CertificateError`, naming what failed and by how much, unless every check passed."""
    failed = table[~table["passed"]]
    if len(failed):
        lines = [
            f"replicate {row.replicate}, {row.tower} tower: {row.check} measured "
            f"{row.measured:.4g}, expected {row.expected:.4g} within {row.tolerance:.2g}"
            for row in failed.itertuples()
        ]
        head = f"{len(failed)} of {len(table)} checks of this data set failed:"
        raise CertificateError("\n  ".join([head, *lines]))


def measured_smoothness(embedding: Embedding) -> float:
    """β from values on a regular grid: the spectrum's decay |k|^(−(2β+d)), by octaves.

    Infinite where nothing is left beyond a low degree.
    """
    dim = embedding.frequencies.shape[1]
    norm, power = _spectrum(embedding)
    cutoff = int(np.abs(embedding.frequencies).max())
    octaves, energies, counts = [], [], []
    for low in 2 ** np.arange(1, int(math.log2(cutoff)) if cutoff > 1 else 1):
        shell = (norm >= low) & (norm < 2 * low)
        octaves.append(np.log(norm[shell]).mean())
        energies.append(power[shell].mean())
        counts.append(shell.sum())
    if not octaves or max(energies) < 1e-20:
        return math.inf
    seen = np.array(energies) > ROUNDING_ENERGY * max(energies)  # above what an FFT rounds off
    slope = np.polyfit(
        np.array(octaves)[seen], np.log(energies)[seen], 1, w=np.sqrt(np.array(counts)[seen])
    )[0]
    return float((-slope - dim) / 2.0)


def measured_end(embedding: Embedding) -> float:
    """Largest |k| with energy, from values on a regular grid."""
    norm, power = _spectrum(embedding)
    return float(norm[power > ROUNDING_ENERGY * power.max()].max())


def _spectrum(embedding: Embedding) -> tuple[np.ndarray, np.ndarray]:
    """|k| and the mean square of the components' coefficients, on a grid of frequencies."""
    dim = embedding.frequencies.shape[1]
    side = 2 * int(np.abs(embedding.frequencies).max()) + 2
    axis = np.arange(side) / side
    grid = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    values = embedding.values(grid).T.reshape(-1, *[side] * dim)
    power = np.square(np.abs(np.fft.fftn(values, axes=range(1, dim + 1)) / side**dim)).mean(axis=0)
    waves = np.stack(np.meshgrid(*[np.fft.fftfreq(side, 1.0 / side)] * dim, indexing="ij"))
    return np.sqrt(np.square(waves).sum(axis=0)), power


def two_nearest_neighbour_dimension(points: np.ndarray) -> float:
    """Intrinsic dimension from the ratios of second to first neighbour distances.

    Maximum likelihood, N / Σ log(r₂/r₁) (Facco, d'Errico, Rodriguez & Laio 2017).
    """
    distances, _ = cKDTree(points).query(points, k=3)
    return float(len(points) / np.log(distances[:, 2] / distances[:, 1]).sum())
