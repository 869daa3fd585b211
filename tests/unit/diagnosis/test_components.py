"""Parts of an error, worths and verdicts, from errors whose parts are planted in closed form."""

import numpy as np
import pytest

from twotower.diagnosis import components, verdicts, worth
from twotower.diagnosis.factorial import BEST, RUNGS, SHARES, Towers, is_crowded, rungs
from twotower.diagnosis.findings import taken_apart

TOWERS = Towers(16, 1, 2, 500, 256, 0.01)
RUNG = {rung.name: rung for rung in rungs(TOWERS)}
DRAWS = 200
N = 10_000
NAMES = components.NAMES


def planted(noise=0.3, width_gap=0.1, rank_gap=0.1, stops=0.1, scale=1.0, jitter=1e-4, n=N):
    """Errors of every rung: a floor, powers of the width and the dimension, weights over n."""
    rng = np.random.default_rng(0)
    errors = {}
    for name, rung in RUNG.items():
        towers = rung.towers
        width, rank = towers.width / TOWERS.width, towers.rank / TOWERS.rank
        left = noise + width_gap * width**-1.5 + rank_gap * rank**-1.5
        for share in rung.shares:
            size = SHARES[share] * n
            error = left * size / (size - scale * towers.weights())
            error += 0.0 if rung.training == BEST else stops * TOWERS.steps / towers.steps
            errors[f"{name}/{share}"] = error + jitter * rng.standard_normal(1 + DRAWS)
            errors[f"{name}/{share}"][0] = error
    errors["constant/all"] = np.full(1 + DRAWS, 30.0)  # so that both gaps simply add
    return errors


def test_planted_parts_are_found():
    errors = planted()
    found = taken_apart(errors, RUNG, N, 1)
    weights = TOWERS.weights()
    due = [0.3, 0.5 * weights / (N - weights), 0.1, 0.1, 0.1]
    got = [found.parts[name][0] for name in NAMES]
    assert got == pytest.approx(due, abs=0.02)
    assert sum(found.parts.values()) == pytest.approx(found.total)
    assert found.total[0] == errors["own/all"][0]


@pytest.mark.parametrize(
    ("case", "limit"),
    [
        ({"noise": 0.9}, "noise floor"),
        ({"noise": 0.1, "width_gap": 0.6}, "approximation"),
        ({"noise": 0.1, "rank_gap": 0.6}, "rank"),
        ({"noise": 0.1, "stops": 0.6}, "optimization"),
        ({"noise": 0.1, "scale": 30.0, "n": 4_500, "stops": 0.0}, "estimation"),
    ],
)
def test_the_largest_part_is_named(case, limit):
    found = taken_apart(planted(**case), RUNG, case.get("n", N), 1)
    named = verdicts.limit(found, NAMES)
    assert (named.name, named.decided) == (limit, True)
    assert named.margin[1] > 0 and named.more is None


def test_two_equal_parts_are_not_decided_and_more_ratings_would_tell():
    found = taken_apart(planted(noise=0.1, stops=0.105, jitter=0.01), RUNG, N, 1)
    named = verdicts.limit(found, components.BUYS)
    assert not named.decided
    assert named.more is None or 1 < named.more <= verdicts.MOST


def test_how_much_more_would_decide_follows_from_the_margin():
    """A margin of 1 whose interval begins at −1 needs half of its width: four times the ratings."""
    parts = {name: np.zeros(1001) for name in NAMES}
    parts["rank"][0] = 1.0
    parts["rank"][1:] = np.r_[np.full(100, -1.0), np.full(900, 3.0)]
    named = verdicts.limit(components.Components(parts, np.ones(1001), np.zeros(1001)), NAMES)
    assert (named.name, named.decided) == ("rank", False)
    assert named.more == pytest.approx(4.0)


def test_training_that_is_better_for_stopping_short_counts_against_estimation():
    errors = planted(scale=5.0, stops=-0.005)
    found = taken_apart(errors, RUNG, N, 1)
    assert found.parts["optimization"][0] == 0.0
    assert found.gained[0] == pytest.approx(0.005)
    assert sum(found.parts.values()) == pytest.approx(found.total)


def test_crowded_towers_are_told_from_narrower_ones():
    """Their own fits explode; what they could express follows from the rungs below them."""
    n = 400
    errors = planted(noise=0.5, width_gap=0.02, rank_gap=0.0, stops=0.0, n=n)
    assert is_crowded(TOWERS, n)
    for name in (*RUNGS[:5], "width-2", "width-4"):
        for share in SHARES:
            if f"{name}/{share}" in errors:
                errors[f"{name}/{share}"] += 3.0
    found = taken_apart(errors, RUNG, n, 1)
    assert verdicts.limit(found, NAMES).name == "estimation"
    assert found.parts["noise floor"][0] == pytest.approx(0.5, abs=0.06)


def test_purchases_are_worth_what_the_closed_form_says():
    errors = planted()
    found = taken_apart(errors, RUNG, N, 1)
    worths = worth.worths(found, errors)
    weights, left = TOWERS.weights(), 0.5
    due = left * N / (N - weights) - left * 10 * N / (10 * N - weights)
    assert worths["ten times the ratings"][0] == pytest.approx(due, rel=0.25)
    assert worths["twice the steps"][0] == pytest.approx(0.05)


def test_the_smallest_difference_is_2_8_standard_errors():
    rng = np.random.default_rng(1)
    own = np.full(4001, 2.0)
    errors = {f"{name}/all": own.copy() for name in ("own-width-2", "own-rank-2", "own-steps-2")}
    for values in errors.values():
        values[1:] += 0.01 * rng.standard_normal(4000)
    least, splits = worth.smallest_difference(errors | {"own/all": own}, 3)
    assert least == pytest.approx(2.8016 * 0.01, rel=0.03)
    assert splits == pytest.approx(3 * (least / 0.02) ** 2, abs=1)
