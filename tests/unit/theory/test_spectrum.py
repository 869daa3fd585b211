"""The worst case at n: as smooth as the usual series, and no law that is as smooth is harder."""

import numpy as np
import pytest

from twotower.theory import spectrum

CASES = [(1, 0.5, 4096), (1, 1.0, 65536), (1, 2.0, 1024), (2, 1.0, 16384), (3, 1.0, 8192)]


def laws(dim: int, smoothness: float, n: int):
    """|k|, the worst law and the usual one up to its end, and ε² of p = 2 components at σ = 1."""
    noise = 2.0 / n
    waves = spectrum.frequencies(dim, spectrum.default_cutoff(dim, smoothness, noise))
    worst = spectrum.mode_variances(waves, smoothness, noise)
    norm = np.sqrt(np.square(waves).sum(axis=1))
    return norm, worst, spectrum.mode_variances(waves, smoothness), noise


def risk(law: np.ndarray, noise: float) -> float:
    """Of the best linear estimator that sees each coefficient with noise ε²."""
    return float((law * noise / (law + noise)).sum())


@pytest.mark.parametrize(("dim", "smoothness", "n"), CASES)
def test_it_is_pinskers_law_and_as_smooth_as_the_usual_one(dim, smoothness, n):
    norm, worst, usual, noise = laws(dim, smoothness, n)
    cut = spectrum.worst_cut(dim, smoothness, noise)
    assert norm.max() <= cut < norm.max() + 1
    beyond = norm >= 2
    due = noise * ((cut / norm[beyond]) ** smoothness - 1)
    np.testing.assert_allclose(worst[beyond], due, rtol=1e-12)
    assert worst.sum() == pytest.approx(1.0, abs=1e-12) and (worst > 0).all()
    rough = norm ** (2 * smoothness)
    assert rough @ worst == pytest.approx(rough @ usual, rel=0.03)  # κ is no whole number


@pytest.mark.parametrize(("dim", "smoothness", "n"), CASES)
def test_no_law_that_is_as_smooth_is_harder(dim, smoothness, n):
    norm, worst, usual, noise = laws(dim, smoothness, n)
    assert risk(worst, noise) > risk(usual, noise)
    rough, rng = norm ** (2 * smoothness), np.random.default_rng(0)
    for _ in range(100):  # roughness is handed from one part of the frequencies to another
        first, second = rng.integers(2, norm.max() + 1, size=2)
        giver, taker = (norm // 1 == first), (norm // 1 == second)
        moved = rng.random() * worst * giver
        other = worst - moved + (rough @ moved) / (rough @ taker) * taker
        assert rough @ other == pytest.approx(rough @ worst)
        assert (other >= 0).all()
        assert risk(other, noise) <= risk(worst, noise) * (1 + 1e-12)


def test_more_ratings_have_a_worst_case_of_higher_frequencies_up_to_what_targets_may_have():
    cuts = [spectrum.worst_cut(1, 1.0, 2.0 / n) for n in (64, 1024, 2**20)]
    assert 2 < cuts[0] < cuts[1] < cuts[2] < np.inf
    assert spectrum.worst_cut(2, 0.5, 2.0 / 2**26) == np.inf
    cell = {"smoothness": 1.0, "rank": 2, "noise_sd": 0.5, "worst_case_at": 100}
    assert spectrum.law_of(cell, "user") == (1.0, 0.005)
    for unset in (None, float("nan")):
        assert spectrum.law_of(cell | {"worst_case_at": unset}, "user") == (1.0, None)
