"""The study on a real Slurm: the bytes of one machine, and each card to one job at a time."""

from itertools import pairwise

import pytest
import warm_python

pytestmark = pytest.mark.xdist_group("cluster")


def cards_of(cluster):
    """Spells of training by card, from what the jobs noted."""
    spells = {}
    for line in (cluster.project.folder / "cards.txt").read_text().splitlines():
        card, *times = line.split()
        spells.setdefault(card, []).append(tuple(map(float, times)))
    return {card: sorted(held) for card, held in spells.items()}


def assert_cards_are_not_shared(cluster, jobs):
    spells = cards_of(cluster)
    assert set(spells) <= {"0", "1"}  # the two of node n1, by number
    assert sum(map(len, spells.values())) == jobs
    for held in spells.values():
        assert all(before[1] <= after[0] for before, after in pairwise(held))


def test_the_study_runs_to_its_end_with_the_bytes_of_one_machine(here, on_slurm):
    cluster, printed = on_slurm
    assert "(100%) done" in printed
    one, two = here.made(), cluster.project.made()
    assert len(one) > 50
    assert [path for path in one.keys() | two.keys() if one.get(path) != two.get(path)] == []


def test_each_job_has_a_card_of_its_own(on_slurm):
    cluster, _ = on_slurm
    assert_cards_are_not_shared(cluster, jobs=8)


def test_cards_asked_for_as_gres(cluster):
    cluster.project.python = warm_python.python()
    cluster.note_cards()
    targets = [f"results/runs/{run}/{block}.safetensors" for run, block in cluster.trained()[:4]]
    gres = ["--set-resources", "train:gpu=0", "train:gres=gpu:1"]
    cluster.finish(cluster.start(*targets, *gres))
    assert_cards_are_not_shared(cluster, jobs=4)


def test_small_jobs_share_slurm_jobs_and_ask_for_one_cpu_each(on_slurm):
    cluster, _ = on_slurm
    jobs = cluster.jobs()
    small = [job for job in jobs if "_train_" not in job["comment"]]
    small = [job for job in small if "_fit_reference_" not in job["comment"]]
    assert len(jobs) - len(small) == 8 + 4  # training and references are not grouped
    assert len(small) == 4  # data, predictions, risks, and all after them
    assert {job["cpus"] for job in jobs} == {1}
    assert {job["state"] for job in jobs} == {"COMPLETED"}
