"""The jobs of a finished study, with all that a crate tells of each.

Jobs come from the records, words for them from the rules' files, settings from the study's file,
runtimes from the timing files. Nothing is run, and nothing of Snakemake's own notes is read.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from twotower.base.identity import short_id
from twotower.records import job_graph
from twotower.records.job_graph import RecordedJob
from twotower.records.workflow_rules import Rule
from twotower.study import grid
from twotower.study.schema import Study

TIMED = {"s": "seconds", "cpu_time": "cpu_seconds", "max_rss": "megabytes"}
"""Columns of Snakemake's timing files that are kept, and what they are called here."""


@dataclass(frozen=True)
class ToldJob(RecordedJob):
    """A job that ran, in words.

    Attributes:
        wildcards: values of the rule's wildcards.
        said: what Snakemake showed for the job.
        timed: path of its timing file.
        usage: `seconds`, `cpu_seconds` and `megabytes` (largest resident set), where measured.
    """

    wildcards: dict[str, str]
    said: str
    timed: str
    usage: dict[str, float]

    @property
    def made(self) -> list[str]:
        """All outputs, sorted, timings among them."""
        return self.record["outputs"]

    @property
    def code(self) -> str:
        """The digest of the script with its numerical modules."""
        return self.record["code"]

    @property
    def settings(self) -> str:
        """The digest of the rule's slice of the study."""
        return self.record["settings"]

    @property
    def environment(self) -> str:
        """The digest of the environment of its process; "" if none was recorded."""
        return self.record.get("environment", "")

    @cached_property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for the rule and its outputs' paths."""
        return short_id({"rule": self.rule, "outputs": self.made})


def jobs(records: Mapping[str, dict | None], rules: Mapping[str, Rule]) -> list[ToldJob]:
    """The jobs that wrote these records, by rule and first output."""
    found = [_told(job, rules.get(job.rule)) for job in job_graph.of(records).jobs.values()]
    return sorted(found, key=lambda job: (job.rule, job.made))


def _told(job: RecordedJob, rule: Rule | None) -> ToldJob:
    wildcards = rule.wildcards(job.record["outputs"]) if rule else {}
    said = rule.said(wildcards) if rule else job.rule
    timed = rule.timed(wildcards) if rule else ""
    return ToldJob(job.name, job.record, wildcards, said, timed, usage(Path(timed)))


def usage(path: Path) -> dict[str, float]:
    """What a timing file of Snakemake says; empty if it is missing or cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"), {})
    except (OSError, UnicodeError, csv.Error):
        return {}
    found = {}
    for column, name in TIMED.items():
        try:
            found[name] = float(row.get(column) or "nan")
        except ValueError:  # "NA" where a job was too short to be measured
            continue
    return {name: value for name, value in found.items() if math.isfinite(value)}


def settings(study: Study) -> dict[str, dict]:
    """What the short ids of a study stand for: those of its data sets and of its runs."""
    found: dict[str, dict] = {}
    for cell in grid.cells(study):
        found[cell.data_id] = {"data": cell.data_spec}
    for run in grid.runs(study):
        about = {"cell": run.cell.spec, "arm": run.arm, "settings": run.settings}
        found[run.id] = about | {"precision": run.precision}
    return found


def levels(made: Iterable[ToldJob]) -> dict[str, int]:
    """For each rule, its place: above that of every rule whose outputs its jobs read."""
    makers: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    made = list(made)
    for job in made:
        makers |= dict.fromkeys(job.made, job.rule)
    for job in made:
        sources = {makers[path] for path in job.inputs if path in makers} - {job.rule}
        needs.setdefault(job.rule, set()).update(sources)
    return job_graph.heights(needs)
