"""Planted ratings end to end, a few small ones: fits, errors, verdicts, screen."""

import numpy as np
import pytest

from twotower.data import targets
from twotower.diagnosis import cold, duration, factorial, findings, fits, planted, resampling
from twotower.diagnosis.telling import screen
from twotower.real.splits import Split

SPEC = {"smoothness": 1.0, "support": "cube"} | {
    f"{side}_{kind}_dim": 1 for side in ("user", "item") for kind in ("intrinsic", "ambient")
}
CASES = {
    "noise floor": ({"rank": 1, "noise_sd": 1.5}, factorial.Towers(12, 1, 1, 600, 64, 0.02)),
    "rank": ({"rank": 6, "noise_sd": 0.1}, factorial.Towers(16, 1, 1, 2000, 64, 0.02)),
    "optimization": ({"rank": 1, "noise_sd": 0.1}, factorial.Towers(12, 1, 2, 10, 64, 0.01)),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    spec, towers = CASES[request.param]
    spec = SPEC | spec
    _, data, fresh = planted.drawn(3, spec, 1500)
    rungs = factorial.rungs(towers, fits.trained(data, 3))
    fitted = {name: fits.measured(data, rung, 2, 2, 3, fresh) for name, rung in rungs.items()}
    truth = planted.truth_of(3, spec, rungs, fresh, fitted)
    found = findings.judged(data, rungs, fitted, 2, 3, truth)
    return request.param, rungs, found, truth


def test_the_limit_that_was_planted_is_named(case):
    planted_limit, _, found, truth = case
    assert max(truth, key=truth.get) == planted_limit
    limit = found.limits.set_index("question").loc["largest"]
    assert limit["part"] == planted_limit and limit["decided"]
    parts = found.components.set_index("part")
    assert parts["estimate"].sum() == pytest.approx(
        found.facts.set_index("fact").loc["error", "value"]
    )
    assert parts.loc[planted_limit, "estimate"] == pytest.approx(truth[planted_limit], rel=0.25)


def test_the_screen_fits_on_a_screen(case):
    planted_limit, rungs, found, _ = case
    text = screen.text(found, "planted", rungs)
    assert len(text.splitlines()) < 40
    assert f"The limit: {planted_limit}, above" in text and "true" in text
    sure = found.worth.loc[found.worth["low"] > 0, "purchase"]
    [told] = [line for line in text.splitlines() if line.startswith("Surely worth something:")]
    assert told.count("%") == len(sure) and all(f"{name} (" in told for name in sure)
    page = screen.report(found, "planted", rungs)
    assert page.count("\n| own") == len(factorial.OWN_RUNGS) + 1


def test_energy_beyond_the_rank_is_exact():
    target = targets.draw_target(1, SPEC | {"rank": 3, "noise_sd": 1.0}, 0)
    lost = [planted.lost_rank(target, rank) for rank in range(4)]
    assert lost[0] == pytest.approx(1.0) and lost[3] == 0.0
    assert lost == sorted(lost, reverse=True)


def test_a_draw_pairs_what_it_compares():
    """Rungs that differ by a constant differ by it in every draw; the first is the plain mean."""
    rng = np.random.default_rng(0)
    squares = rng.uniform(size=(3, 2, 50))
    users = [rng.integers(20, size=50) for _ in range(3)]
    found = resampling.resampled(users, {"a": squares, "b": squares + 0.25}, 1, draws=50)
    assert found["a"][0] == pytest.approx(squares.mean())
    assert found["b"] - found["a"] == pytest.approx(0.25)
    assert found["a"][1:].std() > 0
    again = resampling.resampled(users, {"b": squares + 0.25, "a": squares}, 1, draws=50)
    assert (again["a"] == found["a"]).all()


def test_draws_spread_as_the_mean_of_the_splits_does():
    """Splits of errors 0, 1 and 2: the standard error of their mean is 1/√3."""
    squares = np.broadcast_to(np.arange(3.0)[:, None, None], (3, 2, 50))
    users = [np.arange(50)] * 3
    found = resampling.resampled(users, {"a": squares}, 1, draws=20_000)["a"]
    assert found[0] == 1.0
    assert found[1:].std() == pytest.approx(3**-0.5, rel=0.02)


def test_users_with_few_ratings_are_told_apart():
    """Users 0 to 4 have one past rating each and four times the error of user 9, who has 30."""
    ids = np.r_[np.arange(5), np.full(30, 9), np.arange(5), np.full(15, 9)]
    split = Split("random", 0, np.arange(35), np.arange(35, 55))
    squares = np.r_[np.full(5, 4.0), np.full(15, 1.0)][None, None]
    few, more = cold.groups(ids, [split], squares)
    assert (few["past"], more["past"]) == ("1–5", "more")
    assert few["ratings"] == 0.25 and few["error_share"] == pytest.approx(20 / 35)
    assert few["excess"] == pytest.approx(15 / 35) and more["excess"] == 0.0


def test_more_work_takes_longer_and_more_cores_do_not():
    rungs = factorial.rungs(factorial.Towers(32, 1, 4, 500, 256, 0.01))
    times = [
        duration.expected(rungs, trained, (5, 5), 3, 3, cores)
        for trained, cores in ((10_000, 2), (40_000, 2), (40_000, 4))
    ]
    assert times[0] < times[1] and times[2] < times[1]
    assert duration.shown(29.0) == "less than a minute"
    assert duration.shown(601.0) == "about 11 minutes"


def test_a_rung_with_too_many_weights_is_left_out():
    _, data, _ = planted.drawn(3, SPEC | {"rank": 1, "noise_sd": 1.0}, 300)
    towers = factorial.Towers(16, 1, 2, 5, 64, 0.01)
    assert "width-4" in factorial.rungs(towers)
    rungs = factorial.rungs(towers, fits.trained(data, 1))
    assert "width-4" not in rungs and rungs["rank-half"].towers.width == 4
    kept = fits.measured(data, rungs["own-steps-2"], 2, 2, 1)
    assert {name: values.shape for name, values in kept.items()} == {
        "predictions/all": (2, 2, 60),
        "training_error/all": (2, 2),
    }
