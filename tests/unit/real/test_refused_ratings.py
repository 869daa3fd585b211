"""Real ratings without a fault that teach nothing: refused before anything is fitted."""

import re

import numpy as np
import pytest

import rating_fakes as fakes
from twotower.real import ratings, splits
from twotower.real.reading import layouts, movielens
from twotower.real.reading.layouts import RatingsFileError


def constant(folder, rating, others, users=30, items=30):
    """A folder of the latest layout with 900 ratings, `others` of which are 2."""
    fakes.movielens_latest(folder, users=users, items=items, share=1.1)
    header, *lines = (folder / "ratings.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    kept = [
        ",".join([u, i, "2" if n < others else rating, t]) for n, (u, i, _, t) in enumerate(rows)
    ]
    fakes.put(folder / "ratings.csv", [header, *kept])
    return folder


@pytest.mark.parametrize(
    ("rating", "others", "message"),
    [
        ("5.0", 0, "all 900 ratings are 5; allowed: at least 20 that differ from it"),
        ("0.5", 0, "all 900 ratings are 0.5; allowed"),
        ("5", 1, "1 of 900 ratings differ from 5, the commonest one; allowed: at least 20"),
        ("5", 19, "19 of 900 ratings differ from 5, the commonest one; allowed: at least 20"),
    ],
)
def test_ratings_that_teach_nothing_are_refused(rating, others, message, tmp_path):
    folder = constant(tmp_path / "data", rating, others)
    with pytest.raises(RatingsFileError) as error:
        ratings.read_source("movielens", folder, None, 0)
    assert str(error.value).startswith(f"{folder}: {message}")
    assert "purchases, clicks and views are no ratings" in str(error.value)


def test_few_ratings_that_differ_are_let_in_where_they_are_one_in_a_hundred(tmp_path):
    assert ratings.read_source("movielens", constant(tmp_path / "a", "5", 20), None, 0)
    large = constant(tmp_path / "b", "4", 24, users=50, items=50)
    with pytest.raises(RatingsFileError, match="24 of 2,500 ratings .* at least 25 that differ"):
        ratings.read_source("movielens", large, None, 0)
    yelp_folder = fakes.yelp(tmp_path / "c")
    review = yelp_folder / layouts.YELP.files[0]
    review.write_text(re.sub(r'"stars": \d', '"stars": 4', review.read_text()))
    with pytest.raises(RatingsFileError, match="all 2.. ratings are 4"):
        ratings.read_source("yelp", yelp_folder, None, 0)


def test_a_split_that_leaves_nothing_to_train_on_is_told(tmp_path):
    """One user has 300 ratings, nine others one each: without that user next to none is left."""
    users = np.r_[np.zeros(300, np.int64), np.arange(1, 10)]
    items = np.r_[np.arange(300), np.arange(9)]
    stars, ones = 1.0 + np.arange(309) % 5, np.ones((300, 1))
    data = ratings.RealRatings(
        users, items, stars, np.zeros(309, np.int64), ones[:10], ones, np.array([1.0, 5.0])
    )
    with pytest.raises(RatingsFileError) as error:
        splits.check(data, 20, 0, "ml")
    assert re.match(r"ml: split \d+ of kind (cold|few) leaves \d+ ratings to", str(error.value))
    assert "allowed: at least 20; a few users or items have most" in str(error.value)
    raw = movielens.read(fakes.movielens_1m(tmp_path))
    assert splits.check(ratings.prepared(raw)[0], 20, 0, "ml") is None


def test_equal_times_are_noted(tmp_path):
    folder = fakes.movielens_latest(tmp_path)
    _, facts = ratings.prepared(movielens.read(folder))
    assert not facts["value"].astype(str).str.contains("all times").any()
    lines = (folder / "ratings.csv").read_text().splitlines()
    fakes.put(
        folder / "ratings.csv", [lines[0], *(line.rsplit(",", 1)[0] + ",0" for line in lines[1:])]
    )
    _, facts = ratings.prepared(movielens.read(folder))
    assert facts["value"].astype(str).str.contains("all times are equal").any()


@pytest.mark.parametrize(
    ("renamed", "says"),
    [
        (
            {"ratings.csv": "rating.csv", "movies.csv": "movie.csv"},
            "rename rating.csv to ratings.csv, if it is that; rename movie.csv to movies.csv",
        ),
        ({"ratings.csv": "ratings_small.csv"}, "rename ratings_small.csv to ratings.csv"),
        ({"ratings.csv": "ratings.csv.gz"}, "; unpack ratings.csv.gz$"),
        (
            {"ratings.csv": "combined_1.txt", "movies.csv": "movie_titles.csv"},
            "it holds combined_1.txt, movie_titles.csv: ratings of another source .*as ratings.csv",
        ),
    ],
)
def test_files_under_other_names_are_told(renamed, says, tmp_path):
    folder = fakes.movielens_latest(tmp_path / "data")
    for name, other in renamed.items():
        (folder / name).rename(folder / other)
    with pytest.raises(RatingsFileError, match=says):
        layouts.inputs("movielens", folder)


def test_dates_are_turned_into_seconds_by_what_is_told(tmp_path, monkeypatch):
    """Copies of the data in other places have dates; 2005-04-02 23:53:47 is 1112486027."""
    folder = fakes.movielens_latest(tmp_path / "data")
    header, *lines = (folder / "ratings.csv").read_text().splitlines()
    dated = [f"{line.rpartition(',')[0]},2005-04-02 23:53:47" for line in lines]
    fakes.put(folder / "ratings.csv", [header, *dated])
    with pytest.raises(RatingsFileError, match="line 2: timestamp is '2005") as told:
        ratings.read_source("movielens", folder, None, 0)
    monkeypatch.chdir(folder)
    exec("import " + str(told.value).split("in Python: import ")[1], {})  # noqa: S102
    (folder / "new.csv").replace(folder / "ratings.csv")
    assert set(ratings.read_source("movielens", folder, None, 0).times) == {1112486027}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ratings.csv", "add timestamp; where nothing is known, 0 in each line"),
        ("movies.csv", r"add genres; where nothing is known, \(no genres listed\) in each line"),
    ],
)
def test_a_last_column_that_is_not_known_can_be_made_up(name, says, tmp_path):
    folder = fakes.movielens_latest(tmp_path / "data")
    cut = [line.rpartition(",")[0] for line in (folder / name).read_text().splitlines()]
    fakes.put(folder / name, cut)
    with pytest.raises(RatingsFileError, match=says):
        ratings.read_source("movielens", folder, None, 0)
