"""Which files of a folder or an archive are read: one layout, in one place, or a message."""

import stat
import zipfile

import pytest

import rating_fakes as fakes
from twotower.real.reading import archives, layouts, movielens
from twotower.real.reading.layouts import RatingsFileError


def said(place) -> str:
    with pytest.raises(RatingsFileError) as error:
        layouts.inputs("movielens", place)
    text = str(error.value)
    assert "; allowed: " in text and "\n" not in text
    return text


def member(path, name, text="x\n", method=zipfile.ZIP_STORED, mode=0o644, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | mode) << 16
    info.compress_type = method
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, text)


@pytest.fixture
def whole(tmp_path):
    """An archive of the latest layout, and what it holds."""
    folder = fakes.movielens_latest(tmp_path / "data")
    path = fakes.zipped(folder, tmp_path / "ml.ZIP")
    return path, movielens.read(folder)


@pytest.mark.parametrize("layout", fakes.LAYOUTS)
def test_archives_of_every_layout_are_read_whatever_their_suffix_is(layout, tmp_path):
    folder = fakes.LAYOUTS[layout](tmp_path / "data")
    for name, inside in (("ml.zip", "ml-tiny/"), ("ml.ZIP", ""), ("ml.Zip", "ml\\")):
        archive = fakes.zipped(folder, tmp_path / name, inside)
        assert layouts.inputs("movielens", archive) == [str(archive)]
        read, plain = movielens.read(archive), movielens.read(folder)
        assert read.title == plain.title and (read.ratings == plain.ratings).all()
        assert read.item_entities.texts == plain.item_entities.texts


def test_what_other_programs_put_beside_is_ignored(whole):
    path, plain = whole
    for name in ("__MACOSX/ml-tiny/._ratings.csv", "__MACOSX/ratings.csv", "ml-tiny/._movies.csv",
                 "ml-tiny/README.txt", "ml-tiny/old/links.csv", "x/ratings.csv/"):  # fmt: skip
        member(path, name)
    assert (movielens.read(path).ratings == plain.ratings).all()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["ml-tiny/old/ratings.csv"], "ml-tiny/ratings.csv and ml-tiny/old/ratings.csv"),
        (["ratings.csv"], "ml-tiny/ratings.csv and ratings.csv"),
        (["\x1b[1m\n/ratings.csv"], "ml-tiny/ratings.csv and \\x1b[1m\\n/ratings.csv; allowed"),
        (["other\\ratings.csv"], "ml-tiny/ratings.csv and other/ratings.csv"),
        (["ml-tiny\\ratings.csv"], "it holds ml-tiny/ratings.csv twice"),
        (["ml-tiny/ratings.csv"], "it holds ml-tiny/ratings.csv twice"),
        (["1m/ratings.dat", "1m/users.dat", "1m/movies.dat"], "ml-tiny/movies.csv and 1m/ratings"),
        (["ml-tiny/Ratings.csv"], "ratings.csv and Ratings.csv differ in upper and lower case"),
        (["ml-tiny/u.data", "ml-tiny/u.user", "ml-tiny/u.item"], "100K and latest stand there"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_copies_in_an_archive_are_named_and_none_is_taken(names, found, whole):
    for name in names:
        member(whole[0], name)
    assert found in said(whole[0])
    with pytest.raises(RatingsFileError):
        movielens.read(whole[0])


def test_members_that_cannot_be_read_are_told_before_any_work(tmp_path, monkeypatch):
    def only(name="ml/ratings.csv", **given) -> str:
        path = tmp_path / "ml.zip"
        path.unlink(missing_ok=True)
        member(path, name, **given)
        return said(path)

    assert "ml/ratings.csv is a link" in only(kind=stat.S_IFLNK)
    bomb = only(text="\0" * (archives.FREE_BYTES + 1), method=zipfile.ZIP_DEFLATED)
    assert "times as large as it is packed; allowed: at most 200 times; unpack it" in bomb
    inner = only("ml-1m.zip")
    assert "no files of MovieLens in it" in inner and "it holds ml-1m.zip: unpack that" in inner
    assert "Ratings.csv is not spelt as published; allowed: ratings.csv" in only("Ratings.csv")
    path = tmp_path / "ml.zip"
    for place, value, found in ((6, b"\1", "is encrypted"), (8, b"\t", "packed by method 9")):
        path.unlink(missing_ok=True)
        member(path, "ratings.csv")
        content = bytearray(path.read_bytes())
        for header, shift in ((b"PK\3\4", 0), (b"PK\1\2", 2)):
            at = content.index(header) + place + shift
            content[at : at + 1] = value
        path.write_bytes(content)
        assert found in said(path) and "unpack it, and give the folder" in said(path)
    monkeypatch.setattr(archives, "MOST_BYTES", 1)
    assert "its files have 2 bytes; allowed: at most 1" in only()
    path.write_bytes(b"")
    assert "ml.zip: it cannot be unpacked" in said(path)


def test_a_damaged_member_is_told_when_it_is_read(whole):
    content = bytearray(whole[0].read_bytes())
    content[content.index(b"userId") + 200] ^= 1
    whole[0].write_bytes(content)
    with pytest.raises(RatingsFileError, match=r"ml.ZIP: it cannot be unpacked \(Bad CRC-32"):
        movielens.read(whole[0])


# ---------------------------------------------------------------- folders


def test_10m_is_told_from_a_1m_folder_without_its_users(tmp_path):
    ten = fakes.movielens_10m(tmp_path / "10m")
    (ten / "tags.dat").unlink()
    assert movielens.read(ten).title == "MovieLens 10M"  # half stars tell
    fakes.put(ten / "users.dat", ["1::M::25::1::9"])
    assert movielens.movielens_layout(ten).name == "1M"
    with pytest.raises(RatingsFileError, match=r"rating 3.5 .* half stars are read from"):
        fakes.edit(ten / "ratings.dat", 1, "1::1::3.5::880000000")
        movielens.read(ten)
    one = fakes.movielens_1m(tmp_path / "1m")
    fakes.put(one / "tags.dat", [])
    assert "1M and 10M stand there together (tags.dat is of 10M" in said(one)
    (one / "users.dat").unlink()
    assert movielens.movielens_layout(one).name == "10M"
    (one / "tags.dat").unlink()
    assert "copy users.dat there; if the data have none, make an empty tags.dat" in said(one)
    archive = fakes.zipped(one, tmp_path / "one.zip")
    assert "no tags.dat and no half star tell 10M" in said(archive)
    (ten / "movies.dat").unlink()
    assert "movies.dat of the 1M layout is not there" in said(ten)


@pytest.mark.parametrize("release", ["20M", "25M", "32M"])
def test_later_releases_are_read_as_latest_is(release, tmp_path):
    folder = fakes.movielens_latest(tmp_path / "plain")
    plain = movielens.read(folder)
    beside = {"20M": ["genome-scores.csv", "genome-tags.csv", "README.txt"],
              "25M": ["genome-scores.csv", "genome-tags.csv", "README.txt"],
              "32M": ["README.txt", "checksums.txt"]}[release]  # fmt: skip
    for name in ("links.csv", "tags.csv", *beside):
        fakes.put(folder / name, ["movieId,imdbId,tmdbId"])
    fakes.as_of_a_spreadsheet(folder)
    read = movielens.read(folder)
    assert (read.ratings == plain.ratings).all() and (read.users == plain.users).all()
    assert read.item_entities.texts == plain.item_entities.texts
    assert read.item_entities.sets == plain.item_entities.sets


def test_a_folder_of_folders_names_all_that_may_be_meant(tmp_path):
    fakes.movielens_latest(tmp_path / "up" / "old")
    fakes.movielens_1m(tmp_path / "up" / "new")
    assert f"did you mean {tmp_path}/up/new or {tmp_path}/up/old?" in said(tmp_path / "up")


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("layout", fakes.LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_named(layout, encoding, tmp_path):
    folder = fakes.LAYOUTS[layout](tmp_path / "data")
    files = next(one for one in layouts.MOVIELENS if one.name == layout).files
    for name in (files[0], files[-1]):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole.decode("latin-1").encode(encoding))
        with pytest.raises(RatingsFileError) as error:
            movielens.read(folder)
        kind = encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
        assert f"{name}, line 1: the file is in {kind}; allowed: text in UTF-8" in str(error.value)
        assert f"iconv -f {kind} -t UTF-8 {name} > new" in str(error.value)
        (folder / name).write_bytes(whole)


def test_latin_1_is_read_where_it_was_published_and_named_elsewhere(tmp_path):
    for layout, name in (("100K", "u.item"), ("1M", "movies.dat")):  # either encoding
        folder = fakes.LAYOUTS[layout](tmp_path / layout)
        plain = movielens.read(folder)
        text = (folder / name).read_text(encoding="latin-1")
        (folder / name).write_text(text, encoding="utf-8-sig", newline="\n")
        assert "\xe9" in plain.item_entities.texts["title"][0]
        assert movielens.read(folder).item_entities.texts == plain.item_entities.texts
    ten = fakes.movielens_10m(tmp_path / "10M")
    latest = fakes.movielens_latest(tmp_path / "latest")
    fakes.edit(ten / "movies.dat", 1, "1::Caf\xe9 (1990)::War")
    fakes.edit(latest / "movies.csv", 3, "2,Caf\xe9 (1990),War")
    for folder, place in ((ten, "movies.dat, line 1"), (latest, "movies.csv, line 3")):
        with pytest.raises(RatingsFileError) as error:
            movielens.read(folder)
        assert f"{place}: byte 0xe9 is not UTF-8; as Latin-1 it reads " in str(error.value)
        assert "Caf\xe9 (1990)" in str(error.value) and "iconv -f LATIN1" in str(error.value)
    fakes.movielens_latest(tmp_path / "mac")
    (tmp_path / "mac" / "ratings.csv").write_bytes(b"userId,movieId,rating,timestamp\r1,1,3,4\r")
    with pytest.raises(RatingsFileError, match="carriage return alone.*line ends of Unix"):
        movielens.read(tmp_path / "mac")
