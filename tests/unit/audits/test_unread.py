"""What is not read, or cannot be, is one verdict among others: it ends no check, nor lasts."""

import json
import os
from pathlib import Path

import pytest

import small_study
from small_study import OTHER, STUDY, TABLE, rewritten, seal, verified
from twotower.audits.crate_check import check
from twotower.audits.seal import manifest, sealed_files
from twotower.records.reading import bounded
from twotower.running import survey

HUGE = 8 * 10**12


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_study.make()
    return tmp_path


def test_nothing_but_holes_is_told_and_not_read_whatever_seal_and_record_say(folder):
    os.truncate(TABLE, HUGE)
    rewritten(TABLE, bytes=HUGE)
    seal(**{TABLE: HUGE})
    found = verified()
    each = found.files[TABLE]
    assert each.verdict == "UNREAD"
    assert "it has 8,000,000,000,000 bytes, of which the disk holds" in each.reason
    assert found.files[OTHER].verdict not in ("UNREAD", "CHANGED", "MISSING")
    assert found.size < 10**6


def test_many_hollow_files_share_one_bound(folder):
    for number in range(5):
        path = f"results/tables/{number}.csv"
        Path(path).touch()
        os.truncate(path, 400_000_000)
    found, unread = bounded.digests({str(path): path for path in Path("results/tables").iterdir()})
    assert len(unread) == 3 and sum(size for size, _ in found.values()) < bounded.MOST_HOLLOW


def test_one_file_under_many_names_is_read_once(folder, monkeypatch):
    for number in range(9):
        os.link(TABLE, f"results/tables/{number}.csv")
    read, honest = [], bounded._sha256
    monkeypatch.setattr(bounded, "_sha256", lambda *about: read.append(about) or honest(*about))
    found, _ = bounded.digests({str(path): path for path in Path("results/tables").iterdir()})
    assert (len(found), len(read)) == (11, 2)


@pytest.mark.parametrize("path", ["scripts/do.py", "workflow/rules/all.smk", "study.yaml",
                                  "workflow/decisions.yaml", "envs/requirements.txt",
                                  "results/records/tables/a.csv.json", f"{sealed_files.SIGNATURE}",
                                  "results/records/runs/0000000000000000.json",
                                  "results/preregistration/statement.json.tsa.pem",
                                  ".snakemake/metadata/YQ=="])  # fmt: skip
@pytest.mark.parametrize("is_sealed", [True, False])
def test_no_file_of_any_kind_lasts(folder, path, is_sealed):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()
    os.truncate(path, HUGE)
    if is_sealed:
        seal()
    assert verified().failed


def test_a_size_that_was_not_sealed_is_told_and_not_read(folder):
    Path(TABLE).write_bytes(b"x" * 2_000_000)
    each = verified().files[TABLE]
    assert (each.verdict, each.reasons[0]) == (
        "CHANGED",
        "it has 2,000,000 bytes, not 2: it was not read",
    )


def test_file_systems_that_count_no_blocks_and_small_files_alarm_nobody():
    class Stat:
        def __init__(self, blocks, size):
            self.st_dev, self.st_blocks, self.st_size = 1, blocks, size

    assert bounded._hollow({"a": Stat(0, 3 * 10**9), "b": Stat(0, 10)}) == set()
    compressed = {"a": Stat(3 * 10**9 // 512 // 10, 3 * 10**9), "b": Stat(8, 10)}
    assert bounded._hollow(compressed) == set()
    inline = {str(n): Stat(0, 2000) for n in range(1000)} | {"b": Stat(8, 5000)}
    assert bounded._hollow(inline) == set()
    assert bounded._hollow({"a": Stat(0, 3 * 10**9), "b": Stat(8, 10)}) == {"a"}


@pytest.mark.parametrize(
    "code, words",
    [
        (13, "Permission denied"),
        (5, "Input/output error"),
        (116, "Stale file handle"),
        (2, "No such file"),
    ],
)
def test_what_the_system_refuses_is_one_verdict(folder, monkeypatch, code, words):
    honest = os.open

    def refusing(path, *about, **more):
        if str(path).endswith("a.csv"):
            raise OSError(code, os.strerror(code), str(path))
        return honest(path, *about, **more)

    monkeypatch.setattr(os, "open", refusing)
    found = verified()
    each = found.files[TABLE]
    assert (each.verdict, words in each.reason) == ("UNREAD", True)
    assert found.files[OTHER].reason == found.files[TABLE].reasons[-1], "both are stale alike"
    graph = {"@graph": [{"@id": path, "@type": "File", "contentSize": "2", "sha256": "0" * 64}
                        for path in (TABLE, OTHER)]}  # fmt: skip
    Path("ro-crate-metadata.json").write_text(json.dumps(graph))
    faults = check.check(Path()).faults
    assert words in faults[TABLE] and faults[OTHER].startswith("changed")
    assert words in survey.survey().changed[TABLE]


def test_a_file_that_grows_while_it_is_read_ends(folder, monkeypatch):
    """As a log that somebody writes to: the read has the length that was there."""
    honest = bounded._opened

    def growing(place, flags):
        with open(place, "ab") as file:
            file.write(b"more")
        return honest(place, flags)

    monkeypatch.setattr(bounded, "_opened", growing)
    _, unread = bounded.digests({"a": Path(TABLE)})
    assert unread["a"].why == "it cannot be read (its size changed meanwhile)"


def test_folders_that_lead_to_themselves_or_are_too_deep_end_nothing(folder):
    os.symlink(".", "results/tables/again")
    os.symlink("self", "results/tables/self")
    deep = Path("results/tables")
    here = os.getcwd()
    os.chdir(deep)
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    os.chdir(here)
    found = verified()
    told = {path: each for path, each in found.files.items() if each.verdict == "UNREAD"}
    assert {"results/tables/again", "results/tables/self"} < told.keys()
    assert any("cannot be entered (File name too long)" in each.reason for each in told.values())


def test_what_lies_in_a_closed_folder_is_not_said_to_be_missing(folder, monkeypatch):
    honest = os.scandir

    def closed(place):
        if str(place).endswith("results/tables"):
            raise PermissionError(13, "Permission denied", str(place))
        return honest(place)

    monkeypatch.setattr(os, "scandir", closed)
    found = verified()
    assert found.files["results/tables"].verdict == "UNREAD"
    assert found.files[TABLE].reasons[0] == "the folder that it was in cannot be entered"
    assert not any(each.verdict == "MISSING" for each in found.files.values())


@pytest.mark.parametrize("name", [".DS_Store", "._a.csv", "Thumbs.db", "desktop.ini", "a.csv~",
                                  ".a.csv.swp", "#a.csv#", ".#a.csv"])  # fmt: skip
def test_what_systems_and_editors_leave_is_a_note_unless_somebody_sealed_it(folder, name):
    before = {path: each.reason for path, each in verified().wrong().items()}
    places = [Path("results", name), Path("results/tables", name), Path("scripts", name)]
    for place in places:
        place.write_text("x")
    found = verified()
    assert {path: each.reason for path, each in found.wrong().items()} == before
    [note] = [note for note in found.notes if "left by the system or an editor" in note]
    assert note.startswith(f"results/{name} and 1 more")
    assert manifest.build(".", STUDY, Path()).files == manifest.read(".").files
    seal(**{f"results/{name}": 1})
    assert verified().files[f"results/{name}"].verdict in ("UNRECORDED", "CHANGED")
