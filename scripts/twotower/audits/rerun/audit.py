"""An audit: what was recorded, verified, made again, compared, and judged claim by claim."""

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from twotower.audits.compare import tolerances
from twotower.audits.compare.tolerances import Tolerances
from twotower.audits.rerun import clone as audit_clone
from twotower.audits.rerun import jobs, judge, seeds
from twotower.audits.rerun import names as audit_names
from twotower.audits.rerun import options as audit_options
from twotower.audits.rerun import run as audit_rerun
from twotower.audits.rerun import sample as audit_sample
from twotower.audits.rerun.clone import Clone, CloneError
from twotower.audits.rerun.findings import PLACE, Audit
from twotower.audits.rerun.options import Asked
from twotower.audits.rerun.run import Outcome
from twotower.audits.seal import manifest, sealed_files
from twotower.audits.verify import verification
from twotower.audits.verify.findings import Verification
from twotower.base import places, safe_names
from twotower.base.errors import ExpectedError
from twotower.records import git, job_graph, run_records


class AuditError(ExpectedError):
    """Results that cannot be audited; the message says why, and what would help."""


def audit(asked: Asked, say: Callable[[str], None]) -> Audit:
    """Clone, verify, rerun, compare and judge.

    Args:
        say: told what begins, line by line.

    Raises:
        ExpectedError: if there is nothing to audit, no way to, or an option that cannot be.
    """
    audit_options.check(asked)
    found = _start(asked)
    with _workplace(asked) as work:
        folder = _clone(found, work, say)
        declared = _declared(folder, found)
        if asked.fresh_seeds:
            seeds.check_count(asked.fresh_seeds, declared.statistical.least_seeds)
        _verify(found, folder, say)
        clone = _equipped(found, folder, work, say)
        evidence = found.verified.evidence
        found.graph = job_graph.of(evidence.records)
        found_at = _rerun(found, clone, work, say)
        with _stage(found, "compare"):
            for name, place in found_at.items():
                job = found.graph.jobs[name]
                found.outcomes[name] = audit_rerun.compared(job, evidence, place, declared)
            judge.judge(found, clone, found_at, declared.numerical.tables)
        if asked.fresh_seeds:
            with _stage(found, "fresh seeds"):
                judge.try_seeds(found, clone, work, declared.statistical, say)
        _keep_figures(found, found_at)
    return found


def _start(asked: Asked) -> Audit:
    """The run that made the study, and the root that the draw depends on."""
    folder = asked.folder
    if not (folder / places.RESULTS).is_dir():
        raise AuditError(verification.nothing_in(folder))
    sealed, name, run = audit_clone.run_of(folder)
    if run is None:
        raise AuditError(
            f"{folder / run_records.RUNS}: holds no valid record of the run that made these "
            f"results{f' ({name})' if name else ''}: from which code and study they came is not "
            "known, and nothing can be rerun"
        )
    audit_names.check_run(run)
    if sealed is not None:
        root, notes = sealed.root, []
    else:
        study = {"file": run["study"]["file"], "settings": run["study"]["settings"], "run": name}
        root = manifest.build(folder, study).root
        notes = ["not sealed: nothing but records binds these files to the run"]
    if not root.startswith(safe_names.beginning_of_hash("ROOT", asked.root)):
        raise AuditError(
            f"ROOT={asked.root}: the root of {folder / sealed_files.MANIFEST} is {root}: "
            "these are other results than those whose root was noted, or it was mistyped; without "
            "ROOT= they are audited as they are"
        )
    return Audit(asked, root, sealed is not None, run, Verification(), notes=notes)


def _clone(found: Audit, work: Path, say: Callable[[str], None]) -> Path:
    """The folder of the clone."""
    project = found.asked.project or places.PROJECT
    with _stage(found, "clone"):
        changes = " with its uncommitted changes" if found.run["diff"] else ""
        say(f"Cloning commit {str(found.run['commit'])[:12]}{changes} ...")
        try:
            place = work / "clone"
            audit_clone.clone(project.resolve(), found.run, found.asked.folder.resolve(), place)
        except git.GitError as error:
            raise CloneError(
                "the recorded code, which is to be rerun, cannot be had: "
                f"{error}; or name another repository that has it: PROJECT=…"
            ) from None
    return place


def _verify(found: Audit, clone: Path, say: Callable[[str], None]) -> None:
    """Verify, against the code of the recorded commit where the results came without code.

    Code that came with them must be the sealed one; the auditor's own may be newer.
    """
    asked = found.asked
    with _stage(found, "verify"):
        say(f"Verifying {asked.folder / 'results'} ...")
        code = None if (asked.folder / "Snakefile").is_file() else clone
        found.verified = verification.verify(
            asked.folder, asked.signers, asked.root, code, asked.without
        )
        wrong = len(found.tampered) + len(found.verified.faults)
        if wrong:
            what = "some files are not as they were made and sealed"
            say(f"{wrong} findings: {what}. The audit goes on ...")


def _equipped(found: Audit, folder: Path, work: Path, say) -> Clone:
    """The clone with its environment."""
    with _stage(found, "environment"):
        if found.asked.env:
            python = audit_clone.existing_environment(found.asked.env)
        else:
            say(f"Installing {audit_clone.LOCK} into a fresh environment ...")
            python = audit_clone.fresh_environment(folder, work / "env", found.asked.wheels)
    found.reused = found.asked.env is not None
    return Clone(folder, python, found.reused)


def _others(found: Audit) -> list[dict]:
    """Other recorded runs of the same code."""
    run, known = found.run, found.verified.evidence.runs.values()
    code = run["commit"], run["diff"]
    others = [one for one in known if one and one != run and (one["commit"], one["diff"]) == code]
    for other in others:
        audit_names.check_run(other)
    return others


def _rerun(found: Audit, clone: Clone, work: Path, say) -> dict[str, Path]:
    """Rerun what was asked for; returns where each job's outputs should be."""
    asked = found.asked
    graph = found.graph
    log = asked.folder / PLACE / "rerun.log"
    log.unlink(missing_ok=True)
    found.population = [name for name, job in graph.jobs.items() if not job.always]
    with _stage(found, "rerun"):
        if asked.sample is None:
            say("Running the study from nothing ...")
            audit_rerun.everything(clone, [found.run, *_others(found)], graph, log)
            found.drawn = found.population
            found.graph = jobs.joined(graph, jobs.graph(clone.folder))
            found_at = dict.fromkeys(found.graph.jobs, clone.folder)
        else:
            nonce = asked.nonce
            found.drawn = audit_sample.draw(found.population, asked.sample, found.root, nonce)
            chosen = [job for job in graph.jobs.values() if job.always or job.name in found.drawn]
            say(
                f"Rerunning {len(found.drawn)} of {len(found.population)} jobs, drawn by the nonce "
                f"{nonce}, and the {len(chosen) - len(found.drawn)} of figures and tables ..."
            )
            evidence = found.verified.evidence
            found_at, why = audit_rerun.alone(clone, found.run, chosen, graph, evidence, work, log)
            for name, reason in why.items():
                found.outcomes[name] = Outcome(why=reason)
    for name in found.graph.jobs.keys() - found_at.keys() - found.outcomes.keys():
        found.outcomes[name] = Outcome(asked=False)
    return found_at


def _keep_figures(found: Audit, found_at: dict[str, Path]) -> None:
    """Keep the rerun pictures that differ from the recorded ones, for the page to show."""
    kept = found.asked.folder / PLACE / "rerun"
    audit_names.check_place(kept.parent)  # code of the results was run since
    if kept.exists():
        shutil.rmtree(kept)
    for name, outcome in found.outcomes.items():
        for path, each in outcome.files.items():
            if path.endswith(".png") and each.rung > 1 and (found_at[name] / path).is_file():
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found_at[name] / path, kept / Path(path).name)


def _declared(clone: Path, found: Audit) -> Tolerances:
    """The tolerances of the recorded commit alone; today's where it has none yet.

    The run's uncommitted changes come with the results: what they say of tolerances is no
    declaration made beforehand.
    """
    own = git.committed(clone, tolerances.PLACE)
    if own is None:
        return tolerances.load(places.PROJECT / tolerances.PLACE)
    there = clone / tolerances.PLACE
    if not there.is_file() or there.read_bytes() != own:
        found.notes.append(
            f"the run's uncommitted changes touch {tolerances.PLACE}; those of the commit hold"
        )
    return tolerances.parse(own, tolerances.PLACE)


@contextmanager
def _workplace(asked: Asked):
    """The folder for the clone: the one that was named, or one that is removed in the end."""
    place = asked.folder / PLACE
    audit_names.check_place(place)
    place.mkdir(parents=True, exist_ok=True)
    if asked.fresh is not None:
        asked.fresh.mkdir(parents=True, exist_ok=True)
        yield asked.fresh.resolve()
        return
    with tempfile.TemporaryDirectory(prefix=".work-", dir=place.resolve()) as work:
        yield Path(work)


@contextmanager
def _stage(found: Audit, name: str):
    began = time.perf_counter()
    yield
    found.seconds[name] = found.seconds.get(name, 0.0) + time.perf_counter() - began
