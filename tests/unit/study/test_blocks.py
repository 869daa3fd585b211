"""Blocks for analyses: what they name must be there, and their jobs are those of what they name."""

import pytest

from studies import messages, with_keys
from twotower.study.jobs import job_inputs, job_settings
from twotower.study.jobs.job_list import JobList
from twotower.study.reading import validated

EXPERIMENTS = {
    "more": {"title": "More", "arms": ["erm"], "vary": {"embedding_dim": [1, 2]}},
    "units": {
        "title": "Units",
        "axis": "units",
        "vary": {"width": [{"schedule": "fixed", "units": units} for units in (4, 8)]},
    },
    "joint": {"title": "Joint", "arms": ["joint"], "set": {"smoothness": 2.0}},
}
ARMS = {"joint": {}}


def listed(**blocks) -> JobList:
    return JobList(validated(with_keys(experiments=EXPERIMENTS, arms=ARMS, **blocks), "study.yaml"))


@pytest.mark.parametrize("block", ["components", "two_stages"])
@pytest.mark.parametrize("name", ["none", "units", "joint"])
def test_a_block_asks_for_experiments_that_fit_towers_by_ratings(block, name):
    raw = with_keys(experiments=EXPERIMENTS, arms=ARMS, **{block: {"experiments": ["one", name]}})
    found = f"{name!r} is no experiment of this study that fits towers by ratings"
    assert messages(raw) == [f"{block}.experiments[1]: {found}; allowed: one, more"]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (
            {"components": {"free_users": 512}},
            "components: 512 free_users and 256 free_items; "
            "allowed: at most the 256 users and 2,048 items",
        ),
        (
            {"components": {"users": 65536}},
            "components: 65,536 users times 2,048 items; allowed: at most 67,108,864 pairs in all; "
            "all are scored at once",
        ),
        (
            {"components": {"ks": [1, 300]}},
            "components: k is 300 of 256 free_items; allowed: ks below free_items",
        ),
        (
            {"two_stages": {"users": 16384, "candidates": [8192]}},
            "two_stages: 16,384 users times 8,192 candidates; "
            "allowed: at most 67,108,864 pairs in all; all are scored at once",
        ),
    ],
)
def test_shapes_that_cannot_be_are_refused(block, said):
    [(name, values)] = block.items()
    assert messages(with_keys(**{name: {"experiments": ["one"]} | values})) == [said]


def test_runs_of_the_named_experiments_are_judged_under_their_own_arms():
    jobs = listed(components={"experiments": ["more"]}, two_stages={"experiments": ["one", "more"]})
    by_id = {run: (jobs.runs[run].arm, jobs.runs[run].cell.experiments) for run in jobs.runs}
    # a new rank is a new cell; embedding_dim 2 is that of experiment one
    assert [by_id[run][0] for run in jobs.component_fits] == ["erm", "erm"]
    assert len(jobs.two_stage_fits) == len(set(jobs.two_stage_fits)) == 3
    assert {by_id[run][0] for run in jobs.two_stage_fits} == {"erm", "adam"}
    for fit in jobs.two_stage_fits:
        data = jobs.data_of(fit)
        inputs = job_inputs.of(jobs, "split_regret", {"fit": fit})
        assert inputs["ratings"] == f"results/data/{data}/ratings.safetensors"
        assert job_settings.of(jobs, "split_regret", {"fit": fit})["data"] == jobs.data[data]


def test_further_targets_have_the_defaults_and_no_towers():
    block = {"experiments": ["more"], "further": [{"rank": 8}, {"smoothness": 1.0}]}
    jobs = listed(components=block, defaults={"noise_sd": 0.5})
    ranks = [(data["rank"], data["noise_sd"]) for data in jobs.component_targets.values()]
    assert ranks == [(2, 0.5), (8, 0.5)]  # the last one is that of the experiment
    assert set(jobs.component_targets) - set(jobs.data) == set(list(jobs.component_targets)[1:])
