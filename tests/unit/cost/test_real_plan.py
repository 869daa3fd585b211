"""What a run on real ratings is said to cost, by a look at its files."""

import numpy as np
import pytest

import rating_fakes as fakes
from twotower.cost.jobs import Jobs
from twotower.cost.real import fits, jobs, plan
from twotower.cost.requests import Requests
from twotower.data.ratings_size import RatingsSize
from twotower.real import methods, options, splits
from twotower.real.ratings import RealRatings
from twotower.real.reading import size
from twotower.real.reading.faults import RatingsFileError

MILLION = RatingsSize(1_000_209, 6_040, 3_883, 24, 35, 456, 931, 25e6)


def test_every_method_has_a_cost_and_learns_from_as_many_ratings_as_the_plan_says():
    assert {*fits.FITS, "kernel_ridge"} == set(options.METHODS)
    for method in options.METHODS:
        learned = fits.learned(method, MILLION.part(40.0)).ratings
        most = methods.most_ratings(method, MILLION.columns)
        assert learned == pytest.approx(most or 40 * MILLION.ratings, rel=1e-6)
    assert jobs.FRACTIONS == {"random": splits.FRACTIONS}
    assert set(jobs.TRAINED) == set(options.SPLIT_KINDS)


@pytest.mark.parametrize("kind", options.SPLIT_KINDS)
def test_the_shares_that_train_are_those_of_splits(kind):
    rng = np.random.default_rng(3)
    users, items = rng.integers(300, size=40_000), rng.integers(200, size=40_000)
    ones = np.ones((300, 1))
    data = RealRatings(users, items, np.ones(40_000), np.arange(40_000), ones, ones, np.ones(2))
    train = [len(splits.split(data, kind, index, 0).train) / 40_000 for index in range(3)]
    assert np.mean(train) == pytest.approx(jobs.TRAINED[kind], abs=0.04)
    assert splits.count_of(kind, 7) == (1 if kind in jobs.ONCE else 7)


def test_ratings_users_and_items_are_counted_by_the_beginnings_of_files(tmp_path, monkeypatch):
    rows = list(fakes.ratings(users=60, items=40))
    for name, fake in fakes.LAYOUTS.items():
        folder = fake(tmp_path / name, users=60, items=40)
        found = size.size_of("movielens", folder)
        assert (found.ratings, found.items) == (
            len(rows) + (name == "latest"),
            40 + (name == "latest"),
        )
        assert found.users == (60 if name in ("100K", "1M") else found.ratings / 165)
    packed = fakes.zipped(tmp_path / "1M", tmp_path / "ml.zip")
    assert size.size_of("movielens", packed) == size.size_of("movielens", tmp_path / "1M")
    yelp = fakes.yelp(tmp_path / "yelp", users=60, items=40)
    whole, part = size.size_of("yelp", yelp), size.size_of("yelp", yelp, 200)
    assert (whole.ratings, whole.users, round(part.ratings)) == (len(rows) + 1, 60, 200)
    assert part.per_user == whole.per_user and part.per_item < whole.per_item
    monkeypatch.setattr(size, "_BEGINNING", 500)
    assert size.size_of("yelp", yelp).ratings == pytest.approx(whole.ratings, rel=0.15)


def test_clicks_have_no_plan_for_ratings(tmp_path):
    with pytest.raises(
        RatingsFileError, match="it holds clicks, and these are no ratings; allowed"
    ):
        plan.of_place(str(fakes.clicks(tmp_path)), {})
    with pytest.raises(options.RealOptionsError, match="--with seed=: this is no key of real rat"):
        plan.of_place(str(fakes.movielens_1m(tmp_path / "a")), {"seed": 3})


def test_a_plan_grows_with_the_ratings_the_splits_and_the_budget():
    def listed(size=MILLION, splits=1, budget=1):
        return jobs.jobs(size, options.PARTS, options.METHODS, splits, budget)

    def total(made):
        return sum(job.work["second"] for job in made)

    base, more = listed(), listed(MILLION.part(2.0))
    assert len(base) == 1 + 2 * len(options.METHODS) + 1 + jobs.FIGURES
    assert 1.5 * total(base) < total(more) < 4 * total(base)
    assert total(base) < total(listed(splits=3)) < 3 * total(base)
    assert total(base) < total(listed(budget=3)) < 3 * total(base)
    most = [max(job.memory for job in made) for made in (base, listed(MILLION.part(6.0)))]
    assert most[0] < 3e9 and most[1] < 6.5e9


def test_methods_share_the_splits_and_the_draws_of_their_scores():
    def scored(count):
        made = jobs.jobs(MILLION.part(6.0), options.PARTS, options.METHODS[:count], 1, 1)
        [job] = [job for job in made if job.rule == "score_real"]
        return job.work["second"] - 3.0

    assert scored(1) < scored(2) < 1.9 * scored(1)
    assert scored(3) - scored(2) == pytest.approx(scored(2) - scored(1))


def test_jobs_ask_for_what_the_plan_says(tmp_path):
    place = str(fakes.movielens_1m(tmp_path))
    real = options.taken({"movielens": place})
    made = plan.known(real)["movielens"]
    requests = Requests(Jobs.__new__(Jobs), {"movielens": made.listed})
    wildcards = {"source": "movielens", "part": "random", "method": "svd"}
    job = next(one for one in made.listed if one.about == "random/svd")
    assert requests.memory("fit_real", wildcards) == 500 * np.ceil(
        (500 + 1.5e-6 * job.memory) / 500
    )
    assert requests.runtime("fit_real", wildcards) < 10  # minutes; 120 where nothing is known
    assert requests.memory("load_real", {"source": "movielens"}) == 1000
    assert requests.memory("download_real", {"source": "movielens"}) == 1000
    assert requests.runtime("fit_real", wildcards | {"source": "yelp"}) == 120
    text = made.report(1.0, 2)
    assert text.startswith("Real ratings, movielens: about") and "factor of 2" in text
    assert "fit_real" in text and made.summary(2).startswith("movielens: about")
