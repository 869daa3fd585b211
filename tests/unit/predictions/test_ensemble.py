"""Finite-n predictions: limits in which they must be the plain one, and spectra of supports."""

import math

import numpy as np
import pytest

from figure_fakes import DEFAULTS as PLAIN
from twotower.data.supports import coordinates_on
from twotower.predictions import catalogues, ensemble, spectra
from twotower.theory import spectrum
from twotower.theory.bound import Theory, finite_n_risk

SIZES = 2 ** np.arange(9, 17)
SLAB = {"support": "slab", "ambient_dim": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"smoothness": 0.5, "item_intrinsic_dim": 2},
        {"noise": "student"},
        {"smoothness": math.inf},
        {"smoothness": 0.5, "user_smoothness": 2.0, "item_intrinsic_dim": 2},
    ],
)
def test_ordinary_cells_have_the_plain_prediction(changes):
    row = PLAIN | changes
    dims = row["user_intrinsic_dim"], row["item_intrinsic_dim"]
    theory = Theory(row["smoothness"], *dims, changes.get("user_smoothness"))
    expected = [finite_n_risk(n, theory, 2, 1.0) for n in SIZES]
    np.testing.assert_array_equal(ensemble.predicted_risks(row, SIZES), expected)
    slope = np.polyfit(np.log(SIZES), np.log(expected), 1)[0]
    assert ensemble.predicted_slope(row, SIZES) == pytest.approx(slope)


def test_a_slab_runs_from_the_slice_to_the_cube():
    slab = [spectra.modes(1.0, 1.0, thickness, 2) for thickness in (0.0, 1.0)]
    plane = spectra.modes(1.0, 2.0, None, 0)
    for variance, count in (*slab, plane):
        assert (variance * count).sum() == pytest.approx(1.0)
        assert (np.diff(variance) <= 1e-18).all()
    risks = [
        ensemble.predicted_risks(PLAIN | SLAB | {"off_manifold_noise": thickness}, SIZES)
        for thickness in (0.0, 0.03, 0.3, 1.0)
    ]
    assert all((one < other).all() for one, other in zip(risks, risks[1:], strict=False))
    square = PLAIN | {"user_intrinsic_dim": 2, "item_intrinsic_dim": 2}
    np.testing.assert_allclose(risks[-1], ensemble.predicted_risks(square, SIZES), rtol=1e-6)
    ends = [PLAIN | SLAB | {"off_manifold_noise": thickness} for thickness in (0.0, 0.03)]
    assert [ensemble.asymptotic_slope(end) for end in ends] == pytest.approx([-2 / 3, -1 / 2])


def test_the_modes_of_a_slab_are_those_of_the_field_on_a_fine_grid():
    """Eigenvalues of the covariance at the points of a grid that fills the slab."""
    waves = spectrum.frequencies(2, spectrum.default_cutoff(2, 3.0))
    waves = waves[(np.abs(waves) <= 8).all(axis=1)]  # more than 99.99% of it
    energy = spectrum.mode_variances(waves, 3.0)
    one = np.arange(24) / 24
    thin = 0.3 * (np.arange(24) + 0.5) / 24
    points = np.stack(np.meshgrid(one, thin, indexing="ij"), axis=-1).reshape(-1, 2)
    phases = np.exp(2j * np.pi * points @ waves.T)
    found = np.linalg.eigvalsh((phases * energy) @ phases.conj().T / len(points))[::-1]
    variance, count = spectra.modes(3.0, 1.0, 0.3, 2)
    expected = np.repeat(variance, count.astype(int))
    assert expected[:20] == pytest.approx(found[:20], rel=0.02)


def test_a_dust_lies_between_its_neighbours():
    def slope(dim, support="dust"):
        dims = {"user_intrinsic_dim": dim, "item_intrinsic_dim": dim, "support": support}
        return ensemble.predicted_slope(PLAIN | dims | {"ambient_dim": 2}, SIZES)

    slopes = [slope(1, "cube"), slope(1.25), slope(1.5), slope(1.75), slope(2, "cube")]
    assert slopes == sorted(slopes)
    assert slope(1.5) == pytest.approx(-2 / 3.5, abs=0.03)


def test_the_modes_of_a_dust_are_those_of_the_field_at_points_drawn_on_it():
    """Largest eigenvalues of the covariance at random points, and the energy beyond them."""
    waves = spectrum.frequencies(2, 16)  # of β = 2 all but 10⁻⁵
    energy = spectrum.mode_variances(waves, 2.0)
    spec = {"support": "dust", "user_intrinsic_dim": 1.25}
    points = coordinates_on(spec, "user", np.random.default_rng(0).random((4000, 2)))
    phases = np.exp(2j * np.pi * points @ waves.T) * np.sqrt(energy)
    found = np.linalg.eigvalsh(phases.conj().T @ phases / len(points))[::-1]
    variance, count = spectra.modes(2.0, 1.25, None, 0)
    assert (count[:10] == 1).all()
    assert variance[:10] == pytest.approx(found[:10], rel=0.1)
    assert 1.0 - variance[:20].sum() == pytest.approx(1.0 - found[:20].sum(), rel=0.1)


@pytest.mark.parametrize("dim", [1.25, 1.75, 2.5, 3.5])
def test_modes_of_a_dust_hold_all_energy_and_fall_as_those_of_a_set_of_its_dimension(dim):
    variance, count = spectra.modes(1.0, dim, None, 0)
    assert (variance * count).sum() == pytest.approx(1.0)
    assert (np.diff(variance) <= 0).all()
    beyond = 1.0 - np.interp([40, 160, 640], np.cumsum(count), np.cumsum(variance * count))
    slope = np.polyfit(np.log([40, 160, 640]), np.log(beyond), 1)[0]
    assert slope == pytest.approx(-2.0 / dim, abs=0.15)


def test_a_dust_of_full_dimension_is_the_cube():
    variance, count = spectra._dust(1.0, 2.0)
    cube, number = spectra.modes(1.0, 2.0, None, 0)
    expected = np.repeat(cube, number.astype(int))
    assert (variance * count).sum() == pytest.approx(1.0)
    assert variance[:200] == pytest.approx(expected[:200], rel=0.002)
    both = [catalogues.fixed_point([each, each], [None, None], n, 2, 1.0) for n in SIZES
            for each in ((variance, count), (cube, number))]  # fmt: skip
    risks = np.array(both).sum(axis=1).reshape(-1, 2)
    assert risks[:, 0] == pytest.approx(risks[:, 1], rel=0.01)


@pytest.mark.parametrize("dims", [(1, 1), (1, 2)])
def test_a_worst_case_is_hard_at_its_own_size_and_easy_beyond(dims):
    row = PLAIN | dict(zip(("user_intrinsic_dim", "item_intrinsic_dim"), dims, strict=True))
    usual = ensemble.predicted_risks(row, SIZES)
    worst = ensemble.predicted_risks(row | {"worst_case_at": 16384}, SIZES)
    assert 1.0 < (worst / usual)[SIZES == 16384].item() < 1.25
    assert worst[0] < usual[0] and worst[-1] < usual[-1]
    assert ensemble.asymptotic_slope(row | {"worst_case_at": 16384}) == -1.0
    assert ensemble.predicted_slope(
        row | {"worst_case_at": 16384}, [2**24, 2**26]
    ) == pytest.approx(-1.0, abs=0.02)


def test_whole_dimensions_may_come_as_fractions():
    """As columns of a table do where another row has a dust."""
    row = PLAIN | {"user_intrinsic_dim": 3.0, "item_intrinsic_dim": 2.0}
    whole = PLAIN | {"user_intrinsic_dim": 3, "item_intrinsic_dim": 2}
    assert ensemble.predicted_risk(row, 512) == ensemble.predicted_risk(whole, 512)


def test_exponents():
    assert ensemble.asymptotic_slope(PLAIN | {"noise_sd": 0.0}) == -2.0
    assert ensemble.asymptotic_slope(PLAIN | {"smoothness": math.inf}) == -1.0
    for stopped in ({"embedding_dim": 1}, {"rating_scale": "stars"}, {"sampling": "popularity"}):
        assert ensemble.asymptotic_slope(PLAIN | stopped) == 0.0
    rough = PLAIN | {"smoothness": 0.5, "item_smoothness": 2.0, "item_intrinsic_dim": 3}
    assert ensemble.asymptotic_slope(rough) == -0.5  # both towers: 1/2 and 4/7
    assert ensemble.asymptotic_slope(rough | {"noise_sd": 0.0}) == -1.0
    assert ensemble.joint_slope(PLAIN) == -0.5
    assert ensemble.joint_slope(PLAIN | {"smoothness": 3.0}) == -0.5  # neighbours saturate
    units = np.array([16, 64, 256])
    lost = [ensemble.interpolation(count, PLAIN) for count in units]
    assert np.polyfit(np.log(units), np.log(lost), 1)[0] == pytest.approx(-2.0, abs=0.1)
