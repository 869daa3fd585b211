"""The predicted cost of a study: counts against the code's own, seconds against measured ones."""

import copy
import math
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import warm_python

from twotower.cost import report
from twotower.cost.jobs import jobs
from twotower.cost.operations import work
from twotower.cost.operations.arms import pairwise_work
from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.reference import reference_cutoff
from twotower.cost.operations.targets import box
from twotower.study.reading import read_study, validated
from twotower.study.schema import Study
from twotower.theory.fourier import Box
from twotower.towers.steps import ORACLE

ROOT = Path(__file__).resolve().parents[3]
STUDIES = ROOT / "workflow/studies"
MEASURED = {  # config.yaml as it was at commit e7b4d76, the study whose seconds are known
    "name": "default",
    "seed": 2,
    "replicates": 12,
    "sample_sizes": [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
    "test_pairs": 65536,
    "certificate_sizes": [8192],
    "overrides": [
        {"where": where, "set": {"width": width}}
        for where, width in (
            ({"smoothness": 0.5}, {"schedule": "units", "constant": 0.75}),
            ({"smoothness": 2.0}, {"schedule": "units", "constant": 1.75}),
            ({"intrinsic_dim": 2}, {"schedule": "units", "constant": 0.75}),
            ({"smoothness": math.inf}, {"schedule": "fixed", "units": 32}),
        )
    ],
    "arms": {
        "erm": {"alternations": 2, "joint_steps": 30, "noise_free_steps": 30},
        "adam": {"steps": 2000},
    },
    "experiments": {
        "approximation": {
            "title": "Zero",
            "axis": "units",
            "arms": ["erm"],
            "sample_sizes": [4096, 8192],
            "set": {"noise_sd": 0.0},
            "vary": {
                "intrinsic_dim": [1, 2],
                "width": [{"schedule": "fixed", "units": units} for units in (4, 8, 16, 32)],
            },
        },
        "smoothness": {
            "title": "One",
            "arms": ["erm"],
            "vary": {"smoothness": [0.5, 1.0, 2.0, math.inf]},
        },
        "dimension": {
            "title": "Two",
            "arms": ["erm"],
            "vary": {"intrinsic_dim": [1, 2]},
            "also": [{"ambient_dim": 10}],
        },
        "plain_training": {"title": "Three", "vary": {"smoothness": [0.5, 1.0, 2.0]}},
    },
}


def total(**changes) -> float:
    return report.plan(validated(copy.deepcopy(MEASURED) | changes, "study")).seconds()


def test_default_study_takes_what_was_measured(monkeypatch):
    """Processor seconds, and the largest memory of a job in MiB, of every rule's jobs.

    Columns `cpu_time` and `max_rss` of results/benchmarks, on two busy cores of an AMD EPYC virtual
    machine, 2026-11-29; no job may be predicted less memory than it took.
    """
    monkeypatch.setitem(ORACLE, "joint_steps", 30)  # as it was
    listed = list(jobs(validated(MEASURED, "study")))
    listed = [job for job in listed if not job.rule.startswith("predict")]  # they came later
    assert len(listed) == 88
    predicted, memory = Counter(), Counter()
    for job in listed:
        predicted[job.rule] += work.seconds(job.work)
        memory[job.rule] = max(memory[job.rule], job.memory / 2**20)
    measured = {
        "train": (184.7, 818),
        "fit_reference": (71.6, 364),
        "evaluate": (53.1, 351),
        "generate_data": (30.8, 151),
        "generate_test_pairs": (37.3, 582),
        "draw_figure": (19.5, 206),
        "draw_experiment": (15.3, 206),
        "fit_rates": (8.1, 165),
    }
    for rule, (seconds, largest) in measured.items():
        assert 0.5 < predicted[rule] / seconds < 2, rule
        assert memory[rule] >= largest, rule


def test_jobs_of_the_tiny_study():
    assert Counter(job.rule for job in jobs(read_study(STUDIES / "tiny.yaml"))) == {
        "predict": 4,
        "predictions": 1,
        "generate_data": 2,
        "generate_test_pairs": 2,
        "train": 8,
        "fit_reference": 4,
        "evaluate": 6,
        "index": 1,
        "check_fitter": 1,
        "fit_rates": 1,
        "combine_rates": 1,
        "meta_regression_table": 1,
        "extrapolation_table": 1,
        "falsifiability_table": 1,
        "levels_table": 1,
        "cold_start_table": 1,
        "error_budget_table": 1,
        "claims": 1,
        "tables": 1,
        "draw_experiment": 1,
        "draw_figure": 7,
    }


def test_more_costs_more():
    sizes = MEASURED["sample_sizes"]
    steps = {"erm": {"joint_steps": 60}, "adam": {"steps": 4000}}
    changes = [
        {"replicates": 24},
        {"replicates_per_job": 3},
        {"sample_sizes": [*sizes, 131072]},
        {"test_pairs": 131072},
        {"arms": steps},
        {"arms": MEASURED["arms"] | {"joint": {}}},
    ]
    assert all(total(**change) > 1.01 * total() for change in changes)
    assert total(replicates=24) < 2 * total()


def test_pairs_of_ratings_cost_what_they_are():
    """Beside erm's work: pairs as many as there are at most."""
    fit = FitSize(1024, 16, 1, (1, 1), 2, 3)
    assert pairwise_work(fit, 2, 10, 8)["compared"] == 11 * 1024 * 8 * 3
    assert pairwise_work(replace(fit, n=4), 2, 10, 8)["compared"] == 11 * 4 * 3 * 3
    raw = MEASURED | {"arms": {"erm": {}, "pairwise": {}}}
    raw |= {"experiments": {"one": {"title": "One", "set": {"sampling": "fixed_users"}}}}
    listed = list(jobs(validated(raw, "study")))
    erm, pairwise = (job for job in listed if job.rule == "train")
    assert work.seconds(pairwise.work) > work.seconds(erm.work)
    assert pairwise.memory > erm.memory


def test_a_card_does_the_work_of_matrices():
    """Where a core has faster loops for shallow towers."""
    trained = [job for job in jobs(validated(MEASURED, "study")) if job.rule == "train"]
    loops = {"fused", "deep", "sorted", "sorting", "kink", "hat"}
    assert all(loops & set(job.work) and not loops & set(job.card_work()) for job in trained)
    assert sum(job.card_work()["product"] for job in trained) > 2 * sum(
        job.work["product"] for job in trained
    )


def test_the_plan_loads_neither_torch_nor_numba():
    code = (
        "import sys; sys.path[:0] = ['scripts']; from twotower.cost import probe, report; "
        "from twotower.study.reading import read_study; "
        "report.plan(read_study('workflow/studies/tiny.yaml')).card_seconds(); "
        "assert not {'torch', 'numba'} & set(sys.modules)"
    )
    subprocess.run([warm_python.python(), "-c", code], cwd=ROOT, check=True)


def test_rankings_are_jobs_where_they_are_asked_for():
    raw = MEASURED | {"ranking": {"users": 64, "items": 512}}
    before, after = (
        Counter(job.rule for job in jobs(validated(r, "study"))) for r in (MEASURED, raw)
    )
    ranked = 9 + 6  # of the 17 runs of towers, those with a rate in the ratings; references
    assert after - before == {
        "rank": ranked,
        "ranking_table": 1,
        "draw_figure": 1,
    }
    seconds = total(ranking={"users": 64, "items": 512})
    assert total() < seconds < total(ranking={"users": 64, "items": 4096})


def test_components_are_jobs_where_they_are_asked_for():
    asked = {"experiments": ["dimension"], "users": 128, "items": 512, "free_items": 128}
    raw = MEASURED | {"components": asked}
    before, after = (
        Counter(job.rule for job in jobs(validated(r, "study"))) for r in (MEASURED, raw)
    )
    assert after - before == {
        "best_components": 1,
        "list_components": 3,
        "components_table": 1,
        "draw_figure": 1,
    }
    seconds = total(components=asked)
    assert total() < seconds < total(components=asked | {"items": 4096})
    assert seconds < total(components=asked | {"free_steps": 10_000})


def test_two_stages_are_jobs_where_they_are_asked_for():
    asked = {"experiments": ["dimension"], "catalogues": [10_000]}
    raw = MEASURED | {"two_stages": asked}
    before, after = (
        Counter(job.rule for job in jobs(validated(r, "study"))) for r in (MEASURED, raw)
    )
    assert after - before == {"split_regret": 3, "two_stages_table": 1, "draw_figure": 1}
    seconds = total(two_stages=asked)
    assert total() < seconds < total(two_stages=asked | {"budget": 8})
    assert seconds < total(two_stages=asked | {"catalogues": [10_000, 1_000_000]})


def test_frequencies_are_counted_as_they_are_stored():
    for dim, cutoff in ((1, 512), (2, 64), (3, 16)):
        stored = np.prod(Box(dim, cutoff).shape)
        assert box(dim, cutoff) == pytest.approx(stored, rel=0.1)


@pytest.mark.parametrize(
    ("smoothness", "dim", "measured"),
    [(0.5, 1, 85.4), (1.0, 1, 27.8), (2.0, 1, 5.8), (1.0, 2, 8.5)],
)
def test_cutoffs_are_those_that_the_reference_chose(smoothness, dim, measured):
    """Means over the 12 replicates of the default study at 65,536 ratings."""
    data = {"smoothness": smoothness, "user_intrinsic_dim": dim, "item_intrinsic_dim": dim}
    chosen = reference_cutoff(data | {"rank": 2, "noise_sd": 1.0}, 65536)
    assert measured / 1.5 < chosen < measured * 1.5


def test_paper_study_is_sound_and_within_limits():
    made = report.plan(read_study(STUDIES / "paper.yaml"), cores=2)
    assert made.wall_seconds() >= made.seconds() / 2
    assert made.seconds([made.longest()]) < 3600
    assert max(job.memory for job in made.listed) < 8e9


def test_ratings_larger_than_memory_are_planned_in_flat_memory():
    study = read_study(STUDIES / "streaming.yaml").model_dump()
    peaks = []
    for times in (1, 4):
        study["sample_sizes"] = [1_000_000, 5_000_000 * times, 20_000_000 * times]
        listed = list(jobs(Study.model_validate(study)))
        assert max(job.disk for job in listed) > 900e6 * times
        peaks.append({(job.rule, job.about): job.memory for job in listed})
    assert peaks[0] == pytest.approx(peaks[1], rel=0.1)
    assert max(peaks[0].values()) < 1 << 30


def planned(*arguments: str) -> subprocess.CompletedProcess:
    command = [warm_python.python(), ROOT / "scripts/plan.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_plan_is_printed_and_a_bad_study_named(tmp_path):
    done = planned("workflow/studies/tiny.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr
    assert "Study tiny: 1 experiment, 2 cells" in done.stdout
    assert "Assumed, not measured" in done.stdout
    text = (STUDIES / "tiny.yaml").read_text().replace("replicates: 3", "replicates: none")
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    done = planned(str(bad))
    assert done.returncode == 1
    assert done.stderr.startswith(f"StudyError in {bad}: 1 problem\n  replicates: 'none' is text")
