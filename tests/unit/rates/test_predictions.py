"""Finite-n predictions: limits in which they must be the plain one, and floors of known height."""

import math

import numpy as np
import pytest

from figure_fakes import DEFAULTS as PLAIN
from twotower.rates import predictions, spectra
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
    np.testing.assert_array_equal(predictions.predicted_risks(row, SIZES), expected)
    slope = np.polyfit(np.log(SIZES), np.log(expected), 1)[0]
    assert predictions.predicted_slope(row, SIZES) == pytest.approx(slope)


def test_an_endless_catalogue_is_fresh_pairs():
    plain = predictions.predicted_risk(PLAIN, 4096)
    ratios = []
    for size in (100, 1000, 100_000):
        row = PLAIN | {"sampling": "fixed_users", "catalogue": size}
        ratios.append(predictions.predicted_risk(row, 4096) / plain)
    assert ratios[0] > ratios[1] > ratios[2] > 1.0
    assert ratios[2] == pytest.approx(1.0, abs=0.01)


def test_few_users_leave_a_floor_of_their_own_rate():
    """n_users^(−2β/d) at endless ratings, and nothing to gain from more of them."""
    row = PLAIN | {"sampling": "fixed_users", "smoothness": 0.5}
    floors = []
    for size in (64, 256):
        risks = [predictions.predicted_risk(row | {"catalogue": size}, n) for n in (1e8, 1e9)]
        assert risks[1] == pytest.approx(risks[0], rel=0.05)
        floors.append(risks[1])
    slope = math.log(floors[1] / floors[0]) / math.log(4)
    assert slope == pytest.approx(-1.0, abs=0.15)


def test_many_ratings_of_each_cost_and_few_are_fresh_pairs():
    plain = predictions.predicted_risk(PLAIN, 4096)
    ratios = []
    for each in (1, 16, 256):
        row = PLAIN | {"sampling": "repeated", "ratings_each": each}
        ratios.append(predictions.predicted_risk(row, 4096) / plain)
    assert 1.0 < ratios[0] < ratios[1] < ratios[2]
    assert ratios[0] < 1.1 and ratios[2] > 2.0
    row = PLAIN | {"sampling": "repeated", "ratings_each": 16}
    assert predictions.predicted_slope(row, [2**19, 2**21]) == pytest.approx(
        predictions.predicted_slope(PLAIN, [2**19, 2**21]), abs=0.05
    )


def test_a_grid_is_a_catalogue_of_the_root_of_n():
    grid = PLAIN | {"sampling": "grid", "smoothness": 0.5}
    risk = predictions.predicted_risk(grid, 4096)
    assert risk > predictions.predicted_risk(PLAIN | {"smoothness": 0.5}, 4096)
    same = [predictions.predicted_risk(grid, n) for n in (64**2, 64**2 + 100)]
    assert same[1] < same[0] < 1.1 * same[1]  # as many users, a few more ratings each
    assert predictions.asymptotic_slope(grid) == -0.5
    steep = {"user_intrinsic_dim": 3, "item_intrinsic_dim": 3}
    assert predictions.asymptotic_slope(grid | steep) == pytest.approx(-0.5 / 3)


def test_a_slab_runs_from_the_slice_to_the_cube():
    slab = [spectra.modes(1.0, 1.0, thickness, 2) for thickness in (0.0, 1.0)]
    plane = spectra.modes(1.0, 2.0, None, 0)
    for variance, count in (*slab, plane):
        assert (variance * count).sum() == pytest.approx(1.0)
        assert (np.diff(variance) <= 1e-18).all()
    risks = [
        predictions.predicted_risks(PLAIN | SLAB | {"off_manifold_noise": thickness}, SIZES)
        for thickness in (0.0, 0.03, 0.3, 1.0)
    ]
    assert all((one < other).all() for one, other in zip(risks, risks[1:], strict=False))
    square = PLAIN | {"user_intrinsic_dim": 2, "item_intrinsic_dim": 2}
    np.testing.assert_allclose(risks[-1], predictions.predicted_risks(square, SIZES), rtol=1e-6)
    ends = [PLAIN | SLAB | {"off_manifold_noise": thickness} for thickness in (0.0, 0.03)]
    assert [predictions.asymptotic_slope(end) for end in ends] == pytest.approx([-2 / 3, -1 / 2])


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
        return predictions.predicted_slope(PLAIN | dims | {"ambient_dim": 2}, SIZES)

    slopes = [slope(1, "cube"), slope(1.25), slope(1.5), slope(1.75), slope(2, "cube")]
    assert slopes == sorted(slopes)
    assert slope(1.5) == pytest.approx(-2 / 3.5, abs=0.03)


@pytest.mark.parametrize("dims", [(1, 1), (1, 2)])
def test_a_worst_case_is_hard_at_its_own_size_and_easy_beyond(dims):
    row = PLAIN | dict(zip(("user_intrinsic_dim", "item_intrinsic_dim"), dims, strict=True))
    usual = predictions.predicted_risks(row, SIZES)
    worst = predictions.predicted_risks(row | {"worst_case_at": 16384}, SIZES)
    assert 1.0 < (worst / usual)[SIZES == 16384].item() < 1.25
    assert worst[0] < usual[0] and worst[-1] < usual[-1]
    assert predictions.asymptotic_slope(row | {"worst_case_at": 16384}) == -1.0
    assert predictions.predicted_slope(
        row | {"worst_case_at": 16384}, [2**24, 2**26]
    ) == pytest.approx(-1.0, abs=0.02)


def test_floors():
    assert predictions.floor(PLAIN) == 0.0
    few = PLAIN | {"embedding_dim": 1}
    assert predictions.floor(few | {"lost_energy": 0.07}) == pytest.approx(0.07)
    assert 0.08 < predictions.floor(few) < 0.18  # 0.125 ± 0.008 over 200 drawn targets
    # without noise a rating not at random still tells the truth
    seen = PLAIN | {"sampling": "not_at_random", "noise_sd": 1e-6}
    assert predictions.floor(seen) == pytest.approx(0.0, abs=1e-9)
    # rounding alone costs what is clipped and a twelfth
    stars = predictions.floor(PLAIN | {"rating_scale": "stars", "noise_sd": 0.0})
    signal = spectra.signals((1.0, 1.0, None, 0), (1.0, 1.0, None, 0), 2)
    assert stars == pytest.approx(np.square(np.clip(np.round(signal), -2, 2) - signal).mean())
    assert signal.var() == pytest.approx(1.0, abs=0.1)
    assert predictions.predicted_risk(PLAIN | {"control": "permuted_ratings"}, 512) == 1.0


def test_exponents():
    assert predictions.asymptotic_slope(PLAIN | {"noise_sd": 0.0}) == -2.0
    assert predictions.asymptotic_slope(PLAIN | {"smoothness": math.inf}) == -1.0
    for stopped in ({"embedding_dim": 1}, {"rating_scale": "stars"}, {"sampling": "popularity"}):
        assert predictions.asymptotic_slope(PLAIN | stopped) == 0.0
    rough = PLAIN | {"smoothness": 0.5, "item_smoothness": 2.0, "item_intrinsic_dim": 3}
    assert predictions.asymptotic_slope(rough) == -0.5  # both towers: 1/2 and 4/7
    assert predictions.asymptotic_slope(rough | {"noise_sd": 0.0}) == -1.0
    assert predictions.joint_slope(PLAIN) == -0.5
    assert predictions.joint_slope(PLAIN | {"smoothness": 3.0}) == -0.5  # neighbours saturate
    units = np.array([16, 64, 256])
    lost = [predictions.interpolation(count, PLAIN) for count in units]
    assert np.polyfit(np.log(units), np.log(lost), 1)[0] == pytest.approx(-2.0, abs=0.1)
