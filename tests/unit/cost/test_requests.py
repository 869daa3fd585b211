"""What jobs ask a scheduler for: room above the predictions, twice as much at each further try."""

from pathlib import Path

import pytest

from twotower.cost.jobs import Jobs, jobs
from twotower.cost.operations.work import seconds
from twotower.cost.requests import Requests
from twotower.study import grid
from twotower.study.reading import read_study

ROOT = Path(__file__).resolve().parents[3]
STUDY = read_study(ROOT / "workflow/studies/standard.yaml")
CELLS = grid.cells(STUDY)
DATA = {cell.data_id: cell.data_spec for cell in CELLS}
SIZES = {
    data: sorted({n for cell in CELLS if cell.data_id == data for n in cell.sample_sizes})
    for data in DATA
}
ONE_BY_ONE = Jobs(STUDY, {run.id: run for run in grid.runs(STUDY)}, DATA, SIZES)


def wildcards(job):
    """Those of a job's rule, from what the plan calls it."""
    fit, _, block = job.about.rpartition("-")
    match job.rule:
        case "generate_data" | "generate_test_pairs":
            return {"data": job.about}
        case "train":
            return {"run": fit, "block": block}
        case "fit_reference":
            return {"data": fit, "block": block}
        case "fit_joint":
            return {"run": job.about}
        case "predict" | "evaluate":
            return {"fit": job.about}
    return {}


def test_a_job_by_itself_is_the_one_in_the_plan():
    rules = ("fit_rates", "draw_experiment", "draw_figure")  # one of each stands for all
    for job in jobs(STUDY):
        if job.rule not in rules:
            assert ONE_BY_ONE.of(job.rule, wildcards(job)) == job
    for rule in rules:
        assert ONE_BY_ONE.of(rule, {}).rule == rule
    with pytest.raises(KeyError):
        ONE_BY_ONE.of("train", {"run": "0123456789", "block": "0"})
    with pytest.raises(NotImplementedError, match="rule 'new' has no job .* twotower.cost.jobs"):
        ONE_BY_ONE.of("new", {})


def test_requests_hold_the_predictions_and_double():
    requests = Requests(ONE_BY_ONE)
    for job in jobs(STUDY):
        named = job.rule, wildcards(job)
        assert requests.memory(*named) >= 1.5 * job.memory / 1e6
        assert requests.runtime(*named) >= 3 * seconds(job.work) / 60
        assert requests.memory(*named, attempt=3) == 4 * requests.memory(*named)
        assert requests.runtime(*named, attempt=2) == 2 * requests.runtime(*named)


def test_requests_follow_the_size_of_a_job():
    requests = Requests(ONE_BY_ONE)
    trained = [wildcards(job) for job in jobs(STUDY) if job.rule == "train"]
    assert len({requests.runtime("train", one) for one in trained}) > 3
    drawn = [wildcards(job) for job in jobs(STUDY) if job.rule == "generate_test_pairs"]
    asked = {requests.memory("generate_test_pairs", one) for one in drawn}
    assert min(asked) < max(asked) < 5000
