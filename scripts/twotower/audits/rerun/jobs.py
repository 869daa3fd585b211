"""The jobs of results that an audit reruns, and which of them can be rerun side by side."""

from collections.abc import Iterable
from pathlib import Path

from twotower.records import job_graph, job_records
from twotower.records.job_graph import JobGraph, RecordedJob


def graph(folder: Path) -> JobGraph:
    """The jobs of a folder's results."""
    recorded = job_records.recorded(folder)
    return job_graph.of({path.as_posix(): job_records.read(path, folder) for path in recorded})


def joined(recorded: JobGraph, again: JobGraph) -> JobGraph:
    """The recorded jobs, and those of a rerun that have no record."""
    missing = {
        name: job
        for name, job in again.jobs.items()
        if recorded.maker.keys().isdisjoint(job.outputs)
    }
    return JobGraph(recorded.jobs | missing)


def groups(jobs: Iterable[RecordedJob], whole: JobGraph) -> list[list[RecordedJob]]:
    """Jobs to be rerun in one folder each: no rule of a group comes anywhere before another of it.

    So each job of a group finds the recorded inputs there, and nothing that was made again. Rules
    count, not jobs, and at any distance: Snakemake follows some rules to those before them.
    """
    by_rule: dict[str, list[RecordedJob]] = {}
    for job in jobs:
        by_rule.setdefault(job.rule, []).append(job)
    before = _rules_before(whole)
    found: list[list[str]] = []
    for rule in by_rule:
        for group in found:
            if not any(rule in before[other] or other in before[rule] for other in group):
                group.append(rule)
                break
        else:
            found.append([rule])
    return [[job for rule in group for job in by_rule[rule]] for group in found]


def _rules_before(whole: JobGraph) -> dict[str, set[str]]:
    """All rules before each rule, at any distance."""
    before: dict[str, set[str]] = {}
    for job in whole.jobs.values():  # in order: what is before it is known
        own = before.setdefault(job.rule, set())
        for name in whole.before(job):
            made = whole.jobs[name].rule
            own |= {made} | before[made]
    return before
