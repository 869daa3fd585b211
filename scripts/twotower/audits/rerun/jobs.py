"""The jobs that made the results, read from their records, in an order in which they can run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.seal import sealed_files
from twotower.records import job_graph, job_records
from twotower.running import survey

ALWAYS = ("figures", "tables")
"""Kinds of results that every audit makes again: what readers see."""


@dataclass(frozen=True)
class DueJob:
    """One job, read from the records of its outputs.

    Attributes:
        name: its first output that is no timing; names the job in audits.
        record: of that output: rule, code, settings, inputs by name, environment.
        outputs: all of them but timings.
    """

    name: str
    record: dict
    outputs: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The rule that it is a job of."""
        return self.record["rule"]

    @property
    def inputs(self) -> dict[str, str]:
        """The SHA-256 of each input, by name."""
        return self.record["inputs"]

    @property
    def always(self) -> bool:
        """Whether every audit reruns it."""
        return any(sealed_files.kind_of(path) in ALWAYS for path in self.outputs)


@dataclass
class JobGraph:
    """Jobs in the order of the study: none before one whose output it reads.

    Attributes:
        jobs: by name, in that order; of jobs that could stand in any order, by name.
        maker: the name of the job that made a file.
    """

    jobs: dict[str, DueJob] = field(default_factory=dict)
    maker: dict[str, str] = field(default_factory=dict)

    def before(self, job: DueJob) -> set[str]:
        """The jobs whose outputs a job reads."""
        return {self.maker[path] for path in job.inputs if path in self.maker}

    def upstream(self, paths: Iterable[str]) -> list[str]:
        """The jobs that made some files, and all jobs before these; in the study's order."""
        waiting = [self.maker[path] for path in paths if path in self.maker]
        found = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.before(self.jobs[name])
        return [name for name in self.jobs if name in found]


def graph(folder: Path) -> JobGraph:
    """The jobs of a folder's results."""
    return of(
        {path.as_posix(): job_records.read(path, folder) for path in job_records.recorded(folder)}
    )


def of(found: Mapping[str, dict | None]) -> JobGraph:
    """The jobs that wrote these records; files with a damaged record, or none, have no job."""
    jobs: dict[str, DueJob] = {}
    maker: dict[str, str] = {}
    records = {path: record for path, record in found.items() if record is not None}
    for group in job_graph.by_job(records):
        every = next(iter(group.values()))["outputs"]
        outputs = tuple(sorted(p for p in every if not Path(p).is_relative_to(survey.TIMED)))
        path = next((path for path in group if path in outputs and path not in maker), None)
        if path is not None:
            jobs[path] = DueJob(path, group[path], outputs)
            maker |= dict.fromkeys(outputs, path)
    return JobGraph(_in_order(jobs, maker), maker)


def groups(jobs: Iterable[DueJob], whole: JobGraph) -> list[list[DueJob]]:
    """Jobs to be rerun in one folder each: no rule of a group comes anywhere before another of it.

    So each job of a group finds the recorded inputs there, and nothing that was made again. Rules
    count, not jobs, and at any distance: Snakemake follows some rules to those before them.
    """
    by_rule: dict[str, list[DueJob]] = {}
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


def _in_order(jobs: dict[str, DueJob], maker: dict[str, str]) -> dict[str, DueJob]:
    before = {
        name: {maker[path] for path in job.inputs if path in maker} for name, job in jobs.items()
    }
    return {name: jobs[name] for name in job_graph.in_order(before)}


def joined(recorded: JobGraph, again: JobGraph) -> JobGraph:
    """The recorded jobs, and those of a rerun that have no record."""
    missing = {
        name: job
        for name, job in again.jobs.items()
        if not any(path in recorded.maker for path in job.outputs)
    }
    jobs = recorded.jobs | missing
    maker = {path: name for name, job in jobs.items() for path in job.outputs}
    return JobGraph(_in_order(jobs, maker), maker)
