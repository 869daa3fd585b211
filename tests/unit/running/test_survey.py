"""What is made anew after a fault: all that changed, with its job's other outputs, and no more."""

import os
import time
from pathlib import Path

import pytest

from twotower.base import files
from twotower.records import job_records
from twotower.running import survey

RATINGS, CERTIFICATE = "results/data/a/ratings.st", "results/data/a/certificate.csv"
WEIGHTS, RISKS, SECONDS = "results/runs/b/0.st", "results/risks/b.csv", "results/benchmarks/b.csv"
ALL = [RATINGS, CERTIFICATE, WEIGHTS, RISKS]


def make(inputs, outputs, text="made\n"):
    """What a job does to a folder: outputs, then their records."""
    for path in outputs:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path + text)
    hashes = {path: files.sha256(path) for path in inputs}
    about = {"rule": "r", "code": "c", "settings": "s", "inputs": hashes, "outputs": outputs}
    for path in outputs:
        job_records.write(path, about)


@pytest.fixture(autouse=True)
def finished(tmp_path, monkeypatch):
    """A finished study of three jobs: data, then a training, then an evaluation."""
    monkeypatch.chdir(tmp_path)
    make([], [CERTIFICATE, RATINGS])
    make([RATINGS], [SECONDS, WEIGHTS])
    make([WEIGHTS], [RISKS])


def unsound():
    return survey.unsound(survey.survey(), ALL, ALL)


def flip(path):
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    times = os.stat(path)
    Path(path).write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_untouched_folder_is_sound():
    found = survey.survey()
    assert sorted(found.sound) == sorted(ALL)
    assert found.size == sum(Path(path).stat().st_size for path in ALL)
    assert unsound() == {}


@pytest.mark.parametrize("damage", [flip, lambda path: os.truncate(path, 3), os.unlink])
def test_a_damaged_file_goes_with_its_jobs_other_outputs_alone(damage):
    damage(RATINGS)
    assert sorted(unsound()) == [CERTIFICATE, RATINGS]


def test_a_lost_file_that_others_were_made_from_is_made_anew():
    """Snakemake does not: what was made from it is there."""
    survey.remove([RATINGS])
    assert list(unsound()) == [RATINGS, CERTIFICATE]


def test_a_damaged_record_is_as_a_damaged_file():
    flip(job_records.record_path(RATINGS))
    assert unsound()[RATINGS] == "its record is damaged"
    assert sorted(unsound()) == [CERTIFICATE, RATINGS]


def test_what_was_made_from_other_bytes_is_made_anew():
    make([], [CERTIFICATE, RATINGS], "made otherwise\n")
    found = unsound()
    assert found.pop(SECONDS) == f"made by the job that makes {WEIGHTS}"  # else no seal would fit
    assert found == {WEIGHTS: f"it was made from other bytes of {RATINGS}"}


def test_an_output_without_a_record_is_unfinished_but_a_stranger_is_left_alone():
    job_records.record_path(RISKS).unlink()
    Path("results/tables").mkdir()
    Path("results/tables/notes.md").touch()
    assert list(unsound()) == [RISKS]
    assert "results/tables/notes.md" in survey.survey().unrecorded


def test_what_snakemake_has_no_note_of_is_made_anew():
    found = survey.survey()
    assert list(survey.unsound(found, ALL, [RATINGS, CERTIFICATE, WEIGHTS])) == [RISKS]


def test_records_of_environments_and_runs_are_no_outputs():
    for path in ("environments/0123456789abcdef.json", "runs/0123456789abcdef.json"):
        place = job_records.RECORDS / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
    assert unsound() == {}
    assert sorted(survey.survey().known) == sorted(ALL)
    assert WEIGHTS in survey.survey().known  # results/runs/ has records in that folder too


def test_timing_files_repeat_no_training():
    flip(SECONDS)
    assert unsound() == {}


def test_removal_takes_the_records_along():
    size = Path(RISKS).stat().st_size
    assert survey.remove([RISKS]) == size
    assert not Path(RISKS).exists()
    assert job_records.read(RISKS) is None


def test_half_written_files_go_and_hidden_ones_of_others_stay():
    with files.atomic_write(Path("results/risks/c.csv")) as temporary:
        temporary.touch()
        Path("results/risks/.mine").touch()
        assert survey.remove_temporary() == [temporary.as_posix()]
        temporary.touch()
    assert Path("results/risks/.mine").exists()


def test_checkpoints_of_finished_trainings_go():
    for name in ("b-0.st", "c-0.st"):
        Path("results/checkpoints").mkdir(exist_ok=True)
        Path("results/checkpoints", name).touch()
    survey.remove_spent_checkpoints(survey.survey())
    assert [path.name for path in Path("results/checkpoints").iterdir()] == ["c-0.st"]


def test_times_agree_with_records_after_a_clock_was_set_back():
    future = time.time() + 86400
    os.utime(RATINGS, (future, future))  # made before the clock was set back, the rest after it
    os.utime(RISKS, (1e9, 1e9))
    survey.settle_times(survey.survey())
    times = [os.stat(path).st_mtime for path in (RATINGS, WEIGHTS, RISKS)]
    assert times == sorted(times)
    assert times[-1] <= time.time()


def test_a_stale_file_is_older_than_what_changed():
    make([], [CERTIFICATE, RATINGS], "made otherwise\n")
    os.utime(RATINGS, (1e9, 1e9))
    survey.settle_times(survey.survey())
    assert os.stat(WEIGHTS).st_mtime < os.stat(RATINGS).st_mtime


def test_what_was_removed_is_made_again_layer_by_layer():
    found = survey.survey()
    new = "results/tables/new.csv"
    order = survey.layers(found, [new, RISKS, CERTIFICATE, RATINGS])
    assert order == [[CERTIFICATE, RATINGS], [RISKS], [new]]


def test_links_to_folders_are_entered_and_loops_end():
    os.rename("results/data", "elsewhere")
    os.symlink(os.path.abspath("elsewhere"), "results/data")
    os.symlink(os.path.abspath("results"), "results/loop")
    job_records.record_path(RATINGS).unlink()
    assert unsound()[RATINGS] == "it has no record: its job did not end"


def test_a_folder_or_a_pipe_in_place_of_a_result_is_no_result():
    os.unlink(WEIGHTS)
    os.mkdir(WEIGHTS)
    os.unlink(RISKS)
    os.mkfifo(RISKS)
    found = unsound()
    assert found.pop(SECONDS) == f"made by the job that makes {WEIGHTS}"
    assert found == {WEIGHTS: "it is no file", RISKS: "it is no file"}
    survey.remove(found)
    assert not os.path.lexists(WEIGHTS) and not os.path.lexists(RISKS)


def test_a_record_that_names_what_no_job_makes_is_damaged():
    """Else what it names would be removed with the job's outputs."""
    victim = os.path.abspath("mine.txt")
    for outside in (victim, "results/../mine.txt"):
        about = {"rule": "r", "code": "c", "settings": "s", "inputs": {}}
        job_records.write(RISKS, about | {"outputs": [RISKS, outside]})
        assert job_records.read(RISKS) is None


@pytest.mark.parametrize("content", [b"\x80", b"", b"[" * 10**5, b"[]"])
def test_notes_that_snakemake_cannot_read_go(content):
    Path(".snakemake/metadata/ab").mkdir(parents=True)
    Path(".snakemake/metadata/ab/good").write_text("{}")
    Path(".snakemake/metadata/ab/bad").write_bytes(content)
    assert survey.remove_unreadable_notes() == [".snakemake/metadata/ab/bad"]
    assert os.listdir(".snakemake/metadata/ab") == ["good"]
