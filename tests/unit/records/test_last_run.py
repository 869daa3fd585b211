"""What `make resume` carries on when it is told nothing: the last run, by its own note."""

import pytest

from twotower.records import last_run


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            ["bin/snakemake", "--config", "study=a b.yaml", "seed=3", "--profile", "o'p"],
            ["--config", "study=a b.yaml", "seed=3", "--profile", "o'p"],
        ),
        (
            ["snakemake", "depth", "--cores", "2", "--configfile=b.yaml", "-k"],
            ["--configfile=b.yaml"],
        ),
        (
            ["snakemake", "--workflow-profile", "profiles/slurm", "--jobs", "4"],
            ["--workflow-profile", "profiles/slurm"],
        ),
        (["snakemake", *["results/x"] * 1000, "--config", "study=a"], ["--config", "study=a"]),
        (["snakemake"], []),
    ],
)
def test_study_and_profile_of_the_last_run(tmp_path, command, options):
    (tmp_path / ".snakemake").mkdir()
    for each in (["snakemake", "--config", "study=old.yaml"], command, ["snakemake", "-n", "x"]):
        last_run.note(tmp_path, each, {"b", "a"})
    assert last_run.asked(tmp_path) == (["a", "b"], options)


def test_a_folder_without_a_run(tmp_path):
    assert last_run.asked(tmp_path) is None
