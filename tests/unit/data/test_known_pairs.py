"""Known and new users and items: who is judged, and what their risks are."""

import numpy as np
import pytest

from cells import data_spec
from twotower.data import known_pairs, sampling
from twotower.data.groups import GROUPS, PAIR_KINDS, PAST
from twotower.data.targets import draw_target
from twotower.evaluation.known_risks import Judge
from twotower.evaluation.risks import method_risks

SPEC = data_spec(sampling="repeated", ratings_each=8)
SIZES = [128, 1024]
KNOWN = 1024 // 8


@pytest.fixture(scope="module")
def drawn():
    targets = {replicate: draw_target(1, SPEC, replicate) for replicate in range(2)}
    return known_pairs.draw(1, SPEC, targets, SIZES, 2000)


@pytest.mark.parametrize("n", SIZES)
def test_pairs_are_of_the_kind_they_are_said_to_be(drawn, n):
    numbers = sampling.numbers(1, SPEC, 1, n)
    rated = set(zip(*(side.tolist() for side in numbers), strict=True))
    users, items = drawn[f"{n}/users"][1], drawn[f"{n}/items"][1]
    assert users.shape == (len(PAIR_KINDS), 2000)
    for row, kind in enumerate(PAIR_KINDS):
        for side, rows, wanted in zip(numbers, (users, items), kind.split("_"), strict=True):
            found = set(rows[row].tolist())
            assert found <= set(side.tolist()) if wanted == "known" else min(found) >= KNOWN
    assert not rated & set(zip(users[0].tolist(), items[0].tolist(), strict=True))
    np.testing.assert_array_equal(
        drawn[f"{n}/user_past"][1][:KNOWN], np.bincount(numbers[0], minlength=KNOWN)
    )


def test_known_users_are_those_of_the_ratings(drawn):
    target = draw_target(1, SPEC, 1)
    judge = Judge(drawn, 1, 1024)
    truth = target.ratings(judge.of("coordinates", "user"), judge.of("coordinates", "item"))
    assert judge.risks(truth, np.inf)["risk"] == pytest.approx(0.0, abs=1e-20)
    assert judge.risks(np.zeros_like(truth), np.inf)["new_new"] == pytest.approx(1.0, abs=0.25)
    assert judge.risks(np.full_like(truth, 1e9), 2.0)["risk"] < 30  # clipped


def test_risks_are_those_of_each_group(drawn):
    """A method that is wrong by 10 for one group, right elsewhere."""
    judge = Judge(drawn, 0, 1024)
    truth = (judge.of("embeddings", "user") * judge.of("embeddings", "item")).sum(axis=1)
    past = drawn["1024/user_past"][0][judge.users]
    for name, (low, high) in PAST.items():
        wrong = truth + 10.0 * ((past >= low) & (past <= high))
        risks = judge.risks(wrong, np.inf)
        assert set(risks) == {"risk", "risk_se", *GROUPS}
        assert risks[f"user_past_{name}"] == pytest.approx(100.0)
        others = [risks[f"user_past_{other}"] for other in PAST if other != name]
        assert others == pytest.approx([0.0, 0.0], abs=1e-20)
        assert risks["new_known"] == risks["new_new"] == pytest.approx(0.0, abs=1e-20)
    assert np.isnan(Judge(drawn, 0, 128).risks(truth, np.inf)["user_past_more"])


def test_a_method_is_asked_with_the_identities_of_the_ratings(drawn):
    numbers = sampling.numbers(1, SPEC, 0, 1024)

    def remembers(pairs):
        return np.isin(pairs.users, numbers[0]) + 10.0 * np.isin(pairs.items, numbers[1])

    asked = method_risks(remembers, drawn, 0, 1024, np.inf)
    assert asked["risk"] == pytest.approx(121.0, rel=0.1)
    assert asked["known_new"] == pytest.approx(1.0 + 1.0, rel=0.5)
    assert asked["new_known"] == pytest.approx(100.0, rel=0.1)
    assert np.isnan(asked["seen_risk"])


def test_where_every_known_pair_is_rated_rated_ones_are_judged():
    users, items = (side.ravel() for side in np.indices((16, 16)))
    found = known_pairs._unrated(np.random.default_rng(0), users, items, 50)
    assert [len(side) for side in found] == [50, 50] and max(found[0]) < 16
