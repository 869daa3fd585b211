"""Clicks: log losses against closed forms, the least excess of few components, planted cases."""

from dataclasses import replace

import numpy as np
import pytest

from cells import click_spec
from twotower.data.catalogue import log_softmax
from twotower.diagnosis import components, duration, factorial, findings, fits, ladders
from twotower.diagnosis.kinds import click_truth, kind, shares, truths
from twotower.diagnosis.telling import figure, screen

SPEC = click_spec(24, popularity_exponent=0.5, temperature=0.3)
CASES = {
    "rank": ({"rank": 4}, factorial.Towers(8, 1, 1, 1500, 64, 0.02)),
    "optimization": ({"rank": 1}, factorial.Towers(8, 1, 2, 5, 64, 0.01)),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    spec, towers = CASES[request.param]
    spec = SPEC | spec
    planted = truths.of(spec)
    _, data, fresh = planted.drawn(3, spec, 2000)
    rungs = factorial.rungs(towers, fits.trained(data, 3))
    fitted = {name: fits.measured(data, rung, 2, 2, 3, fresh) for name, rung in rungs.items()}
    with pytest.MonkeyPatch.context() as patch:  # the true parts to two digits
        patch.setattr(click_truth, "NOISE_FREE", 8192)
        patch.setattr(click_truth, "RESTARTS", 2)
        truth = planted.truth_of(3, spec, rungs, fresh, fitted)
    found = findings.judged(data, rungs, fitted, 2, 3, truth)
    return request.param, rungs, fitted, found, truth


def test_the_limit_that_was_planted_is_named_among_what_can_be_bought(case):
    planted_limit, _, fitted, found, truth = case
    assert max(components.BUYS, key=truth.get) == planted_limit
    limits = found.limits.set_index("question")
    assert limits.loc["buy", "part"] == planted_limit
    assert limits.loc["largest", "part"] == "noise floor"
    parts = found.components.set_index("part")
    assert parts.loc[planted_limit, "estimate"] == pytest.approx(truth[planted_limit], rel=0.5)
    assert parts.loc["noise floor", "estimate"] == pytest.approx(truth["noise floor"], abs=0.15)
    own = truth["noise floor"] + fitted["own"]["risk/all"].mean()
    assert sum(truth.values()) == pytest.approx(own)


def test_the_screen_speaks_of_clicks_and_leads_with_what_can_be_bought(case):
    planted_limit, rungs, _, found, _ = case
    text = screen.text(found, "planted", rungs, kind.CLICKS)
    assert len(text.splitlines()) < 40 and "rating" not in text and " nats" in text
    lines = [line.split(":")[0] for line in text.splitlines()]
    assert lines.index("Of what can be bought") < lines.index("The error splits into")
    page = screen.report(found, "planted", rungs, kind.CLICKS)
    assert "rating" not in page and f" | {2 * rungs['own'].towers.steps} | " in page
    facts = found.facts.set_index("fact").assign(value=lambda of: of["value"].round(4))
    facts.loc["error_of_constant"] = facts.loc["error"]
    unlearned = replace(found, facts=facts.reset_index())
    said = screen.text(unlearned, "planted", rungs, kind.CLICKS).splitlines()
    assert said[2] == "These towers are no better than each item's share of the clicks alone."
    assert f"log loss {facts.loc['error', 'value']:.5g} [" in said[1]


def test_the_picture_of_clicks_compares_what_can_be_bought(case):
    *_, found, _ = case
    *_, parts, _ = figure.draw(found.components, found.worth, kind.CLICKS).axes
    assert [label.get_text() for label in parts.get_yticklabels()] == list(components.BUYS)


def test_a_share_of_nothing_has_no_sign():
    assert screen._share(-0.0001) == "0.0%" and screen._share(-0.0006) == "-0.1%"


def test_a_log_loss_is_that_of_the_softmax_over_the_catalogue():
    rng = np.random.default_rng(0)
    users, items = rng.standard_normal((7, 3)), rng.standard_normal((5, 3))
    clicked, log_share = rng.integers(5, size=7), np.log(rng.dirichlet(np.ones(5)))
    due = -log_softmax(users @ items.T + log_share)[np.arange(7), clicked]
    assert shares.log_losses(users, items, clicked, log_share) == pytest.approx(due)
    nothing = shares.log_losses(0 * users, items, clicked, log_share)
    assert nothing == pytest.approx(-log_share[clicked])


def test_candidates_stand_for_a_large_catalogue(monkeypatch):
    """The mean over draws is the exact loss less half of the relative variance of exp(s) over the
    candidates, up to five standard errors of that mean."""
    rng = np.random.default_rng(1)
    users, items = 0.5 * rng.standard_normal((200, 2)), rng.standard_normal((600, 2))
    share = rng.dirichlet(np.ones(600))
    clicked = rng.choice(600, size=200, p=share)
    given = (users, items, clicked, np.log(share))
    exact = shares.log_losses(*given)
    assert shares.candidates(np.log(share), rng) is None
    monkeypatch.setattr(shares, "MOST_CANDIDATES", 400)
    draws = [shares.log_losses(*given, shares.candidates(np.log(share), rng)) for _ in range(50)]
    weight = np.exp(users @ items.T)
    spread = (np.square(weight) @ share / np.square(weight @ share) - 1.0) / 400
    error = np.mean(draws, axis=0) - (exact - 0.5 * spread)
    assert (np.abs(error) < 5.0 * np.sqrt(spread / 50) + 1e-3).all()


@pytest.mark.parametrize("weights", [0, 10, 300])
def test_half_and_all_clicks_tell_what_unlimited_ones_leave(weights):
    n, floor = 1000, 3.0
    half, whole = (np.array([floor + weights / (2 * size)]) for size in (n / 2, n))
    assert ladders.unlimited_likelihood(half, whole) == pytest.approx(floor)


def test_the_least_excess_falls_with_the_components_to_nothing():
    spec = SPEC | {"rank": 3}
    _, _, fresh = click_truth.drawn(1, spec, 10)
    found = [click_truth.least_excess(fresh, rank) for rank in (0, 1, 2, 3)]
    law = np.exp(click_truth.log_law(fresh)[:1024])
    alone = (law * (np.log(law) - np.log(law.mean(axis=0)))).sum(axis=1).mean()
    assert found[0] == pytest.approx(alone, rel=1e-3)
    assert found[0] > found[1] > found[2] > 1e-4 and found[3] < 1e-6


def test_drawn_clicks_are_told_from_ratings():
    spec = SPEC | {"rank": 1, "clicks_each": 4}
    _, data, fresh = click_truth.drawn(1, spec, 402)
    assert kind.of(data) is kind.CLICKS
    assert np.bincount(data.users).tolist() == [4] * 100 + [2]
    assert data.user_covariates.shape == (101, 1) and data.item_covariates.shape == (24, 1)
    assert np.exp(click_truth.log_law(fresh)).sum(axis=1) == pytest.approx(1.0)


def test_a_larger_catalogue_takes_longer():
    rungs = factorial.rungs(factorial.Towers(32, 1, 4, 500, 256, 0.01))
    times = [
        duration.expected(rungs, 10_000, (5, 5), 3, 3, 2, catalogue=catalogue)
        for catalogue in (100, 100_000)
    ]
    assert 0 < times[0] < times[1]
