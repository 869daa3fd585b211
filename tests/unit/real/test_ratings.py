"""Real ratings as they are read: every layout to the same numbers, every fault to its place."""

import hashlib

import numpy as np
import pytest

import rating_fakes as fakes
from twotower.base.errors import ExpectedError
from twotower.real import options as real_options
from twotower.real import ratings
from twotower.real.reading import download, layouts, movielens
from twotower.real.reading.layouts import RatingsFileError


@pytest.mark.parametrize("layout", fakes.LAYOUTS)
def test_every_layout_gives_its_ratings_and_covariates(layout, tmp_path):
    folder = fakes.LAYOUTS[layout](tmp_path / "data")
    raw = movielens.read(folder)
    given = np.array(list(fakes.ratings()))
    assert (raw.users == given[:, 0] - 1).all() and (raw.items == given[:, 1] - 1).all()
    assert (raw.times == given[:, 3]).all()
    halves = 0.5 * (given[:, 0] % 2) if layout in ("10M", "latest") else 0.0
    assert (raw.ratings == given[:, 2] - halves).all()
    films = raw.item_entities
    assert films.numbers["year"][0] == 1991 and films.count == 18
    assert len(films.sets["genres"][0]) in (1, 2)
    assert "(" not in films.texts["title"][0]
    if layout in ("100K", "1M"):
        assert raw.user_entities.categories["gender"][:2] == ["F", "M"]
    data, facts = ratings.prepared(raw)
    assert data.user_covariates.shape[0] == 24
    values = facts.set_index("item")["value"]
    assert values["ratings"] == len(given) and "GroupLens" in values["licence"]
    ratings.write(tmp_path / "data.safetensors", data)
    again = ratings.read(tmp_path / "data.safetensors")
    assert (again.item_covariates == data.item_covariates).all()


def test_an_archive_is_read_like_its_folder(tmp_path):
    folder = fakes.movielens_1m(tmp_path / "data")
    archive = fakes.zipped(folder, tmp_path / "ml-tiny.zip")
    assert layouts.inputs("movielens", archive) == [str(archive)]
    assert (movielens.read(archive).ratings == movielens.read(folder).ratings).all()
    archive.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(RatingsFileError, match="ml-tiny.zip: it cannot be unpacked"):
        movielens.read(archive)


def test_each_covariate_has_variance_one_and_no_rating_goes_into_it(tmp_path):
    folder = fakes.movielens_100k(tmp_path / "data")
    raw = movielens.read(folder)
    data, _ = ratings.prepared(raw)
    assert np.isclose(data.user_covariates.var(axis=0).sum(), 3)  # age, gender, occupation
    assert np.isclose(data.item_covariates.var(axis=0).sum(), 3)  # year, genres, title
    lines = [line.split("\t") for line in (folder / "u.data").read_text().splitlines()]
    fakes.put(folder / "u.data", [f"{u}\t{i}\t{6 - int(r)}\t{t}" for u, i, r, t in lines])
    other, _ = ratings.prepared(movielens.read(folder))
    assert (other.ratings != data.ratings).any()
    assert (other.user_covariates == data.user_covariates).all()
    assert (other.item_covariates == data.item_covariates).all()


FAULTS = {  # layout, file, line, new text, what the message holds
    "a rating off the scale": ("100K", "u.data", 3, "1\t18\t6\t880000000", "line 3: rating 6"),
    "half a star in whole ones": ("1M", "ratings.dat", 2, "1::18::3.5::88", "line 2: rating 3.5"),
    "text for a number": ("100K", "u.data", 5, "1\tx\t3\t88", "line 5: item id is 'x'"),
    "a field too few": ("1M", "ratings.dat", 4, "1::2::3", "line 4: 3 fields in '1::2::3'"),
    "a field too many": ("latest", "ratings.csv", 4, "1,2,3,4,5", "line 4: 5 fields"),
    "a blank line": ("100K", "u.data", 4, "", "line 4: the line is blank"),
    "no number": ("100K", "u.data", 2, "1\t18\tnan\t88", "line 2: rating is 'nan'"),
    "no end": ("100K", "u.data", 2, "1\t18\tinf\t88", "line 2: rating inf is off the scale"),
    "too large": ("1M", "ratings.dat", 2, "1::18::3::" + "9" * 20, "line 2: Timestamp is '999"),
    "Python's own": ("latest", "ratings.csv", 4, "1,1_0,3,4", "line 4: movieId is '1_0'"),
    "a quote left open": ("latest", "movies.csv", 3, '2,"B (1999),Horror', "line 3: a quote"),
    "a small two": ("100K", "u.item", 2, "2|F|01-Jan-199²||x" + "|0" * 3, "release date"),
    "a blank record": ("latest", "ratings.csv", 3, "", "line 3: the line is blank"),
    "another header": ("latest", "ratings.csv", 1, "user,item,r,t", "line 1: the header is"),
    "an unknown user": ("100K", "u.data", 2, "99\t1\t3\t88", "user 99 has no line in u.user"),
    "an unknown film": ("1M", "ratings.dat", 2, "1::99::3::88", "99 has no line in movies.dat"),
    "a user twice": ("100K", "u.user", 3, "2|22|M|doctor|1", "line 3: id 2 stands there"),
    "an age of no person": ("100K", "u.user", 3, "3|999|M|doctor|1", "line 3: age is '999'"),
    "a gender unheard of": ("1M", "users.dat", 3, "3::X::25::1::9", "line 3: gender is 'X'"),
    "an occupation unheard of": ("100K", "u.user", 3, "3|22|M|pirate|1", "occupation is 'pirate'"),
    "genres that are no flags": ("100K", "u.item", 2, "2|F (1992)|01-Jan-1992||x|0|2|0", "genres"),
    "users in place of films": ("100K", "u.item", 1, "1|24|M|doctor|1", "5 fields"),
    "other bytes": ("latest", "movies.csv", 2, "1,\xff,x", "byte 0xff is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_line_and_value(name, tmp_path):
    layout, file, line, text, message = FAULTS[name]
    folder = fakes.LAYOUTS[layout](tmp_path / "data")
    fakes.edit(folder / file, line, text)
    with pytest.raises(RatingsFileError) as error:
        movielens.read(folder)
    assert message in str(error.value) and str(error.value).startswith(file)
    assert "; allowed: " in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("layout", fakes.LAYOUTS)
def test_a_pair_rated_twice_and_a_cut_file_are_found(layout, tmp_path):
    folder = fakes.LAYOUTS[layout](tmp_path / "data")
    path = folder / layouts.MOVIELENS[list(fakes.LAYOUTS).index(layout)].files[0]
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[5]]))
    with pytest.raises(RatingsFileError, match=f"line {len(lines) + 1}: user 1 .* as on line 6"):
        movielens.read(folder)
    path.write_bytes(whole[:-4])
    with pytest.raises(RatingsFileError, match="ends in the middle of a line.*cut short"):
        movielens.read(folder)
    path.write_bytes(b"")
    with pytest.raises(RatingsFileError, match="the file is empty"):
        movielens.read(folder)


def test_a_100k_file_cut_between_lines_is_told_by_its_counts(tmp_path):
    folder = fakes.movielens_100k(tmp_path / "data")
    lines = (folder / "u.data").read_text().splitlines()
    fakes.put(folder / "u.data", lines[:-9])
    with pytest.raises(RatingsFileError, match=r"u\.data: it has .* u\.info says"):
        movielens.read(folder)


def test_places_without_a_layout_are_told_apart(tmp_path):
    def said(source, place):
        with pytest.raises(RatingsFileError) as error:
            layouts.inputs(source, place)
        return str(error.value)

    assert "there is no such folder" in said("movielens", tmp_path / "none")
    assert "your home folder in place of ~" in said("movielens", "~/none")
    fakes.movielens_1m(tmp_path / "up" / "ml-1m")
    assert f"did you mean {tmp_path}/up/ml-1m?" in said("movielens", tmp_path / "up")
    (tmp_path / "up" / "ml-1m" / "users.dat").unlink()
    assert "users.dat of the 1M layout is not there" in said("movielens", tmp_path / "up" / "ml-1m")
    fakes.movielens_100k(tmp_path / "both")
    fakes.movielens_latest(tmp_path / "both")
    assert "100K and latest stand there together" in said("movielens", tmp_path / "both")
    given = said("movielens", tmp_path / "both" / "u.data")
    assert f"give the folder that holds it: {tmp_path}/both" in given
    assert "yelp_academic_dataset_review.json" in said("yelp", tmp_path / "both")


# ---------------------------------------------------------------- options and downloads


def test_options_are_taken_out_of_the_configuration(tmp_path):
    folder = fakes.movielens_1m(tmp_path)
    given = {"seed": 3, "movielens": str(folder), "real_splits": 2}
    options = real_options.taken(given)
    assert given == {"seed": 3}
    assert options.places == {"movielens": str(folder)}
    assert (options.splits, options.budget) == (2, real_options.USUAL["real_budget"])
    assert real_options.taken({"seed": 3}).places == {}


@pytest.mark.parametrize(
    ("given", "targets", "message"),
    [
        ({}, ("movielens",), "snakemake movielens --config movielens=PATH"),
        ({"yelp": ""}, (), "snakemake yelp --config yelp=PATH"),
        ({"movielens": "no/such/place"}, (), "no/such/place: there is no such folder"),
        ({"real_splits": 0}, (), "real_splits=0; allowed: a whole number, 1 to 20"),
        ({"real_budget": "many"}, (), "real_budget='many'"),
        (
            {"real_methods": "svd,magic"},
            (),
            "there is no 'magic'; allowed: names out of global_mean",
        ),
        ({"real_methods": "svd, svd"}, (), "svd stands there twice; allowed: each name once"),
        ({"movielens": "https://a.test/x.zip"}, (), "movielens_sha256=; allowed: 64 hexadecimal"),
        ({"movielens": "https://a.test/x.zip", "movielens_sha256": "ab"}, (), "'ab'"),
        ({"yelp": "https://a.test/x.zip"}, (), "this is an address; allowed: a folder"),
    ],
)
def test_options_that_cannot_be_used_are_told(given, targets, message):
    with pytest.raises(ExpectedError) as error:
        real_options.taken(dict(given), targets)
    assert message in str(error.value)


def test_an_archive_is_fetched_only_if_its_hash_is_the_given_one(tmp_path):
    archive = fakes.zipped(fakes.movielens_1m(tmp_path / "data"), tmp_path / "there.zip")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    address, kept = archive.as_uri(), tmp_path / "got" / "download.zip"
    download.fetch(address, download.checked_digest(address, sha256.upper()), kept)
    assert len(movielens.read(kept).ratings) == len(list(fakes.ratings()))
    kept.unlink()
    with pytest.raises(download.DownloadError, match=f"its SHA-256 is {sha256}.*nothing was kept"):
        download.fetch(address, "0" * 64, kept)
    with pytest.raises(download.DownloadError, match="cannot be fetched.*movielens=PATH"):
        download.fetch(address + "x", sha256, kept)
    assert list(kept.parent.iterdir()) == []
