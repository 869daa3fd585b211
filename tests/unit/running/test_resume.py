"""What `make` says before it runs anything; `make resume` as a whole is tested in tests/faults."""

from pathlib import Path

import pytest

from twotower.records import job_records
from twotower.running import resume


@pytest.fixture(autouse=True)
def finished(tmp_path, monkeypatch):
    """A folder with twelve recorded results."""
    monkeypatch.chdir(tmp_path)
    Path("results/risks").mkdir(parents=True)
    about = {"rule": "r", "code": "c", "settings": "s", "inputs": {}}
    for number in range(12):
        path = f"results/risks/{number:02}.csv"
        Path(path).write_text("risk\n1\n")
        job_records.write(path, about | {"outputs": [path]})


def test_nothing_is_said_of_results_as_they_were_made():
    assert resume.check() == []


def test_a_folder_without_results_is_fine(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    assert resume.check() == []


def test_changed_results_are_named_with_the_remedy_and_left_alone():
    Path("results/risks/03.csv").write_text("risk\n0\n")
    with pytest.raises(resume.ResultsChangedError) as found:
        resume.check()
    assert str(found.value).splitlines() == [
        "results/ holds 1 file in another state than when made:",
        "  results/risks/03.csv: its bytes are not those that were recorded",
        "`make resume` makes them anew; nothing has been removed yet.",
    ]
    assert Path("results/risks/03.csv").read_text() == "risk\n0\n"


def test_a_long_list_is_cut():
    for path in Path("results/risks").iterdir():
        path.write_text("")
    with pytest.raises(resume.ResultsChangedError) as found:
        resume.check()
    lines = str(found.value).splitlines()
    assert lines[0].startswith("results/ holds 12 files")
    assert lines[-2] == "  and 2 more"
    assert len(lines) == 13


def test_files_of_unknown_origin_are_told_and_do_not_stop_a_run():
    Path("results/notes.md").touch()
    lines = resume.check()
    assert lines[:2] == ["1 file of unknown origin in results/:", "  results/notes.md"]
