"""Made ratings are read as published ones are, and hold their shares and a truth to find."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from twotower.real import methods, ratings, splits
from twotower.real.reading import movielens, yelp

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_movielens_of_a_tenth_of_its_size(tmp_path):
    from made import movielens as made

    count = made.write(tmp_path / "a", seed=1, size=0.1)
    raw = movielens.read(tmp_path / "a")
    assert raw.title == "MovieLens 1M" and len(raw.ratings) == count
    given = np.bincount(raw.users)
    assert len(given) == made.USERS // 10 and given.min() >= made.LEAST
    assert given.max() > 2 * np.median(given)  # few films cut long tails
    assert np.bincount(raw.items).max() > 2 * np.median(np.bincount(raw.items))
    shares = np.bincount(raw.ratings.astype(int))[1:] / count
    assert shares == pytest.approx(np.array(made.STARS) / 100, abs=0.05)
    ages = raw.user_entities.numbers["age"]
    assert (ages == 25).mean() == pytest.approx(0.347, abs=0.06)
    data, _ = ratings.prepared(raw)
    predictions, _ = methods.fit_kinds(data, ["random"], "hybrid", 1, 1, 0)
    mean, _ = methods.fit_kinds(data, ["random"], "global_mean", 1, 1, 0)
    truth = data.ratings[splits.split(data, "random", 0, 0).test]
    errors = [np.square(each["random 0 1"] - truth).mean() for each in (predictions, mean)]
    assert errors[0] < 0.75 * errors[1]


def test_yelp_of_a_thousandth_of_its_size(tmp_path):
    from made import yelp as made

    count = made.write(tmp_path / "a", seed=1, size=0.001, text=20)
    raw = yelp.read(tmp_path / "a", 10**7)
    assert count == round(made.REVIEWS / 1000)
    assert 0.5 * count < len(raw.ratings) <= count  # the rest reviews a place again
    assert len(np.unique(raw.users)) == round(made.USERS / 1000)
    assert set(raw.item_entities.categories["state"]) <= set(made.AREAS)
    assert (raw.ratings == 5).mean() == pytest.approx(0.44, abs=0.06)
    states = np.array(raw.item_entities.categories["state"])
    own = [np.unique(states[raw.items[raw.users == user]]) for user in range(50)]
    assert max(map(len, own)) == 1


@pytest.mark.parametrize("layout", ["movielens", "yelp"])
def test_the_same_seed_writes_the_same_bytes(layout, tmp_path):
    made = importlib.import_module(f"made.{layout}")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        made.write(tmp_path / name, seed, 0.001)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert path.read_bytes() != (tmp_path / "c" / path.name).read_bytes()
