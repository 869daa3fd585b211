"""The predicted cost of a study: counts against the code's own, seconds against measured ones."""

import copy
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import warm_python
from torch.utils.flop_counter import FlopCounterMode

from twotower.cost import operations, report
from twotower.cost.jobs import jobs
from twotower.study.reading import read_study, validated
from twotower.study.schema import Study
from twotower.theory.fourier import Box
from twotower.towers.training import ARMS, Sample

ROOT = Path(__file__).resolve().parents[3]
STUDIES = ROOT / "workflow/studies"
MEASURED = {  # config.yaml as it was at commit fec1147, the study whose seconds are known
    "name": "default",
    "seed": 2,
    "replicates": 12,
    "sample_sizes": [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
    "test_pairs": 65536,
    "certificate_size": 8192,
    "overrides": [
        {"where": where, "set": {"width": {"schedule": "units", "constant": constant}}}
        for where, constant in (
            ({"smoothness": 0.5}, 0.75),
            ({"smoothness": 2.0}, 1.75),
            ({"intrinsic_dim": 2}, 0.75),
        )
    ],
    "arms": {"erm": {"alternations": 2, "joint_steps": 30}, "adam": {"steps": 2000}},
    "experiments": {
        "smoothness": {"title": "One", "vary": {"smoothness": [0.5, 1.0, 2.0]}},
        "dimension": {"title": "Two", "vary": {"intrinsic_dim": [1, 2]}},
        "ambient": {"title": "Three", "vary": {"ambient_dim": [1, 10]}},
    },
}


def total(**changes) -> float:
    return report.plan(validated(copy.deepcopy(MEASURED) | changes, "study")).seconds()


def test_default_study_takes_what_was_measured():
    """Seconds of every rule's jobs, added up over results/benchmarks: 852 s in all."""
    listed = list(jobs(validated(MEASURED, "study")))
    predicted = Counter()
    for job in listed:
        predicted[job.rule] += operations.seconds(job.work)
    measured = {
        "train": 530.7,
        "fit_reference": 234.8,
        "evaluate": 42.0,
        "generate_data": 18.0,
        "generate_test_pairs": 14.7,
    }
    assert 0.5 < sum(predicted.values()) / 852.2 < 2
    for rule, seconds in measured.items():
        assert 0.5 < predicted[rule] / seconds < 2, rule


def test_jobs_of_the_tiny_study():
    assert Counter(job.rule for job in jobs(read_study(STUDIES / "tiny.yaml"))) == {
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
        "cold_start_table": 1,
        "error_budget_table": 1,
        "claims": 1,
        "tables": 1,
        "draw_experiment": 1,
        "draw_figure": 6,
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


@pytest.mark.parametrize(
    ("n", "width", "depth", "dim", "settings"),
    [
        (1024, 16, 1, 1, {"alternations": 2, "joint_steps": 3}),
        (512, 8, 3, 10, {"alternations": 1, "joint_steps": 3}),
    ],
)
def test_products_are_those_that_torch_counts(n, width, depth, dim, settings):
    random = torch.Generator().manual_seed(1)
    shapes = ((2, n, dim), (2, n, dim), (2, n))
    pairs = [torch.rand(*shape, dtype=torch.float64, generator=random) for shape in shapes]

    def streams(role):
        return [np.random.default_rng(index) for index in range(2)]

    sample = Sample(*pairs, width, depth, 2, torch.float64, streams)
    in_place = {torch.ops.aten.baddbmm_: lambda c, a, b, **_: 2 * a[0] * a[1] * a[2] * b[2]}
    with FlopCounterMode(display=False, custom_mapping=in_place) as counter:
        ARMS["erm"](sample, settings)
    work = operations.erm_work(operations.FitSize(n, width, depth, (dim, dim), 2, 2), **settings)
    assert work["product"] == pytest.approx(counter.get_total_flops(), rel=0.1)


def test_pairs_of_ratings_cost_what_they_are():
    """Beside erm's work: pairs as many as there are at most, and scores once more."""
    fit = operations.FitSize(1024, 16, 1, (1, 1), 2, 3)
    erm, pairs = operations.erm_work(fit, 2, 10), operations.pairwise_work(fit, 2, 10, 8)
    assert pairs["compared"] == 11 * 1024 * 8 * 3
    assert pairs["product"] - erm["product"] == 11 * fit.gradients(1)["product"] / 3
    raw = MEASURED | {"arms": {"erm": {}, "pairwise": {}}}
    raw |= {"experiments": {"one": {"title": "One", "set": {"sampling": "fixed_users"}}}}
    listed = list(jobs(validated(raw, "study")))
    erm, pairwise = (job for job in listed if job.rule == "train")
    assert operations.seconds(pairwise.work) > operations.seconds(erm.work)
    assert pairwise.memory > erm.memory


def test_rankings_are_jobs_where_they_are_asked_for():
    raw = MEASURED | {"ranking": {"users": 64, "items": 512}}
    before, after = (
        Counter(job.rule for job in jobs(validated(r, "study"))) for r in (MEASURED, raw)
    )
    towers = before["train"]
    assert after - before == {
        "rank": towers + before["fit_reference"],
        "ranking_table": 1,
        "draw_figure": 1,
    }
    seconds = total(ranking={"users": 64, "items": 512})
    assert total() < seconds < total(ranking={"users": 64, "items": 4096})


def test_frequencies_are_counted_as_they_are_stored():
    for dim, cutoff in ((1, 512), (2, 64), (3, 16)):
        stored = np.prod(Box(dim, cutoff).shape)
        assert operations.box(dim, cutoff) == pytest.approx(stored, rel=0.1)


@pytest.mark.parametrize(
    ("smoothness", "dim", "measured"),
    [(0.5, 1, 85.4), (1.0, 1, 27.8), (2.0, 1, 5.8), (1.0, 2, 8.5)],
)
def test_cutoffs_are_those_that_the_reference_chose(smoothness, dim, measured):
    """Means over the 12 replicates of the default study at 65,536 ratings."""
    data = {"smoothness": smoothness, "user_intrinsic_dim": dim, "item_intrinsic_dim": dim}
    chosen = operations.reference_cutoff(data | {"rank": 2, "noise_sd": 1.0}, 65536)
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
    assert "assumed, not measured" in done.stdout
    text = (STUDIES / "tiny.yaml").read_text().replace("replicates: 3", "replicates: none")
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    done = planned(str(bad))
    assert done.returncode == 1
    assert done.stderr.startswith(f"StudyError in {bad}: 1 problem\n  replicates: 'none' is text")
