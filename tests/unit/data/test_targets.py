"""True embeddings, their supports and their ratings: variance, spectrum, streams."""

import math

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.base.seeds import generator
from twotower.data import ratings
from twotower.data.supports import coordinates_on, draw_support
from twotower.data.targets import TOWERS, draw_target
from twotower.theory import spectrum

MIXED = [
    data_spec(1),
    data_spec(1, 3, smoothness=0.5, rank=3),
    data_spec(2, 1, ambient=(5, 4)),
    data_spec(2, 3, ambient=(4, 7), support="torus", smoothness="inf"),
    data_spec(2, 1, worst_case_at=4096),
    data_spec(1, 3, ambient=(3, 3)),  # the item tower fills its space, the user tower is bent
]


def pairs(spec, replicate, n, role="train"):
    return ratings.draw_pairs(1, spec, draw_target(1, spec, replicate), replicate, n, role)


def test_random_streams_are_pinned():
    """Other numbers here make every result published before incomparable."""
    rng = generator(1, {"smoothness": 1.0, "rank": 2}, "train_users", 3)
    assert rng.random(3).tolist() == [0.5398124935714667, 0.05360602655041824, 0.010220752000338673]


@pytest.mark.parametrize("spec", MIXED)
def test_ratings_have_variance_one(spec):
    signals = []
    for replicate in range(3):
        target = draw_target(1, spec, replicate)
        moments = [getattr(target, tower).second_moment() for tower in TOWERS]
        assert (moments[0] * moments[1]).sum() == pytest.approx(1.0, abs=1e-12)
        found = pairs(spec, replicate, 20_000)
        signals.append(found["signal"])
        for tower in TOWERS:
            assert found[f"{tower}_covariates"].shape[1] == spec[f"{tower}_ambient_dim"]
            assert found[f"{tower}_coordinates"].shape[1] == spec[f"{tower}_intrinsic_dim"]
    assert np.mean(signals) == pytest.approx(0.0, abs=0.03)
    assert np.var(signals) == pytest.approx(1.0, abs=0.06)


def test_second_moment_is_that_of_the_values():
    embedding = draw_target(1, data_spec(1, rank=3), 0).user
    grid = np.arange(2048)[:, None] / 2048  # a regular grid finer than twice the cut-off: exact
    values = embedding.values(grid)
    np.testing.assert_allclose(values.T @ values / 2048, embedding.second_moment(), atol=1e-12)
    np.testing.assert_allclose(embedding.values(grid + 1.0), values, atol=1e-9)


@pytest.mark.parametrize(("dim", "smoothness"), [(1, 0.5), (1, 2.0), (2, 1.0), (3, 0.5)])
def test_spectrum_decays_as_smoothness_and_dimension_say(dim, smoothness):
    """E|c_k|² ∝ |k|^(−(2β+d)), from coefficients drawn, not from the formula that drew them."""
    spec = data_spec(dim, 1, smoothness=smoothness, rank=8)
    embedding = draw_target(1, spec, 0).user
    power = np.square(np.abs(embedding.coefficients)).mean(axis=0)
    norm = np.sqrt(np.square(embedding.frequencies).sum(axis=1))
    slope = np.polyfit(np.log(norm), np.log(power), 1)[0]
    assert slope == pytest.approx(-(2 * smoothness + dim), abs=0.1)


@pytest.mark.parametrize(("user", "item"), [(0.5, 1.0), (2.0, 0.5)])
def test_each_tower_has_its_own_smoothness(user, item):
    """Also where the other tower has another one: slopes of |k|^(−(2β+1)), tower by tower."""
    own = {"user_smoothness": user} if user > item else {"item_smoothness": item}
    target = draw_target(1, data_spec(1, smoothness=min(user, item), rank=8, **own), 0)
    for embedding, smoothness in ((target.user, user), (target.item, item)):
        power = np.square(np.abs(embedding.coefficients)).mean(axis=0)
        slope = np.polyfit(np.log(embedding.frequencies[:, 0]), np.log(power), 1)[0]
        assert slope == pytest.approx(-(2 * smoothness + 1), abs=0.1)
    assert (target.user.second_moment() * target.item.second_moment()).sum() == pytest.approx(1.0)


def test_a_worst_case_has_the_law_that_it_should():
    """From coefficients drawn: up to its end as Pinsker's law, with ε² of that many ratings."""
    spec = data_spec(1, worst_case_at=65536, rank=32, item_smoothness=2.0)
    target = draw_target(1, spec, 0)
    for embedding, smoothness in ((target.user, 1.0), (target.item, 2.0)):
        norm = embedding.frequencies[:, 0]
        cut = spectrum.worst_cut(1, smoothness, 32 / 65536)
        assert norm.max() == int(cut)
        power = np.square(np.abs(embedding.coefficients)).mean(axis=0)
        ratios = (power / ((cut / norm) ** smoothness - 1))[(norm >= 2) & (norm < cut - 1)]
        assert np.polyfit(np.log(norm[1 : len(ratios) + 1]), np.log(ratios), 1)[0] == pytest.approx(
            0.0, abs=0.3
        )


def test_infinite_smoothness_is_a_trigonometric_polynomial():
    embedding = draw_target(1, data_spec(2, smoothness="inf"), 0).user
    degree = spectrum.TRIGONOMETRIC_DEGREE
    assert np.square(embedding.frequencies).sum(axis=1).max() <= degree**2
    assert len(embedding.frequencies) == 6  # half of the 12 lattice points with 0 < |k| ≤ 2


@pytest.mark.parametrize(("dim", "cutoff"), [(1, 64), (2, 24), (3, 10)])
@pytest.mark.parametrize("smoothness", [1.0, 2.0])
def test_cut_tail_is_that_of_a_much_larger_lattice(dim, cutoff, smoothness):
    """What the larger lattice itself cuts is estimated by the formula, and small."""
    larger = {1: 100_000, 2: 500, 3: 60}[dim]
    norm = np.sqrt(np.square(spectrum.frequencies(dim, larger)).sum(axis=1))
    energy = norm ** -(2 * smoothness + dim)
    beyond = spectrum.cut_tail_energy(dim, larger, smoothness)
    share = beyond + (1 - beyond) * energy[norm > cutoff].sum() / energy.sum()
    assert spectrum.cut_tail_energy(dim, cutoff, smoothness) == pytest.approx(share, rel=0.06)


def test_default_cutoffs_keep_the_tail_small_where_they_can():
    assert spectrum.default_cutoff(1, math.inf) == spectrum.TRIGONOMETRIC_DEGREE
    assert spectrum.cut_tail_energy(1, spectrum.default_cutoff(1, 0.5), 0.5) <= 2e-4
    with pytest.raises(ValueError, match="1 to 4"):
        spectrum.default_cutoff(5, 1.0)


@pytest.mark.parametrize("spec", MIXED)
def test_smaller_samples_are_prefixes_of_larger_ones(spec):
    large = pairs(spec, 0, 5000)
    for n in (1, 100, 2048, 3001):
        small = pairs(spec, 0, n)
        for name, column in small.items():
            if name.endswith("coordinates"):
                assert np.array_equal(column, large[name][:n])
            else:  # sums of another order
                np.testing.assert_allclose(column, large[name][:n], rtol=0, atol=1e-13)
    signal = large["signal"]
    noisy = ratings.noise(1, spec, 0)(signal)
    assert np.array_equal(ratings.noise(1, spec, 0)(signal[:100]), noisy[:100])


def test_noise_is_independent_with_the_sd_asked_for():
    zero = np.zeros(200_000)
    noise = [ratings.noise(1, data_spec(noise_sd=0.3), r)(zero) for r in (0, 1)]
    assert noise[0].std() == pytest.approx(0.3, rel=0.01)
    assert noise[0].mean() == pytest.approx(0.0, abs=0.003)
    assert np.corrcoef(noise)[0, 1] == pytest.approx(0.0, abs=0.01)
    assert not ratings.noise(1, data_spec(noise_sd=0.0), 0)(zero).any()


def test_a_replicate_does_not_depend_on_its_neighbours():
    spec = data_spec(2, 1, ambient=(3, 3))
    _, train, test = draw_replicates(1, spec, range(4), 300, 200)
    _, train_alone, test_alone = draw_replicates(1, spec, range(2, 4), 300, 200)
    for whole, alone in ((train, train_alone), (test, test_alone)):
        assert list(whole) == list(alone)
        for name in whole:
            assert np.array_equal(whole[name][2:], alone[name])
    assert "ratings" not in test
    for name in ("user_coordinates", "item_coordinates"):  # every stream is another one
        streams = [train[name][0], train[name][1], test[name][0], test[name][1]]
        assert len({stream[0, 0] for stream in streams}) == 4


def test_another_seed_or_setting_is_another_target():
    base = draw_target(1, data_spec(), 0).user.coefficients
    for seed, spec in ((2, data_spec()), (1, data_spec(noise_sd=0.5))):
        assert not np.array_equal(draw_target(seed, spec, 0).user.coefficients, base)


@pytest.mark.parametrize(
    ("kind", "dim", "ambient"), [("graph", 1, 6), ("graph", 2, 3), ("torus", 2, 4), ("torus", 1, 9)]
)
def test_supports_are_smooth_one_to_one_and_turned(kind, dim, ambient):
    rng = np.random.default_rng(0)
    support = draw_support(kind, dim, ambient, rng)
    np.testing.assert_allclose(support.rotation @ support.rotation.T, np.eye(ambient), atol=1e-13)
    t = rng.random((200, dim))
    points = support.covariates(t)
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    step = np.abs(t[:, None] - t[None])
    chord = np.linalg.norm(2 * np.sin(np.pi * step) if kind == "torus" else 2 * step, axis=2)
    # a torus is mapped isometrically; a graph stretches, by no more than its slopes allow
    stretch = 0 if kind == "torus" else (ambient - dim) * (np.pi * math.sqrt(dim)) ** 2 / 4
    assert (far >= chord - 1e-12).all()
    assert (far <= chord * math.sqrt(1 + stretch) + 1e-12).all()
    if kind == "torus":
        np.testing.assert_allclose(support.covariates(t + 1.0), points, atol=1e-12)
    assert np.abs(support.rotation).max() < 1 - 1e-3  # no covariate is an intrinsic coordinate


def test_a_cube_is_centred_and_small_spaces_are_refused():
    rng = np.random.default_rng(0)
    cube = draw_support("graph", 2, 2, rng)
    assert np.array_equal(cube.covariates(np.array([[0.0, 0.75]])), [[-1.0, 0.5]])
    for kind, dim, ambient in (("graph", 3, 2), ("torus", 2, 3), ("cube", 1, 2)):
        with pytest.raises(ValueError, match="does not fit"):
            draw_support(kind, dim, ambient, rng)


@pytest.mark.parametrize("dim", [1.25, 1.5, 1.75])
def test_a_dust_has_exactly_its_dimension(dim):
    """Of 4^j boxes of side r^j all and no more hold points: log 4 / log(1/r) = d."""
    spec = data_spec(dim, ambient=(2, 2), support="dust")
    points = coordinates_on(spec, "user", np.random.default_rng(0).random((200_000, 2)))
    ratio = 2.0 ** (-2 / dim)
    assert points.min() >= 0 and points.max() <= 1
    for level in (1, 2, 3, 4):
        # corners of the boxes: all sums (1 − r) Σ_{j < level} b_j r^j on each axis
        corners = np.zeros(1)
        for j in range(level):
            corners = np.concatenate([corners, corners + (1 - ratio) * ratio**j])
        nearest = np.searchsorted(np.sort(corners), points + 1e-12, side="right") - 1
        offset = points - np.sort(corners)[nearest]
        assert (offset <= ratio**level + 1e-9).all()
        assert len(np.unique(nearest, axis=0)) == 4**level


def test_a_slab_runs_from_a_slice_to_the_whole_cube():
    uniform = np.random.default_rng(0).random((1000, 2))
    for thickness in (0.0, 0.1, 1.0):
        spec = data_spec(1, ambient=(2, 2), support="slab", off_manifold_noise=thickness)
        points = coordinates_on(spec, "user", uniform)
        assert np.array_equal(points[:, 0], uniform[:, 0])
        assert np.ptp(points[:, 1]) == pytest.approx(thickness, abs=0.01)
    assert np.array_equal(points, uniform)


@pytest.mark.parametrize(
    "settings",
    [
        {"user_dim": 1.5, "ambient": (2, 2), "support": "dust"},
        {"ambient": (2, 2), "support": "slab", "off_manifold_noise": 0.1},
    ],
)
def test_targets_on_thin_supports_have_second_moment_one(settings):
    spec = data_spec(**settings)
    moments = [np.square(pairs(spec, r, 20_000)["signal"]).mean() for r in range(4)]
    assert moments == pytest.approx([1.0] * 4, abs=0.12)


def test_heavy_tails_have_the_same_variance():
    zero = np.zeros(400_000)
    noise = ratings.noise(1, data_spec(noise="student", noise_sd=0.5), 0)(zero)
    assert noise.std() == pytest.approx(0.5, rel=0.1)
    quantile = np.quantile(np.abs(noise), 0.99) / 0.5
    assert quantile == pytest.approx(5.841 / math.sqrt(3), rel=0.03)  # t with 3 degrees of freedom


def test_stars_are_whole_and_clipped():
    spec = data_spec(rating_scale="stars", noise_sd=0.0)
    signal = np.array([-9.0, -1.6, -0.4, 0.4, 1.4, 9.0])
    assert ratings.noise(1, spec, 0)(signal).tolist() == [-2, -2, 0, 0, 1, 2]
