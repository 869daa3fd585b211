"""An audit: what was recorded, verified, made again, compared, and judged claim by claim."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from twotower import (
    audit_clone,
    audit_jobs,
    audit_rerun,
    audit_sample,
    audit_seeds,
    audit_verdicts,
    decisions,
    environment,
    last_run,
    manifest,
    records,
    run_records,
    tolerances,
    verify,
)
from twotower.audit_clone import Clone
from twotower.audit_jobs import Graph
from twotower.audit_rerun import Outcome
from twotower.audit_verdicts import LEDGER, ClaimVerdict, Verdict
from twotower.logs import ExpectedError
from twotower.verification import Verification

PLACE = Path("results-audit")


class AuditError(ExpectedError):
    """Results that cannot be audited; the message says why, and what would help."""


@dataclass(frozen=True)
class Asked:
    """What an auditor asks for; folders are None where the default is meant.

    Attributes:
        folder: what holds results/; results-audit/ goes beside it.
        sample: number of jobs to draw; None: rerun everything.
        nonce: the auditor's own text, of which the draw depends.
        env, wheels: an environment to reuse; or a folder of wheels to make one from.
        fresh: where the clone goes, to stay there.
        project: the git repository that is cloned.
        signers, root: as of `verify.verify`.
        fresh_seeds: other seeds to run the study with, should anything differ.
    """

    folder: Path = Path()
    sample: int | None = None
    nonce: str = ""
    env: Path | None = None
    wheels: Path | None = None
    fresh: Path | None = None
    project: Path | None = None
    signers: Path | None = None
    root: str = ""
    fresh_seeds: int = 0


@dataclass
class Audit:
    """What an audit found; `audit_report` writes it down.

    Attributes:
        asked: what was asked for.
        root: of the seal, or of the files as they are where there is none.
        run: the record of the run that made the study.
        verified: what verification found.
        graph, outcomes: the jobs, and what became of each.
        population, drawn: names of the jobs to draw from, and of those drawn.
        claims: the verdicts.
        untested: claims that the study does not test.
        notes: what else a reader should know, in words.
        reused: whether the environment was given, and not made from the lock.
        seconds: by stage.
    """

    asked: Asked
    root: str
    sealed: bool
    run: dict
    verified: Verification
    graph: Graph = field(default_factory=Graph)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    population: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    claims: list[ClaimVerdict] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reused: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The gravest of all claims, jobs and files."""
        found = [claim.verdict for claim in self.claims]
        for outcome in self.outcomes.values():
            if outcome.rung is not None:
                found.append(audit_verdicts.of_rung(outcome.rung))
            elif outcome.asked:
                found.append(Verdict.NOT_RUN)
        if self.verified.faults or self.tampered:
            found.append(Verdict.TAMPERED)
        if Verdict.DIFFERENT in found and self._excused():
            found = [one for one in found if one != Verdict.DIFFERENT]
        return audit_verdicts.worst(found)

    @property
    def tampered(self) -> dict[str, str]:
        """Every file that is not as it was made, recorded and sealed, and why."""
        return audit_verdicts.tampered(self.verified.wrong(), self.verified)

    def _excused(self) -> bool:
        """Whether fresh seeds have answered for whatever differs."""
        statistical = any("fresh seeds" in claim.why for claim in self.claims)
        return statistical and all(claim.verdict != Verdict.DIFFERENT for claim in self.claims)


def audit(asked: Asked, say: Callable[[str], None]) -> Audit:
    """Verify, clone, rerun, compare and judge.

    Args:
        say: told what begins, line by line.

    Raises:
        AuditError, CloneError, SeedsError: if there is nothing to audit, or no way to.
    """
    found = _start(asked)
    with _stage(found, "verify"):
        say(f"Verifying {asked.folder / 'results'} ...")
        found.verified = verify.verify(asked.folder, asked.signers, asked.root)
    with _workplace(asked) as work:
        clone = _clone(asked, found, work, say)
        declared = tolerances.load(_declared(clone))
        if asked.fresh_seeds:
            audit_seeds.check_count(asked.fresh_seeds, declared.statistical.least_seeds)
        found.graph = audit_jobs.graph(asked.folder)
        places = _rerun(asked, found, clone, work, say)
        with _stage(found, "compare"):
            for name, place in places.items():
                job = found.graph.jobs[name]
                found.outcomes[name] = audit_rerun.compared(job, asked.folder, place, declared)
            _judge(asked, found, clone, places, declared.numerical.tables)
        _try_seeds(asked, found, clone, work, declared, say)
        _keep_figures(asked, found, places)
    return found


def _start(asked: Asked) -> Audit:
    """The run that made the study, and the root that the draw depends on."""
    folder = asked.folder
    if not (folder / records.RESULTS).is_dir():
        raise AuditError(f"{folder}: holds no results/; nothing to audit")
    notes = []
    try:
        sealed = manifest.read(folder)
        name, root = sealed.study.get("run", ""), sealed.root
    except manifest.ManifestError:
        sealed = None
        name = last_run.record(folder) or next(iter(run_records.names(folder)), "")
    run = run_records.read(name, folder)
    if run is None:
        raise AuditError(
            f"{folder / run_records.RUNS}: holds no valid record of the run that made these "
            f"results{f' ({name})' if name else ''}: from which code and study they came is not "
            "known, and nothing can be rerun"
        )
    if sealed is None:
        study = {"file": run["study"]["file"], "settings": run["study"]["settings"], "run": name}
        root = manifest.build(folder, study).root
        notes.append("not sealed: nothing but records binds these files to the run")
    return Audit(asked, root, sealed is not None, run, Verification(), notes=notes)


def _clone(asked: Asked, found: Audit, work: Path, say: Callable[[str], None]) -> Clone:
    project = asked.project or manifest.project_of(asked.folder)
    with _stage(found, "clone"):
        changes = " with its uncommitted changes" if found.run["diff"] else ""
        say(f"Cloning commit {str(found.run['commit'])[:12]}{changes} ...")
        audit_clone.clone(project.resolve(), found.run, asked.folder.resolve(), work / "clone")
    with _stage(found, "environment"):
        if asked.env:
            python = audit_clone.existing_environment(asked.env)
        else:
            say(f"Installing {audit_clone.LOCK} into a fresh environment ...")
            python = audit_clone.fresh_environment(work / "clone", work / "env", asked.wheels)
    found.reused = asked.env is not None
    return Clone(work / "clone", python, found.reused)


def _rerun(asked: Asked, found: Audit, clone: Clone, work: Path, say) -> dict[str, Path]:
    """Rerun what was asked for; returns where each job's outputs should be."""
    graph = found.graph
    log = asked.folder / PLACE / "rerun.log"
    log.unlink(missing_ok=True)
    found.population = [name for name, job in graph.jobs.items() if not job.always]
    with _stage(found, "rerun"):
        if asked.sample is None:
            say("Running the study from nothing ...")
            audit_rerun.everything(clone, found.run, log)
            found.drawn = found.population
            found.graph = audit_jobs.joined(graph, audit_jobs.graph(clone.folder))
            places = dict.fromkeys(found.graph.jobs, clone.folder)
        else:
            nonce = asked.nonce
            found.drawn = audit_sample.draw(found.population, asked.sample, found.root, nonce)
            chosen = [job for job in graph.jobs.values() if job.always or job.name in found.drawn]
            say(
                f"Rerunning {len(found.drawn)} of {len(found.population)} jobs, drawn by the nonce "
                f"{nonce}, and the {len(chosen) - len(found.drawn)} of figures and tables ..."
            )
            where = asked.folder.resolve()
            places, why = audit_rerun.alone(clone, found.run, chosen, graph, where, work, log)
            for name, reason in why.items():
                found.outcomes[name] = Outcome(why=reason)
    for name in found.graph.jobs.keys() - places.keys() - found.outcomes.keys():
        found.outcomes[name] = Outcome(asked=False)
    return places


def _judge(asked: Asked, found: Audit, clone: Clone, places: dict, relative: float) -> None:
    rules = decisions.load(clone.folder / "workflow" / "decisions.yaml")
    ledger = _ledger(asked.folder)
    if ledger is None:
        found.notes.append(f"{LEDGER}: missing, or not the table that a study writes: no claims")
        return
    maker = found.graph.maker.get(LEDGER, "")
    again = _ledger(places[maker]) if maker in places else None
    by_id = {claim.id: claim for claim in rules.claims}
    found.claims = audit_verdicts.judge(
        ledger, again, by_id, found.graph, found.outcomes, found.verified, relative
    )
    tested = {claim.claim for claim in found.claims}
    found.untested = [name for name in ledger["claim"].astype(str) if name not in tested]
    told: dict[tuple, list[str]] = {}
    for claim in found.claims:
        lines: dict[str, None] = {}
        for name in claim.jobs:
            was, now = found.graph.jobs[name].record.get("environment"), found.outcomes[name]
            if now.environment is None or name not in places:
                continue
            pair = (was, now.environment)
            if pair not in told:
                told[pair] = _differences(asked.folder, places[name], *pair)
            lines |= dict.fromkeys(told[pair])
        claim.differences = list(lines)


def _differences(folder: Path, place: Path, was: str | None, now: str) -> list[str]:
    """What differs between the environments of a job and of its rerun, in words."""
    if was == now:
        return []
    recorded = environment.read(was, folder) if was else None
    again = environment.read(now, place)
    if recorded is None or again is None:
        return ["the recorded environment is missing or damaged"]
    return environment.differences(recorded, again)


def _try_seeds(asked, found: Audit, clone: Clone, work: Path, declared, say) -> None:
    """Ask fresh seeds about claims that differ, where the environments may explain it."""
    different = [claim for claim in found.claims if claim.verdict == Verdict.DIFFERENT]
    if not asked.fresh_seeds or not different:
        return
    explained = [claim for claim in different if claim.differences]
    for claim in different:
        if not claim.differences:
            claim.why += "; nothing in the environments explains it, so other seeds do not count"
    if not explained:
        return
    with _stage(found, "fresh seeds"):
        used = found.run["study"]["content"].get("seed", 0)
        chosen = audit_seeds.seeds(asked.fresh_seeds, found.root, asked.nonce, used)
        say(f"Running the study with the seeds {', '.join(map(str, chosen))} ...")
        log = asked.folder / PLACE / "rerun.log"
        fresh = audit_seeds.run(clone, found.run, chosen, work, log)
        rules = {
            c.id: c for c in decisions.load(clone.folder / "workflow" / "decisions.yaml").claims
        }
        rows = {
            str(row["claim"]): row for row in _ledger(asked.folder).fillna("").to_dict("records")
        }
        for claim in explained if len(fresh) >= declared.statistical.least_seeds else ():
            agrees, told = audit_seeds.agrees(
                rows[claim.claim],
                rules.get(claim.claim),
                asked.folder,
                fresh,
                declared.statistical.confidence,
            )
            claim.why += f"; {told}"
            claim.verdict = Verdict.WITHIN_TOLERANCE if agrees else Verdict.DIFFERENT


def _keep_figures(asked: Asked, found: Audit, places: dict[str, Path]) -> None:
    """Keep the rerun pictures that differ from the recorded ones, for the page to show."""
    kept = asked.folder / PLACE / "rerun"
    shutil.rmtree(kept, ignore_errors=True)
    for name, outcome in found.outcomes.items():
        for path, each in outcome.files.items():
            if path.endswith(".png") and each.rung > 1 and (places[name] / path).is_file():
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(places[name] / path, kept / Path(path).name)


def _ledger(folder: Path) -> pd.DataFrame | None:
    """The ledger of claims below a folder; None if there is none, or something else."""
    try:
        ledger = pd.read_csv(folder / LEDGER, dtype={"claim": str})
        ledger[["claim", "statement", "verdict", "result", "figure"]]
        return ledger
    except (OSError, ValueError, KeyError):
        return None


def _declared(clone: Clone) -> Path:
    """The tolerances of the recorded commit; today's where it has none yet."""
    own = clone.folder / tolerances.PLACE
    return own if own.is_file() else records.PROJECT / tolerances.PLACE


@contextmanager
def _workplace(asked: Asked):
    """The folder for the clone: the one that was named, or one that is removed in the end."""
    place = asked.folder / PLACE
    place.mkdir(parents=True, exist_ok=True)
    if asked.fresh is not None:
        if asked.fresh.exists() and any(asked.fresh.iterdir()):
            raise AuditError(f"{asked.fresh}: is not empty; FRESH= names a new folder")
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


def own_nonce() -> str:
    """A nonce for an auditor who has named none."""
    return secrets.token_hex(8)
