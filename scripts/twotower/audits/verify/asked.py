"""The jobs that the recorded runs asked for, against the jobs that were recorded, both ways.

What a run's record says of its study is its author's word. Each job's own record was written by the
job: its rule, the digest of its settings, its inputs. Both must tell of the same jobs.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from twotower.audits.verify import counts
from twotower.audits.verify import study as study_checks
from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import places
from twotower.records import git, job_records, run_records, workflow_rules
from twotower.records.job_graph import JobGraph, RecordedJob
from twotower.records.workflow_rules import Rule
from twotower.study.jobs import job_inputs, job_settings
from twotower.study.jobs.job_list import JobList
from twotower.study.schema import Study

Fault = tuple[str, str, str, str]
"""Path, rule, verdict and reason."""
_BY_ID = ("generate_data", "generate_test_pairs", "train", "fit_reference", "evaluate")
"""Rules whose outputs have the ids of runs and data sets in their names, and nothing else."""
_DIAGNOSES = "results/diagnosis/"
_DIAGNOSED = ("diagnose/", _DIAGNOSES)
"""How targets begin that ask for a diagnosis."""
_LIBRARY = ("scripts/twotower/study", "scripts/twotower/data/sampling.py")
"""Code that lists the jobs of a study."""


@dataclass(frozen=True)
class AskedJob(RecordedJob):
    """A job of a study that a run was asked for; `record` is what its record must say.

    Attributes:
        wildcards: which job of its rule it is.
    """

    wildcards: Mapping[str, str]


class AskedRun:
    """A recorded run with the jobs of its study.

    Attributes:
        run: its record.
        listed: the jobs of its study.
        jobs: the same by output, with their settings ("" where these are not known) and inputs.
    """

    def __init__(
        self, run: dict, study: Study, rules: Mapping[str, Rule], ordered: bool = True
    ) -> None:
        self.run, self.listed = run, JobList(study)
        self.jobs: dict[str, AskedJob] = {}
        place = run["study"]["file"]
        for rule, wildcards in self.listed:
            if rule not in rules:
                continue
            settings = job_settings.of(self.listed, rule, wildcards, place)
            # the ledger's commands name a file outside of the project by the path that was typed
            unknown = not ordered or rule == "claims" and place.startswith("given:")
            inputs = job_inputs.paths(job_inputs.of(self.listed, rule, wildcards))
            outputs = rules[rule].paths(wildcards)
            record = {
                "rule": rule,
                "settings": "" if unknown else job_records.settings_digest(settings),
                "inputs": dict.fromkeys(inputs, ""),
                "outputs": outputs,
            }
            self.jobs |= dict.fromkeys(outputs, AskedJob(outputs[0], record, wildcards))

    @property
    def wanted(self) -> set[str]:
        """Outputs of the jobs that the run's targets need; without targets, of all jobs."""
        targets = self.run["targets"]
        if not targets or "all" in targets:
            return set(self.jobs)
        graph = JobGraph({job.name: job for job in self.jobs.values()})
        paths = (path for target in targets for path in _paths_of(target, self.jobs))
        needed = (graph.jobs[name] for name in graph.upstream(paths))
        return {path for job in needed for path in job.record["outputs"]}


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on records of other jobs than were asked for, and on jobs that are missing."""
    runs = _runs(evidence, result)
    if not runs:
        return
    sealed = runs.get(evidence.sealed.study["run"]) if evidence.sealed else None
    found = [*_wrong(evidence, runs.values(), sealed), *_missing(evidence, sealed)]
    counted = sealed or (next(iter(runs.values())) if len(runs) == 1 else None)
    if counted:
        result.run = _told(counted, evidence)
        _tell_others(counted, runs.values(), evidence, result)
    for path, told in _miscounted(evidence, counted) if counted else ():
        result.add(path, "FORGED", told)
    if found and not _same_library(evidence):
        # ids follow from the study alone, in every version; other names and settings may not
        soft = [path for path, rule, _, _ in found if rule not in _BY_ID]
        found = [each for each in found if each[1] in _BY_ID]
        if soft:
            result.notes.append(
                f"{several(soft)}: not as this clone lists the jobs of the study, but the commit "
                "of the run lists them by other code: verify in a clone at that commit"
            )
    for path, _, verdict, reason in found:
        result.add(path, verdict, reason)
    _check_twins(evidence, result)


def _runs(evidence: Evidence, result: Verification) -> dict[str, AskedRun]:
    """The recorded runs whose study this version of the project reads, by digest."""
    rules, own = workflow_rules.read(evidence.project), evidence.run
    found: dict[str, AskedRun] = {}
    for name, run in evidence.runs.items():
        if run is None:
            continue
        told = study_checks.in_order(run["study"], evidence.folder, evidence.project)
        study = study_checks.recorded(told or run["study"])
        if study is not None:
            found[name] = AskedRun(run, study, rules, told is not None)
            continue
        unread = f"the study of run {name} cannot be read by this version of the project"
        if run is own:
            result.faults.append(f"{unread}: no job was held against it; verify with its version")
        else:
            result.notes.append(f"{unread}: what it made counts as made by no run")
    return found


def _tell_others(
    asked: AskedRun, runs: Iterable[AskedRun], evidence: Evidence, result: Verification
) -> None:
    """Results that the study does not ask for, but another run that is recorded here did."""
    for other in runs:
        more = (other.jobs.keys() - asked.jobs.keys()) & evidence.records.keys()
        if more:
            told = f"{several(more)}: not of this study, but of another run that is recorded here"
            result.notes.append(f"{told}, of {run_records.said(other.run)}")
    for folder, kind in (("results/real/", "on real ratings"), (_DIAGNOSES, "of a diagnosis")):
        if beside := sorted(path for path in evidence.records if path.startswith(folder)):
            told = f"the settings of jobs {kind} are in no study, and were not compared"
            result.notes.append(f"{several(beside)}: {told}")


def _check_twins(evidence: Evidence, result: Verification) -> None:
    """Data of equal bytes under two ids: each is drawn from streams of its own."""
    first: dict[tuple[str, str], str] = {}
    for path, (_, sha256) in sorted(evidence.found.items()):
        if Path(path).parent.parent == places.RESULTS / "data" and path.endswith(".safetensors"):
            twin = first.setdefault((Path(path).name, sha256), path)
            if twin != path:
                result.add(path, "FORGED", f"it has the same bytes as {twin}, of another data set")


def _told(asked: AskedRun, evidence: Evidence) -> str:
    """Which study was run, with which targets, and how much of it is there."""
    made = sum(path in evidence.records for path in asked.jobs)
    words = f"{run_records.said(asked.run)}: {made:,} of the study's {len(asked.jobs):,} files"
    return f"{words}, {counts.claims(evidence.folder)}"


def _missing(evidence: Evidence, sealed: AskedRun | None) -> Iterator[Fault]:
    for path in sorted((sealed.wanted if sealed else set()) - evidence.records.keys()):
        reason = "the study makes this file, but no job recorded it"
        yield path, sealed.jobs[path].rule, "MISSING", reason


def _wrong(
    evidence: Evidence, runs: Iterable[AskedRun], sealed: AskedRun | None
) -> Iterator[Fault]:
    """Records of jobs that no run asked for, or not so."""
    real = tuple(f"results/real/{source}/" for each in runs for source in each.run["real"])
    if any(f"{target}/".startswith(_DIAGNOSED) for each in runs for target in each.run["targets"]):
        real += (_DIAGNOSES,)
    for path, record in evidence.records.items():
        if record is None or path.startswith(real):
            continue
        own = job_records.record_path(path).as_posix()
        asked = [each.jobs[path] for each in runs if path in each.jobs]
        if sealed and path in sealed.jobs:
            asked = [sealed.jobs[path]]
        if not asked:
            yield path, record["rule"], "EXTRA", "no study that was run here asks for it"
            continue
        for reason in _differing(record, asked):
            yield own, "settings", "FORGED", f"job {record['rule']} {reason}"


def _miscounted(evidence: Evidence, asked: AskedRun) -> Iterator[tuple[str, str]]:
    """Files whose content is not as much as the study asks for."""
    for path, job in asked.jobs.items():
        if evidence.records.get(path) and path in evidence.found:
            about = evidence.folder, path, job.rule, job.wildcards, asked.listed
            try:
                yield from ((path, each) for each in counts.faults(*about))
            except (
                OSError,
                ValueError,
                LookupError,
                TypeError,
                ArithmeticError,
                csv.Error,
            ) as error:
                yield path, f"job {job.rule} writes no such file: {error!r:.300}"


def _differing(record: dict, asked: list[AskedJob]) -> Iterator[str]:
    """What a record says otherwise than every job that makes its output, in words."""
    same = [job for job in asked if job.rule == record["rule"]]
    if not same:
        yield f"does not make it, but {asked[0].rule} does"
        return
    if all(job.record["settings"] not in ("", record["settings"]) for job in same):
        told = "had other settings than the study that was run gives it"
        yield f"{told} (seed, replicates, sizes, cells or arms)"
    named = record["inputs"].keys()
    if all(job.inputs.keys() != named for job in same):
        yield f"reads other files than the record names: {several(named ^ same[0].inputs.keys())}"


def _paths_of(target: str, jobs: Mapping[str, AskedJob]) -> list[str]:
    """The files that a target stands for: itself, the outputs of a rule, an experiment's results,
    or a figure with its table.
    """
    if places.is_made(target):
        return [target]
    named = (f"results/rates/{target}/rates.csv", f"results/tables/{target}.csv",
             f"results/figures/{target}.png")  # fmt: skip
    return [path for path, job in jobs.items() if job.rule == target or path in named]


def _same_library(evidence: Evidence) -> bool:
    """Whether the code that lists jobs is the same in the commit of the run and in this clone;
    where this clone does not have the commit, in the project of the results.
    """
    commit = evidence.run["commit"] if evidence.run else None
    if commit:
        with suppress(git.GitError):
            return not git.output(places.PROJECT, "diff", "--name-only", commit, "--", *_LIBRARY)
    return _library(evidence.project) == _library(places.PROJECT)


def _library(project: Path) -> dict[str, bytes]:
    folders = [project / name for name in _LIBRARY]
    files = [path for each in folders for path in (each, *each.rglob("*.py")) if path.is_file()]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}
