"""What is said of a failed job, from the study's own tables and whatever its log holds."""

import pytest

from studies import GOOD
from twotower.records import job_log
from twotower.running import failures
from twotower.study import grid
from twotower.study.reading import validated

EXPERIMENT = {
    "title": "Dimension hurts",
    "also": [
        {"intrinsic_dim": 2, "ambient_dim": 10, "noise_sd": 0.5, "noise": "student"},
        {"user_intrinsic_dim": 2, "depth": 3, "width": {"schedule": "fixed", "units": 64}},
        {"smoothness": float("inf"), "sampling": "popularity", "catalogue": 512},
    ],
}
STUDY = validated(GOOD | {"experiments": {"one": EXPERIMENT}}, "study.yaml")
RUNS = {run.id: run for run in grid.runs(STUDY)}
NAMES = failures.Names(RUNS, grid.cells(STUDY), STUDY.blocks(), {"one": "Dimension hurts"})
SHAPE = "depth 1, width units c = 1"
CELLS = [
    "β = 1, d = 2, D = 10, σ = 0.5, heavy tails",
    "β = 1, d_u = 2, d_i = 1, D = 2",
    "β = ∞, d = 1, D = 1, popular items, catalogue 512",
]


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (0, f"erm, {CELLS[0]}, {SHAPE}; n = 64 to 128; replicates 2 to 3"),
        (1, f"adam, {CELLS[0]}, {SHAPE}; n = 64 to 128; replicates 2 to 3"),
        (2, f"erm, {CELLS[1]}, depth 3, width 64; n = 64 to 128; replicates 2 to 3"),
        (4, f"erm, {CELLS[2]}, {SHAPE}; n = 64 to 128; replicates 2 to 3"),
    ],
)
def test_a_training_job_is_told_by_its_settings(index, words):
    assert NAMES.words({"run": list(RUNS)[index], "block": "1"}) == words


def test_other_jobs_are_told_by_what_they_are_about():
    run, data = list(RUNS)[0], NAMES.cells[0].data_id
    sizes = "n = 64 to 128; replicates 0 to 3"
    assert NAMES.words({"fit": run}) == f"erm, {CELLS[0]}, {SHAPE}; {sizes}"
    assert NAMES.words({"fit": f"reference-{data}"}) == f"reference, {CELLS[0]}; {sizes}"
    assert NAMES.words({"data": data}) == f"{CELLS[0]}; {sizes}"
    assert NAMES.words({"experiment": "one"}) == "Dimension hurts"
    assert NAMES.words({}) == NAMES.words({"figure": "lemmas"}) == ""


@pytest.mark.parametrize(
    ("content", "shown", "end"),
    [
        (None, [], "the job never began"),
        (b"", [], "the log is empty, so the job was killed as it began"),
        (b"n = 64\n", ["n = 64"], "the log stops in the middle, so the job was killed"),
        (f"MyError: a\n{job_log.WORKED} 1.0\n".encode(), ["MyError: a"], ""),
        (b"\x1b[31mred\x1b[0m \x00\xff\n", ["red  \N{REPLACEMENT CHARACTER}"], "stops"),
    ],
)
def test_every_kind_of_log_is_shown_with_its_end_explained(tmp_path, content, shown, end):
    log = tmp_path / "job.log"
    if content is not None:
        log.write_bytes(content)
    failure = failures.Failure("train", {"run": "0a", "block": "1"}, "erm", [str(log)], "TIMEOUT")
    head, *rest = failure.report().splitlines()
    assert head == "Job failed: train, run 0a, block 1"
    assert rest[:3] == ["  settings: erm", "  status: TIMEOUT", f"  log: {log}"]
    assert rest[3 : 3 + len(shown)] == [f"    {line}" for line in shown]
    assert end in "".join(rest[3 + len(shown) :])
    assert bool(end) == (len(rest) > 3 + len(shown))


def test_of_a_huge_log_only_the_end_is_read(tmp_path):
    log = tmp_path / "job.log"
    log.write_bytes(b"".join(b"line %d\n" % i for i in range(100_000)))
    lines = failures.tail(log)
    assert len(lines) == failures.MOST_LINES + 1
    assert lines[-1] == "line 99999"
