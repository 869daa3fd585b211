"""Yelp's files as they are read: every release to the same numbers, every fault to its field."""

import json
import math

import numpy as np
import pytest

import rating_fakes as fakes
from twotower.real import ratings
from twotower.real.reading import json_lines, layouts, yelp
from twotower.real.reading.layouts import RatingsFileError


def test_yelp_is_streamed_and_the_latest_review_of_a_business_counts(tmp_path):
    folder = fakes.yelp(tmp_path)
    raw = yelp.read(folder)
    given = list(fakes.ratings())
    assert len(raw.ratings) == len({(u, i) for u, i, *_ in given} | {(1, 1)})
    first = next(r for u, i, r, _ in given if (u, i) == (1, 1))
    one = (raw.users == 0) & (raw.items == 0)  # u1 and b1 sort first
    assert raw.ratings[one] == first and "1 earlier reviews" in raw.notes[0]
    assert set(raw.user_entities.numbers) == {"since", "friends"}  # no average of ratings
    assert raw.item_entities.sets["categories"][0] == ("Bars", "Food")
    data, _ = ratings.prepared(raw)
    assert np.isfinite(data.item_covariates).all()


def test_a_sample_of_yelp_is_whole_users_and_does_not_depend_on_the_order(tmp_path):
    folder = fakes.yelp(tmp_path)
    review = folder / layouts.YELP.files[0]
    lines = review.read_text().splitlines()
    counts = {}
    for user, *_ in [(1, 1), *fakes.ratings()]:
        counts[user] = counts.get(user, 0) + 1
    drawn = []
    for order in (lines, lines[::-1]):
        fakes.put(review, order)
        raw = yelp.read(folder, most=120, seed=3)
        whole = np.bincount(raw.users)
        assert 90 < len(raw.ratings) <= 120 and set(whole) <= set(counts.values()) | {counts[1] - 1}
        drawn.append(sorted(zip(raw.users, raw.ratings, raw.times, strict=True)))
    assert drawn[0] == drawn[1]
    assert len(yelp.read(folder, most=120, seed=4).ratings) <= 120
    assert "the first user that is drawn has more than 2 reviews" in said(folder, most=2)


def change(folder, file, line, **fields) -> None:
    """Set fields of one line's object, as JSON writes them."""
    path = folder / layouts.YELP.files[file]
    lines = path.read_text(encoding="utf-8").splitlines()
    one = json.loads(lines[line - 1]) | fields
    lines[line - 1] = json.dumps({name: value for name, value in one.items() if value is not ...})
    fakes.put(path, lines)


def said(folder, **sample) -> str:
    with pytest.raises(RatingsFileError) as error:
        yelp.read(folder, **sample)
    text = str(error.value)
    assert "; allowed: " in text and "\n" not in text and text.startswith("yelp_academic_dataset_")
    return text


@pytest.mark.parametrize(
    ("attributes", "price"),
    [
        ({"RestaurantsPriceRange2": "2"}, 2),
        ({"RestaurantsPriceRange2": "u'3'", "BusinessParking": "{'garage': False}"}, 3),
        ({"RestaurantsPriceRange2": "'3'"}, 3),
        ({"Price Range": 4, "Good For": {"lunch": True}}, 4),  # until 2016
        (["BikeParking: True", "RestaurantsPriceRange2: 2"], 2),  # 2017
        (["BusinessParking: {'garage': False, 'lot': True}", "RestaurantsPriceRange2: 1"], 1),
        ("{'RestaurantsPriceRange2': '2', 'WiFi': \"u'free'\"}", 2),  # as pandas prints it
        ('{"RestaurantsPriceRange2": 2.0, "BikeParking": true}', 2),
        ("['RestaurantsPriceRange2: 2']", 2),
        *((nothing, None) for nothing in (None, {}, [], "", "None", "nan", "{}", ...)),
        *(({"RestaurantsPriceRange2": nothing}, None) for nothing in (None, "None", "")),
    ],
)
def test_the_price_is_read_from_attributes_of_every_release(attributes, price, tmp_path):
    folder = fakes.yelp(tmp_path)
    change(folder, 2, 1, attributes=attributes)
    read = yelp.read(folder).item_entities.numbers["price"][0]
    assert read == price if price else np.isnan(read)


@pytest.mark.parametrize("friends", ["a, b", ["a", "b"], "['a', 'b']", "a,b,"])
def test_lists_are_read_as_lists_and_as_texts(friends, tmp_path):
    folder = fakes.yelp(tmp_path)
    change(folder, 1, 1, friends=friends, yelping_since="2010-01")
    change(folder, 2, 2, categories=["Bars", "Food"])
    raw = yelp.read(folder)
    assert raw.user_entities.numbers["friends"][0] == math.log1p(2)
    assert raw.user_entities.numbers["since"][0] == 2010
    two = sorted(f"b{i}" for i in range(1, 19)).index("b2")
    assert raw.item_entities.sets["categories"][two] == ("Bars", "Food")


def test_a_date_with_a_zone_is_brought_to_utc(tmp_path):
    folder = fakes.yelp(tmp_path)
    times = []
    for date in ("2018-07-07 20:09:11", "2018-07-07T22:09:11+02:00", "2018-07-07T20:09:11.000Z"):
        change(folder, 0, 1, date=date)
        raw = yelp.read(folder)
        times.append(raw.times[(raw.users == 0) & (raw.items == 0)][0])
    assert times == [1530994151] * 3


NESTED = "[" * 100_000 + "]" * 100_000
FAULTS = {  # file, line, text in place of the line or fields of it, what the message holds
    "no JSON": (0, 3, "{'a'", "line 3: no JSON object"),
    "a blank line": (0, 3, "", "line 3: the line is blank"),
    "a field missing": (0, 3, '{"user_id": "u1"}', "line 3: business_id is missing"),
    "a list": (1, 2, "[1]", "line 2: no JSON object: '[1]'"),
    "one list": (1, 1, "[{}, ", "write each object into a line of its own"),
    "another file": (2, 2, '{"user_id": "u1"}', "line 2: business_id is missing"),
    "a key twice": (0, 2, '{"stars": 1, "stars": 5}', "line 2: 'stars' stands there twice"),
    "too deep": (0, 2, f'{{"x": {NESTED}}}', "line 2: lists or objects that are nested too deep"),
    "thousands of digits": (0, 2, f'{{"x": {"9" * 5000}}}', "a number of thousands of digits"),
    "Latin-1": (2, 2, '{"name": "Caf\xe9"}', "line 2: byte 0xe9 is not UTF-8; as Latin-1 it reads"),
    "an id as a number": (0, 4, {"user_id": 7}, "line 4: user_id is 7 (a number); allowed: text"),
    "half a pair": (0, 4, {"user_id": "\ud800"}, "text, without halves of surrogate pairs"),
    "no id": (0, 4, {"business_id": ""}, "business_id is '' (text)"),
    "stars off the scale": (0, 3, {"stars": 7}, "stars is 7 (a number)"),
    "stars as text": (0, 3, {"stars": "4"}, "stars is '4' (text); allowed: 1, 2, 3, 4 or 5"),
    "stars that are true": (0, 3, {"stars": True}, "stars is true; allowed: 1, 2, 3, 4 or 5"),
    "stars that are no number": (0, 3, {"stars": float("nan")}, "stars is nan"),
    "a date of a table": (0, 3, {"date": 1530991751000}, "date is 1530991751000 (a number)"),
    "a date before Yelp": (0, 3, {"date": "0001-01-01"}, "such as 2018-07-07 22:09:11"),
    "a date of no calendar": (0, 3, {"date": "2018-02-30"}, "date is '2018-02-30'"),
    "friends as a number": (1, 1, {"friends": 5}, "friends is 5 (a number)"),
    "friends as numbers": (1, 1, {"friends": [1, 2]}, "friends is [1, 2] (a list)"),
    "since null": (1, 1, {"yelping_since": None}, "yelping_since is null; allowed: text"),
    "categories as an object": (2, 1, {"categories": {"a": 1}}, "categories is {'a': 1}"),
    "a state as a list": (2, 1, {"state": ["AZ"]}, "state is ['AZ'] (a list); allowed: text, or"),
    "a place as text": (2, 1, {"latitude": "33"}, "latitude is '33' (text)"),
    "a place off the globe": (2, 1, {"longitude": 200}, "a number from -180 to 180"),
    "an endless place": (2, 1, {"latitude": float("inf")}, "latitude is inf"),
    "attributes as a number": (2, 1, {"attributes": 5}, "attributes is 5 (a number); allowed: an"),
    "attributes without values": (2, 1, {"attributes": ["a"]}, "a list of texts 'Name: value'"),
    "attributes as other text": (2, 1, {"attributes": "cheap"}, "attributes is 'cheap' (text)"),
    "attributes as code": (2, 1, {"attributes": "print(1)"}, "attributes is 'print(1)' (text)"),
    "attributes too long": (2, 1, {"attributes": "{" + " " * 10**4}, "10,001 characters"),
    "attributes too deep": (2, 1, {"attributes": "[" * 9000}, "attributes is '[[["),
    "an attribute twice": (
        2, 1, {"attributes": "{'a': 1, 'a': 2}"}, "attributes holds 'a' twice"),
    "a listed attribute twice": (
        2, 1, {"attributes": ["a: 1", "a: 2"]}, "attributes holds 'a' twice"),
    "a price of 5": (2, 1, {"attributes": {"RestaurantsPriceRange2": "5"}}, "Range2 is '5' (text)"),
    "a true price": (2, 1, {"attributes": {"RestaurantsPriceRange2": True}}, "Range2 is true"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_line_field_and_value(name, tmp_path):
    file, line, given, message = FAULTS[name]
    folder = fakes.yelp(tmp_path)
    if isinstance(given, str):
        fakes.edit(folder / layouts.YELP.files[file], line, given)
    else:
        change(folder, file, line, **given)
    assert message in said(folder)


@pytest.mark.parametrize("file", [0, 1, 2])
def test_wide_encodings_and_long_lines_are_named(file, tmp_path, monkeypatch):
    folder = fakes.yelp(tmp_path)
    path = folder / layouts.YELP.files[file]
    text = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8-sig")
    yelp.read(folder)
    path.write_text(text, encoding="utf-16")
    assert "line 1: the file is in UTF-16; allowed: text in UTF-8" in said(folder)
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(json_lines, "MOST_BYTES", 20)
    assert "line 1: more than 20 bytes; allowed: a JSON object in each line" in said(folder)


# ---------------------------------------------------------------- ids


@pytest.mark.parametrize("file", [1, 2])
def test_few_reviews_without_their_user_or_business_are_left_out_and_counted(file, tmp_path):
    size = {"users": 200, "items": 150, "share": 0.05}
    folder = fakes.yelp(tmp_path, **size)
    whole = yelp.read(folder)
    path, side = folder / layouts.YELP.files[file], ("users", "items")[file - 1]
    lines = path.read_text(encoding="utf-8").splitlines()
    rare = np.argsort(np.bincount(getattr(whole, side)), kind="stable")[:3]
    ids = sorted({f"{'ub'[file - 1]}{row[file - 1]}" for row in fakes.ratings(**size)})
    names = [ids[one] for one in rare]
    fakes.put(path, [one for one in lines if not any(f'"{name}"' in one for name in names)])
    lost = int(np.isin(getattr(whole, side), rare).sum())
    assert 0 < lost <= yelp.MOST_LOST * len(whole.ratings)
    raw = yelp.read(folder)
    assert len(raw.ratings) == len(whole.ratings) - lost
    assert len(np.unique(getattr(raw, side))) == len(ids) - 3
    note = f"{lost:,} of {len(whole.ratings):,} reviews have no line of their user or business"
    assert raw.notes[1].startswith(note) and path.name in raw.notes[1]
    _, facts = ratings.prepared(raw)
    assert any(text.startswith(note) for text in facts["value"].astype(str))
    fakes.put(path, lines[: len(lines) // 2])
    assert "reviews have no line of their user or business; allowed: at most 1% of" in said(folder)


def test_an_id_twice_is_refused_and_reviews_of_one_date_are_counted(tmp_path):
    folder = fakes.yelp(tmp_path)
    change(folder, 2, 3, business_id="b2")
    assert "line 3: business_id b2 stands there again" in said(folder)
    folder = fakes.yelp(tmp_path)
    change(folder, 0, 1, date="2018-07-07")
    change(folder, 0, 2, date="2018-07-07")  # the same pair
    assert yelp.read(folder).notes[1].startswith("1 of these have the date of the one that counts")
