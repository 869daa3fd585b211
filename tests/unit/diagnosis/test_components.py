"""Parts of an error, worths and verdicts, from errors whose parts are planted in closed form."""

import numpy as np
import pytest

from twotower.diagnosis import components, floors, verdicts, worth
from twotower.diagnosis.factorial import (
    BEST,
    OWN,
    OWN_RUNGS,
    SHARES,
    Towers,
    base,
    is_crowded,
    rungs,
)
from twotower.diagnosis.findings import taken_apart

TOWERS = Towers(16, 1, 2, 500, 256, 0.01)
DRAWS = 200
N = 10_000
NAMES = components.NAMES


def planted(noise=0.3, width_gap=0.1, rank_gap=0.1, stops=0.1, scale=1.0, jitter=1e-4, n=N):
    """Errors of every rung: a floor, powers of the width and the dimension, weights over n."""
    rng = np.random.default_rng(0)
    errors = {}
    for name, rung in rungs(TOWERS, n).items():
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
    found = taken_apart(errors, rungs(TOWERS, N), N, 1)
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
    ],
)
def test_the_largest_part_is_named(case, limit):
    n = case.get("n", N)
    found = taken_apart(planted(**case), rungs(TOWERS, n), n, 1)
    named = verdicts.limit(found, NAMES)
    assert (named.name, named.decided) == (limit, True)
    assert named.margin[1] > 0 and named.more is None


def test_estimation_is_named_among_what_can_be_bought():
    n = 4_100
    errors = planted(width_gap=0.02, rank_gap=0.02, stops=0.0, scale=30.0, n=n)
    named = verdicts.limit(taken_apart(errors, rungs(TOWERS, n), n, 1), components.BUYS)
    assert (named.name, named.decided) == ("estimation", True)


def test_two_equal_parts_are_not_decided_and_more_ratings_would_tell():
    found = taken_apart(planted(noise=0.1, stops=0.105, jitter=0.01), rungs(TOWERS, N), N, 1)
    named = verdicts.limit(found, components.BUYS)
    assert not named.decided
    assert named.more is None or 1 < named.more <= verdicts.MOST


@pytest.mark.parametrize("lowest", [-1.0, 0.0])
def test_how_much_more_would_decide_follows_from_the_margin(lowest):
    """A margin of 1 whose interval ends at 3 needs half of its width, four times the ratings: also
    where it begins at 0, as parts are never below that.
    """
    parts = {name: np.zeros(1001) for name in NAMES}
    parts["rank"][0] = 1.0
    parts["rank"][1:] = np.r_[np.full(100, lowest), np.full(900, 3.0)]
    named = verdicts.limit(components.Components(parts, np.ones(1001), np.zeros(1001)), NAMES)
    assert (named.name, named.decided) == ("rank", False)
    assert named.more == pytest.approx(4.0)


def test_training_that_is_better_for_stopping_short_counts_against_estimation():
    errors = planted(scale=5.0, stops=-0.005)
    found = taken_apart(errors, rungs(TOWERS, N), N, 1)
    assert found.parts["optimization"][0] == 0.0
    assert found.gained[0] == pytest.approx(0.005)
    assert sum(found.parts.values()) == pytest.approx(found.total)


def crowded(n, **case):
    """Errors of towers that have too many weights: they fit the noise where they are trained best.

    Their own training has a learning curve: 0.4 · (n/200)^(−RATE) above what is left.
    """
    errors = planted(stops=0.0, n=n, **case)
    left = case["noise"] + case["width_gap"] + case["rank_gap"]
    for name in (*OWN_RUNGS, BEST):
        for share in SHARES:
            if f"{name}/{share}" in errors:
                fallen = (SHARES[share] * n / 200) ** -floors.RATE
                more = 0.4 * fallen + 2.0 * (name == BEST)
                errors[f"{name}/{share}"] += left + more - errors[f"{name}/{share}"][0]
    return errors, rungs(TOWERS, n)


def test_of_crowded_towers_the_learning_curve_tells_what_unlimited_ratings_leave():
    n = 400
    assert is_crowded(TOWERS, n) and base(TOWERS, n)[0] == "width-half"
    errors, fitted = crowded(n, noise=0.05, width_gap=0.01, rank_gap=0.01)
    found = taken_apart(errors, fitted, n, 1)
    assert found.parts["estimation"][0] == pytest.approx(0.4 * 2**-floors.RATE, abs=0.02)
    assert verdicts.limit(found, NAMES).name == "estimation"
    low, high = verdicts.interval(found.parts["noise floor"])[1:]
    assert low < 0.05 < high
    more = worth.worths(errors, 1)["ten times the ratings"][0]
    assert more == pytest.approx(0.4 * 2**-floors.RATE * (1 - 10**-floors.RATE))


def test_a_training_that_stops_short_does_not_hide_what_more_ratings_would_do():
    """Its own curve is flat, at 0.9; that of the best fits falls."""
    n = 250  # of narrower rungs one alone is not crowded
    errors, fitted = crowded(n, noise=0.1, width_gap=0.01, rank_gap=0.01)
    for share in SHARES:
        errors[f"{BEST}/{share}"] -= 2.0
        errors[f"{OWN}/{share}"] += 0.9 - errors[f"{OWN}/{share}"][0]
    found = taken_apart(errors, fitted, n, 1)
    for name, due in (("estimation", 0.4 * 1.25**-floors.RATE), ("noise floor", 0.1)):
        low, high = verdicts.interval(found.parts[name])[1:]
        assert low < due < high
    assert verdicts.limit(found, NAMES).name == "optimization"


def test_a_large_error_of_few_ratings_is_not_called_noise():
    """What more ratings would lower and what nothing lowers look alike: it is not decided."""
    errors, fitted = crowded(400, noise=0.3, width_gap=0.01, rank_gap=0.01)
    assert not verdicts.limit(taken_apart(errors, fitted, 400, 1), NAMES).decided


def test_parts_that_no_rung_tells_are_never_the_limit():
    """With 60 ratings every other width and dimension is crowded."""
    n = 60
    assert base(TOWERS, n) == ("", None)
    errors, fitted = crowded(n, noise=0.3, width_gap=0.0, rank_gap=0.0)
    found = taken_apart(errors, fitted, n, 1)
    assert found.untold == ("approximation", "rank")
    for name in found.untold:
        low, high = verdicts.interval(found.parts[name])[1:]
        assert low == 0.0 < high
    assert sum(found.parts.values()) == pytest.approx(found.total)
    assert not verdicts.limit(found, NAMES).decided


def test_purchases_are_worth_what_the_closed_form_says():
    worths = worth.worths(planted(), 1)
    weights, left = TOWERS.weights(), 0.5
    due = left * N / (N - weights) - left * 10 * N / (10 * N - weights)
    gain, low, high = verdicts.interval(worths["ten times the ratings"])
    assert gain == pytest.approx(due, rel=0.25) and low < due < high
    assert worths["twice the steps"][0] == pytest.approx(0.05)


def test_ladders_hold_no_narrower_towers_that_lack_dimensions():
    """Of W units and a constant there are W + 1 functions: fewer than p are fewer dimensions."""
    ladders = {rank: rungs(Towers(16, 1, rank, 500, 256, 0.01)) for rank in (9, 10)}
    assert "width-half" in ladders[9] and "width-half" not in ladders[10]
    assert {"width-2", "rank-half", "rank-2"} <= ladders[10].keys()


def test_the_smallest_difference_is_2_8_standard_errors():
    rng = np.random.default_rng(1)
    own = np.full(4001, 2.0)
    errors = {f"{name}/all": own.copy() for name in ("own-width-2", "own-rank-2", "own-steps-2")}
    for values in errors.values():
        values[1:] += 0.01 * rng.standard_normal(4000)
    least, splits = worth.smallest_difference(errors | {"own/all": own}, 3)
    assert least == pytest.approx(2.8016 * 0.01, rel=0.03)
    assert splits == pytest.approx(3 * (least / 0.02) ** 2, abs=1)
    _, fewest = worth.smallest_difference(errors | {"own/all": 10 * own}, 3)
    assert fewest == 2  # a diagnosis takes no fewer
