"""The rerun of an audit: all jobs from nothing, or some of them from their recorded inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.compare import rungs
from twotower.audits.compare.rungs import Compared, Rung
from twotower.audits.compare.tolerances import Tolerances
from twotower.audits.rerun import clone as audit_clone
from twotower.audits.rerun import jobs as audit_jobs
from twotower.audits.rerun.clone import Clone
from twotower.audits.seal import sealed_files
from twotower.audits.verify.evidence import Evidence
from twotower.base import files, places
from twotower.records import job_records, workflow_rules
from twotower.records.job_graph import JobGraph, RecordedJob

UNEXPLAINED = "nothing in the environments explains it"
MOST_TARGETS = 5000  # of one command: a system's limit is about ten times as long


@dataclass
class Outcome:
    """What became of one job in an audit.

    Attributes:
        rung: the lowest that one of its files reached; None if it was not rerun.
        files: how each output compares.
        why: in words, if it was to be rerun and could not.
        environment: digest of the environment that reran it.
        asked: whether it was to be rerun.
    """

    rung: Rung | None = None
    files: dict[str, Compared] = field(default_factory=dict)
    why: str = ""
    environment: str | None = None
    asked: bool = True

    @property
    def detail(self) -> str:
        """In words, what sets the job's worst file apart; empty if nothing does."""
        return next((f.detail for f in self.files.values() if f.rung == self.rung), self.why)

    def hold(self) -> None:
        """Let no tolerance excuse the job: it is for other machines, and this one is no other."""
        if self.rung != Rung.NUMERICAL:
            return
        self.rung = Rung.DIFFERENT
        told = f"within the tolerance, but {UNEXPLAINED}"
        for path, each in self.files.items():
            if each.rung == Rung.NUMERICAL:
                self.files[path] = Compared(Rung.DIFFERENT, f"{each.detail}: {told}")


def everything(clone: Clone, runs: Sequence[dict], whole: JobGraph, log: Path) -> None:
    """Run a clone's study from nothing, in the clone itself.

    Args:
        runs: the run that was sealed, then others of the same code, which may have made some of
            the results: each is repeated only if recorded jobs are still to be made.
    """
    for run in runs:
        options = audit_clone.study_options(run)
        audit_clone.snakemake(clone, clone.folder, run["targets"], options, log)
        if all(job_records.read(name, clone.folder) for name in whole.jobs):
            return


def alone(
    clone: Clone,
    run: dict,
    jobs: Sequence[RecordedJob],
    whole: JobGraph,
    evidence: Evidence,
    work: Path,
    log: Path,
) -> tuple[dict[str, Path], dict[str, str]]:
    """Rerun jobs, each from its recorded inputs: none reads what another has made again.

    Args:
        whole: all jobs of the study.
        evidence: what was verified.
        work: an empty folder; each group of jobs gets a folder in it.

    Returns:
        For each job the folder where its outputs should now be; and why others cannot be rerun.
    """
    folders, impossible = {}, {}
    rules = workflow_rules.read(clone.folder)
    for job in jobs:
        if job.rule not in rules:
            impossible[job.name] = f"the recorded commit has no rule {job.rule!r}"
        elif why := _missing(job, evidence):
            impossible[job.name] = why
    possible = [job for job in jobs if job.name not in impossible]
    for number, group in enumerate(audit_jobs.groups(possible, whole)):
        directory = work / f"jobs-{number}"
        inputs = {path for job in group for path in filter(places.is_made, job.inputs)}
        # a record may name its own output as an input: brought along it would not be made again
        inputs -= {path for job in group for path in job.outputs}
        audit_clone.bring(evidence.folder, directory, sorted(inputs))
        folders |= {job.name: directory for job in group}
        # of other rules Snakemake is to make nothing, and to take what they made as it is
        allowed = ["--allowed-rules", *sorted({job.rule for job in group})]
        options = [*allowed, *audit_clone.study_options(run)]
        for first in range(0, len(group), MOST_TARGETS):
            targets = [job.name for job in group[first : first + MOST_TARGETS]]
            _make(clone, directory, targets, options, log)
    return folders, impossible


def _make(
    clone: Clone, directory: Path, targets: Sequence[str], options: Sequence[str], log: Path
) -> None:
    """Make targets in a folder, all that can be made.

    Snakemake makes none of them where it cannot plan one: where a record names an output that the
    study does not have, or leaves out an input. Such a one is found by halving, so that it stops
    no other.
    """
    code = audit_clone.snakemake(clone, directory, targets, options, log)
    planned = code == 0 or any((directory / path).exists() for path in targets)
    if planned or len(targets) == 1:
        return
    half = len(targets) // 2
    _make(clone, directory, targets[:half], options, log)
    _make(clone, directory, targets[half:], options, log)


def compared(job: RecordedJob, evidence: Evidence, place: Path, tolerances: Tolerances) -> Outcome:
    """A rerun job against the recorded one: its files rung by rung, and what its record says."""
    outcome = Outcome()
    again = job_records.read(job.name, place)
    if again is None or not all((place / path).is_file() for path in job.outputs):
        outcome.why = "its rerun failed"
        return outcome
    outcome.environment = again.get("environment")
    for path in job.outputs:
        recorded, kind = evidence.folder / path, sealed_files.kind_of(path)
        if recorded.is_file():
            found = rungs.compare(recorded, place / path, kind, tolerances)
        else:
            found = _against_record(path, evidence, place)
        outcome.files[path] = found
    outcome.rung = max(found.rung for found in outcome.files.values())
    if origin := _origin(job, again):
        outcome.rung = Rung.DIFFERENT
        said = job_records.record_path(job.name).as_posix()
        outcome.files = {said: Compared(Rung.DIFFERENT, origin)} | outcome.files
    return outcome


def _against_record(path: str, evidence: Evidence, place: Path) -> Compared:
    """A file that is missing from the results, against what is recorded of it."""
    record = evidence.records.get(path)
    if record is not None and record["sha256"] == files.sha256(place / path):
        return Compared(Rung.BYTES)
    return Compared(
        Rung.DIFFERENT,
        "it is missing from the results, and the rerun made another one than was recorded",
    )


def _missing(job: RecordedJob, evidence: Evidence) -> str:
    """Why a job cannot be rerun alone; empty if it can."""
    for path, sha256 in job.inputs.items():
        if path.startswith("given:"):
            return f"it reads {path.removeprefix('given:')}, which is no part of the results"
        if not places.is_made(path):
            continue
        if Path(path).is_relative_to(sealed_files.CHECKPOINTS):
            return f"its input {path} is a checkpoint, from which no rerun may go on"
        if not (evidence.folder / path).is_file():
            return f"its input {path} is missing"
        if evidence.records.get(path) is None:
            return f"the record of its input {path} is damaged"
        if evidence.sha256(path) != sha256:
            return f"its input {path} is not the recorded one"
    return ""


def _origin(job: RecordedJob, again: dict) -> str:
    """How a record belies the job that the recorded commit and study really have; empty if not."""
    record = job.record
    if record["rule"] != again["rule"]:
        return f"it names the rule {record['rule']}, which is {again['rule']}"
    named = {"code": "other code than that of", "settings": "other settings than the study's at"}
    for key, words in named.items():
        if record[key] != again[key]:
            return f"it names {words} the recorded commit"
    if record["inputs"].keys() != again["inputs"].keys():
        odd = sorted(record["inputs"].keys() ^ again["inputs"].keys())
        return f"it names other inputs than the study's: {', '.join(odd[:3])}"
    given = [path for path in record["inputs"] if not places.is_made(path)]
    changed = [path for path in given if record["inputs"][path] != again["inputs"][path]]
    return f"it names other bytes of {changed[0]} than the recorded commit's" if changed else ""
