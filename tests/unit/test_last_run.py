"""What `make resume` carries on when it is told nothing: the last run, by Snakemake's own log."""

import pytest

from twotower import last_run


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "bin/snakemake --config study=a.yaml seed=3 --profile p",
            "--config study=a.yaml seed=3 --profile p",
        ),
        ("python -m snakemake depth --cores 2 --configfile=b.yaml -k", "--configfile=b.yaml"),
        (
            "snakemake --workflow-profile profiles/slurm --jobs 4",
            "--workflow-profile profiles/slurm",
        ),
        ("snakemake", ""),
    ],
)
def test_study_and_profile_of_the_last_run(tmp_path, command, options):
    logs = tmp_path / ".snakemake" / "log"
    logs.mkdir(parents=True)
    text = "SNAKEMAKE\n  Date: 2026-01-01 00:00:00\n  Host: here\n  Command: {}\n"
    for day, said in enumerate(["snakemake --config study=old.yaml", command, "snakemake -n x"]):
        path = logs / f"2026-01-0{day + 1}T000000.0.snakemake.log"
        path.write_text(text.format(said), encoding="utf-8")
    assert last_run.options(tmp_path) == options.split()


def test_a_folder_without_a_run(tmp_path):
    assert last_run.options(tmp_path) == []
