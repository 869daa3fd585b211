"""Click logs are read back as they were written, and what is wrong with them is told."""

import numpy as np
import pytest

import rating_fakes as fakes
from twotower.real import options, ratings
from twotower.real.clicks import columns, sides, table
from twotower.real.reading import any_layout, layouts
from twotower.real.reading.layouts import RatingsFileError

ROWS = [(1, 1, 5, 7), *fakes.ratings()]


def test_clicks_of_the_own_layout(tmp_path):
    clicks = table.clicks_of(table.read("clicks", fakes.clicks(tmp_path)))
    raw = table.read("clicks", tmp_path)
    users = sorted({f"u{row[0]}" for row in ROWS})
    items = sorted({f"i{row[1]}" for row in ROWS})
    assert [users[place] for place in clicks.users] == [f"u{row[0]}" for row in ROWS]
    assert [items[place] for place in clicks.items] == [f"i{row[1]}" for row in ROWS]
    assert clicks.times.tolist() == [row[3] + 0.5 for row in ROWS]
    assert clicks.order[0] == 0 and (np.diff(clicks.times[clicks.order]) >= 0).all()
    counts = {item: sum(row[1] == int(item[1:]) for row in ROWS) for item in items}
    assert clicks.item_shares == pytest.approx([counts[item] / len(ROWS) for item in items])
    assert clicks.shares(slice(0, 1))[0] == clicks.item_shares[items.index("i1")]
    ages = raw.user_entities.numbers["age"]
    wanted = [20 + int(user[1:]) if int(user[1:]) % 3 else np.nan for user in users]
    assert np.array_equal(ages, wanted, equal_nan=True)
    cities = [("Rome", "Bonn")[int(user[1:]) % 2] for user in users]
    assert raw.user_entities.categories["city"] == cities
    kinds = [("a", "b") if int(item[1:]) % 2 else ("c",) for item in items]
    assert raw.item_entities.sets["kinds"] == kinds
    pairs = clicks.pairs(clicks.order[:5])
    assert pairs.user_covariates.shape == (5, clicks.user_covariates.shape[1])
    assert not hasattr(raw, "ratings") and not hasattr(raw, "scale")


@pytest.mark.parametrize("source", layouts.CLICK_SOURCES)
def test_files_of_spreadsheets_are_read_as_plain_ones_are(source, tmp_path):
    folder = getattr(fakes, source)(tmp_path)
    if source == "clicks":  # names and words with commas and quotes
        fakes.edit(folder / "items.csv", 1, '"item","kinds, ""all"""')
        fakes.edit(folder / "items.csv", 2, 'i1,"a, ""b"""')
    plain = table.read(source, folder)
    fakes.as_of_a_spreadsheet(folder)
    again = table.read(source, folder)
    for name in ("users", "items", "times"):
        assert np.array_equal(getattr(again, name), getattr(plain, name))
    assert again.item_entities == plain.item_entities
    if source == "clicks":
        assert plain.item_entities.sets['kinds, "all"'][0] == ('a, "b"',)
        np.testing.assert_equal(again.user_entities.numbers, plain.user_entities.numbers)


def test_clicks_without_times_and_covariates(tmp_path):
    lines = [f"{u},{i}" for u, i, *_ in fakes.ratings()]
    fakes.put(tmp_path / "clicks.csv", ["user,item", *lines])
    raw = table.read("clicks", tmp_path)
    clicks = table.clicks_of(raw)
    assert (clicks.order == np.arange(len(lines))).all() and "no times" in raw.notes[0]
    assert (clicks.user_covariates == 1).all()


def test_ids_stay_as_they_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "_LINES", 7)  # a file is read in parts
    lines = [f"{('7', '07', '7.0', 'NA')[n % 4]}-{n % 11},{n % 13}" for n in range(400)]
    fakes.put(tmp_path / "clicks.csv", ["user,item", *lines])
    raw = table.read("clicks", tmp_path)
    assert raw.user_entities.count == 44 and raw.item_entities.count == 13
    users, items = sorted({line.split(",")[0] for line in lines}), sorted(map(str, range(13)))
    pairs = zip(raw.users, raw.items, strict=True)
    assert [f"{users[user]},{items[item]}" for user, item in pairs] == lines


def test_views_of_retailrocket_are_clicks(tmp_path):
    raw = table.read("retailrocket", fakes.retailrocket(tmp_path))
    rows = list(fakes.ratings())
    assert len(raw.users) == len(rows)
    assert raw.notes == (f"{sum(row[2] == 5 for row in rows)} events that are no view left out",)
    assert raw.times[0] == rows[0][3] + 0.123
    order = sorted({str(row[1]) for row in rows})
    assert [order[place] for place in raw.items] == [str(row[1]) for row in rows]


@pytest.mark.parametrize(
    ("file", "line", "text", "message"),
    [
        ("clicks.csv", 1, "who,what,when", "line 1: the header is 'who,what,when'; allowed: user,"),
        ("clicks.csv", 3, "u1,,5", "line 3: item is blank; allowed: a value in each line"),
        ("clicks.csv", 3, "u1,i2,noon", "line 3: time is 'noon'; allowed: a number of seconds"),
        ("clicks.csv", 3, "u1,i2,inf", "line 3: time is 'inf'; allowed: a number of seconds"),
        ("clicks.csv", 3, "u1,i2", "line 3: 2 fields in 'u1,i2'; allowed: 3 separated by commas"),
        ("clicks.csv", 3, "", "line 3: the line is blank; allowed: a click in each line"),
        ("clicks.csv", 4, "me,i2,5", "line 4: user 'me' has no line in users.csv"),
        ("clicks.csv", 1, '"user,item', "line 1: a quote that does not end with its field; allow"),
        ("clicks.csv", 3, '"u1,i2,5\nu1",i2,5', "line 3: a quote that does not end with its field"),
        ("users.csv", 1, '"user,age', "line 1: a quote that does not end with its field; allowed"),
        ("users.csv", 1, "id,age,city", "line 1: the header is 'id,age,city'; allowed: user, then"),
        ("users.csv", 1, "user,age,age", "line 1: the header is 'user,age,age'; allowed: user"),
        ("users.csv", 3, "u24,3,Rome", "line 3: user 'u24' stands there again; allowed: one line"),
        ("users.csv", 3, ",3,Rome", "line 3: user is blank; allowed: an id in each line"),
        ("items.csv", 2, "i1,a,b", "line 2: 3 fields in 'i1,a,b'; allowed: 2 separated by commas"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file, line, text, message, tmp_path):
    fakes.edit(fakes.clicks(tmp_path) / file, line, text)
    with pytest.raises(RatingsFileError) as error:
        table.read("clicks", tmp_path)
    assert str(error.value).startswith(f"{file}, {message}")


def test_an_event_that_nobody_knows(tmp_path):
    fakes.edit(fakes.retailrocket(tmp_path) / "events.csv", 5, "880000000000,1,look,2,")
    with pytest.raises(RatingsFileError, match="events.csv, line 5: event is 'look'; allowed: vie"):
        table.read("retailrocket", tmp_path)


def test_too_many_words_and_too_few_clicks(tmp_path, monkeypatch):
    fakes.clicks(tmp_path / "a", users=8)
    with pytest.raises(RatingsFileError, match="clicks; allowed: at least 200; fewer do not suff"):
        table.read("clicks", tmp_path / "a")
    monkeypatch.setattr(sides, "MOST_WORDS", 1)
    with pytest.raises(RatingsFileError, match="users.csv: column 'city' has 2 different words; a"):
        table.read("clicks", fakes.clicks(tmp_path / "b"))


def test_methods_for_ratings_refuse_clicks(tmp_path):
    folder = fakes.clicks(tmp_path)
    for source in layouts.SOURCES:
        with pytest.raises(RatingsFileError) as error:
            ratings.read_source(source, folder, None, 0)
        assert "it holds clicks (clicks.csv), and these are no ratings; allowed" in str(error.value)
    with pytest.raises(options.RealOptionsError, match="--config clicks=: clicks are no ratings; "):
        options.taken({"clicks": str(folder)})


def test_the_source_of_a_folder_is_told(tmp_path):
    made = {"clicks": fakes.clicks, "retailrocket": fakes.retailrocket, "yelp": fakes.yelp}
    for name, fake in (made | fakes.LAYOUTS).items():
        found = any_layout.source_at(fake(tmp_path / name))
        assert found == (name if name in made else "movielens")
    fakes.clicks(tmp_path / "yelp")
    with pytest.raises(RatingsFileError, match="files of yelp and clicks stand there together"):
        any_layout.source_at(tmp_path / "yelp")
    with pytest.raises(RatingsFileError, match="no files of ratings or clicks; allowed: those of"):
        any_layout.source_at(tmp_path)
    with pytest.raises(RatingsFileError, match="there is no such folder"):
        any_layout.source_at(tmp_path / "nowhere")
