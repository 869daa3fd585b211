"""What jobs ask a scheduler for: room above the predictions, twice as much at each further try."""

from pathlib import Path

import pytest

from twotower.cost.jobs import Jobs, jobs
from twotower.cost.operations.work import seconds
from twotower.cost.requests import Requests
from twotower.study.jobs.job_list import JobList
from twotower.study.reading import read_study

ROOT = Path(__file__).resolve().parents[3]
STUDY = read_study(ROOT / "workflow/studies/standard.yaml")
LISTED = JobList(STUDY)
ONE_BY_ONE = Jobs(LISTED)


def test_a_job_by_itself_is_the_one_in_the_plan():
    assert [ONE_BY_ONE.of(*named) for named in LISTED] == list(jobs(STUDY))
    with pytest.raises(KeyError):
        ONE_BY_ONE.of("train", {"run": "0123456789", "block": "0"})
    with pytest.raises(
        NotImplementedError, match="rule 'new' has no job .* twotower.cost.later_jobs"
    ):
        ONE_BY_ONE.of("new", {})


def test_requests_hold_the_predictions_and_double():
    requests = Requests(ONE_BY_ONE)
    for named in LISTED:
        job = ONE_BY_ONE.of(*named)
        assert requests.memory(*named) >= 1.5 * job.memory / 1e6
        assert requests.runtime(*named) >= 3 * seconds(job.work) / 60
        assert requests.memory(*named, attempt=3) == 4 * requests.memory(*named)
        assert requests.runtime(*named, attempt=2) == 2 * requests.runtime(*named)


def test_requests_follow_the_size_of_a_job():
    requests = Requests(ONE_BY_ONE)
    trained = [wildcards for rule, wildcards in LISTED if rule == "train"]
    assert len({requests.runtime("train", one) for one in trained}) > 3
    drawn = [wildcards for rule, wildcards in LISTED if rule == "generate_test_pairs"]
    asked = {requests.memory("generate_test_pairs", one) for one in drawn}
    assert min(asked) < max(asked) < 5000
