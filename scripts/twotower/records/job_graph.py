"""Jobs as the records of their outputs tell of them, and which jobs come before others."""

import heapq
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from twotower.base import places

TIMED = places.RESULTS / "benchmarks"
"""Timing files: they are recorded, but no job runs again for them."""
ALWAYS = (places.RESULTS / "figures", places.RESULTS / "tables")
"""Results that every audit makes again: what readers see."""


@dataclass(frozen=True)
class RecordedJob:
    """One job, read from the records of its outputs.

    Attributes:
        name: its first output that is no timing; names the job in audits.
        record: of that output: rule, code, settings, inputs by name, all outputs, environment.
    """

    name: str
    record: dict

    @property
    def rule(self) -> str:
        """The rule that it is a job of."""
        return self.record["rule"]

    @property
    def inputs(self) -> dict[str, str]:
        """The SHA-256 of each input, by name."""
        return self.record["inputs"]

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """All outputs but timings, sorted."""
        every = self.record["outputs"]
        return tuple(sorted(path for path in every if not Path(path).is_relative_to(TIMED)))

    @property
    def always(self) -> bool:
        """Whether every audit reruns it."""
        return any(folder in Path(path).parents for path in self.outputs for folder in ALWAYS)


@dataclass
class JobGraph:
    """Jobs in the order of the study: none before one whose output it reads.

    Attributes:
        jobs: by name, in that order; of jobs that could stand in any order, by name.
        maker: the name of the job that made a file.
    """

    jobs: dict[str, RecordedJob] = field(default_factory=dict)
    maker: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.maker = {path: name for name, job in self.jobs.items() for path in job.outputs}
        before = {name: self.before(job) for name, job in self.jobs.items()}
        self.jobs = {name: self.jobs[name] for name in in_order(before)}

    def before(self, job: RecordedJob) -> set[str]:
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


def of(records: Mapping[str, dict | None]) -> JobGraph:
    """The jobs that wrote these records; files with a damaged record, or none, have no job.

    One job is all records that list the same outputs.
    """
    jobs: dict[tuple[str, ...], RecordedJob] = {}
    made: set[str] = set()
    for path, record in sorted(records.items()):
        if record is None or tuple(record["outputs"]) in jobs:
            continue
        job = RecordedJob(path, record)
        if path in job.outputs and path not in made:
            jobs[tuple(record["outputs"])] = job
            made.update(job.outputs)
    return JobGraph({job.name: job for job in jobs.values()})


def in_order(before: Mapping[str, Iterable[str]]) -> list[str]:
    """Names, each behind all that come before it; of those that could come in any order the
    smallest first. Names in a circle, which records made by hand may have, come last.

    Args:
        before: by name, the names that come before it; of a name without an entry nothing is said.
    """
    sorter = TopologicalSorter(
        {name: [one for one in earlier if one in before and one != name]
         for name, earlier in before.items()}
    )  # fmt: skip
    with suppress(CycleError):  # what lies outside the circle is sorted all the same
        sorter.prepare()
    found: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, name)
        if not ready:
            break
        found.append(heapq.heappop(ready))
        sorter.done(found[-1])
    return [*found, *sorted(before.keys() - set(found))]


def heights(before: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The height of each name: 1 where nothing comes before it, else 1 more than the highest that
    does; `before` as for `in_order`.
    """
    found: dict[str, int] = {}
    for name in in_order(before):
        found[name] = 1 + max((found.get(one, 0) for one in before[name]), default=0)
    return found
