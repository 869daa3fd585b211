"""Plans: large ones within the bound of memory that the project set itself, and ones for Slurm."""

import os
import re
import subprocess
import sys

import pytest
import yaml

MOST_BYTES = 2**30  # for 5,000 configurations; seconds are `make bench-planning`'s to measure


def test_5000_configurations_are_planned_within_a_gibibyte(project):
    dry_run = ["--dry-run", "--config", "study=workflow/studies/large.yaml"]
    project.python = sys.executable  # its memory is measured
    with subprocess.Popen(
        project.command(*dry_run),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, printed[-2000:]
    counts = dict(re.findall(r"^([a-z_]+) +(\d+)$", printed, re.MULTILINE))
    assert counts["train"] == "5000" and int(counts["total"]) > 10_000
    assert used.ru_maxrss * 1024 < MOST_BYTES


def after(rule: str, edges: set[tuple[str, str]]) -> set[str]:
    """The rules that need results of this one, however far."""
    found, new = set(), {rule}
    while new:
        new = {later for earlier, later in edges if earlier in new} - found
        found |= new
    return found


@pytest.mark.parametrize("study", ["methods", "paper", "ranking", "lists"])
def test_no_job_outside_a_group_of_slurm_jobs_stands_between_two_of_it(project, study):
    """Snakemake refuses such a group, but only once it runs on a cluster."""
    graph = project.snakemake("--rulegraph", "--config", f"study=workflow/studies/{study}.yaml")
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', graph.stdout))
    edges = {
        (names[earlier], names[later])
        for earlier, later in re.findall(r"(\d+) -> (\d+)", graph.stdout)
    }
    profile = (project.folder / "profiles/slurm/config.yaml").read_text(encoding="utf-8")
    groups = yaml.safe_load(profile)["groups"]
    assert {"fit_rates", "levels_table", "claims"} <= set(names.values()), graph.stderr[-2000:]
    needed_by = {rule: after(rule, edges) for rule in names.values()}
    between = [
        (first, rule, last)
        for first, group in groups.items()
        for rule in needed_by.get(first, ())
        for last in needed_by[rule]
        if groups.get(last) == group != groups.get(rule)
    ]
    assert not between, f"profiles/slurm/config.yaml: groups should hold {between[0][1]} too"
