"""The jobs of a finished study, read from its own files, with all that each job depended on.

Jobs come from the records, words for them from the rules' files, settings from the study's file,
runtimes from the timing files. Nothing is run, and nothing of Snakemake's own notes is read.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from twotower.base import places
from twotower.base.errors import ExpectedError
from twotower.base.identity import short_id
from twotower.records import job_graph, job_records, workflow_rules
from twotower.records.workflow_rules import Rule
from twotower.study import grid
from twotower.study.schema import Study

TIMED = {"s": "seconds", "cpu_time": "cpu_seconds", "max_rss": "megabytes"}
"""Columns of Snakemake's timing files that are kept, and what they are called here."""


class UnfinishedError(ExpectedError):
    """What there is, is no finished study; the message says what is missing and what mends it."""


@dataclass(frozen=True)
class RecordedJob:
    """A job that ran: one call of a rule's script.

    Attributes:
        rule: the rule's name.
        code, settings: digests of the script with its numerical modules, and of the rule's slice of
            the study.
        bookkeeping, environment: digests of all other modules that the script leads to, and of the
            environment of its process; "" if none was recorded.
        inputs, outputs: SHA-256 of each, by path as records name it.
        wildcards: values of the rule's wildcards.
        said: what Snakemake showed for the job.
        timed: path of its timing file.
        usage: `seconds`, `cpu_seconds` and `megabytes` (largest resident set), where measured.
    """

    rule: str
    code: str
    settings: str
    bookkeeping: str
    environment: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    wildcards: dict[str, str]
    said: str
    timed: str
    usage: dict[str, float]

    @cached_property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for the rule and its outputs' paths."""
        return short_id({"rule": self.rule, "outputs": sorted(self.outputs)})


def results(paths: Iterable[str]) -> list[str]:
    """Those of the paths that jobs made: results, without records, seal and statement."""
    beside = (job_records.RECORDS, places.RESULTS / "seal", job_records.STATED.parent)
    found = (path for path in map(Path, paths) if places.is_made(path))
    return [
        path.as_posix()
        for path in found
        if not any(path.is_relative_to(folder) for folder in beside)
    ]


def jobs(
    paths: Iterable[str], found: Mapping[str, dict | None], rules: dict[str, Rule]
) -> list[RecordedJob]:
    """The jobs that made these results, by rule and first output; `found` are the records.

    Raises:
        UnfinishedError: if a record is missing or damaged, or if the records of one job disagree.
    """
    records = {}
    for path in sorted(paths):
        record = found.get(path)
        if record is None:
            where = job_records.record_path(path)
            raise UnfinishedError(
                f"{path} has no valid record in {where}; `make resume` makes it anew"
            )
        records[path] = record
    made_jobs = [_job(_made(each), rules) for each in job_graph.by_job(records)]
    return sorted(made_jobs, key=lambda job: (job.rule, min(job.outputs)))


def _made(records: dict[str, dict]) -> dict:
    """What the records of one job say of it, with the SHA-256 of each output."""
    known: dict = {}
    for path, record in records.items():
        made = {key: record[key] for key in ("rule", "code", "settings", "inputs")}
        made |= {key: record.get(key, "") for key in ("bookkeeping", "environment")}
        known = known or made | {"sha256": {}}
        if {key: known[key] for key in made} != made:
            raise UnfinishedError(
                f"{path}: its record and those of {', '.join(known['sha256'])} name different "
                "jobs; `make resume` makes them anew"
            )
        known["sha256"][path] = record["sha256"]
    return known


def _job(made: dict, rules: dict[str, Rule]) -> RecordedJob:
    rule = rules.get(made["rule"])
    wildcards = rule.wildcards(made["sha256"]) if rule else {}
    timed = rule.timed(wildcards) if rule else ""
    return RecordedJob(
        rule=made["rule"],
        code=made["code"],
        settings=made["settings"],
        bookkeeping=made["bookkeeping"],
        environment=made["environment"],
        inputs=made["inputs"],
        outputs=made["sha256"],
        wildcards=wildcards,
        said=rule.said(wildcards) if rule else made["rule"],
        timed=timed,
        usage=usage(Path(timed)),
    )


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


def levels(made: Iterable[RecordedJob]) -> dict[str, int]:
    """For each rule, its place: above that of every rule whose outputs its jobs read."""
    makers: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    made = list(made)
    for job in made:
        makers |= dict.fromkeys(job.outputs, job.rule)
    for job in made:
        sources = {makers[path] for path in job.inputs if path in makers} - {job.rule}
        needs.setdefault(job.rule, set()).update(sources)
    return job_graph.heights(needs)


def rules_of(folder: Path) -> dict[str, Rule]:
    """The rules of the project in a folder.

    Raises:
        UnfinishedError: if there are none.
    """
    found = workflow_rules.read(folder)
    if not found:
        raise UnfinishedError(
            f"{folder / workflow_rules.FOLDER}: no rules there; work in the project"
        )
    return found
