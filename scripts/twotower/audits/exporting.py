"""Exporting a sealed study: what goes into its crate, read from the seal and the records only."""

import datetime
import hashlib
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from twotower.audits.crate import checklists, citation, codecheck, recorded_jobs, write
from twotower.audits.crate import facts as study_facts
from twotower.audits.crate.entities import CROISSANT, METADATA
from twotower.audits.crate.profiles import DEFAULT, PROFILES, Profile
from twotower.audits.crate.story import Held, Story
from twotower.audits.croissant import description
from twotower.audits.seal import manifest, sealed_files
from twotower.audits.verify import study as study_checks
from twotower.audits.verify import verification
from twotower.audits.verify.evidence import Evidence
from twotower.base import files, words
from twotower.base.errors import ExpectedError
from twotower.records import git, run_records, workflow_rules
from twotower.records.reading import bounded
from twotower.running import workplace
from twotower.study.schema import Study

BESIDE = ("CITATION.cff", "LICENSE", "README.md")
"""Files of the project that are not sealed, as no result depends on them."""
DECISIONS = "workflow/decisions.yaml"
RATINGS = {"download_real": "archive", "load_real": "data"}
"""Outputs, by rule, that hold ratings of others: whose licence need not let them be handed on."""
CODECHECK = "codecheck.yml"
CHECKLISTS = "checklists.md"
SHOWN = 10  # faults that are spelled out
LARGEST = 200_000  # bytes of a figure of a page; larger ones stay in the repository
_FIGURE = re.compile(r"!\[[^\]]*\]\((images/[^/)\s]+\.png)\)")


class ExportError(ExpectedError):
    """What there is cannot be exported; the message says what stands against it."""


@dataclass(frozen=True)
class Exported:
    """What was written: the story, the SHA-256 of its graph, and what only authors can add.

    Attributes:
        missing: for what, and what; in words.
        texts: paths of the files that the export itself wrote, without the graph.
        notes: what else should be known, a line each.
    """

    story: Story
    metadata: str
    missing: list[str]
    texts: list[str]
    notes: list[str]

    @property
    def left_out(self) -> dict[str, tuple[int, int]]:
        """By kind, how many files are described and not copied, and how many there are."""
        every = Counter(each.kind for each in self.story.files.values())
        gone = Counter(each.kind for each in self.story.files.values() if not each.is_here)
        return {kind: (gone[kind], every[kind]) for kind in sorted(gone)}


def export(
    to: Path,
    without: frozenset[str] = frozenset(),
    profile: Profile = PROFILES[DEFAULT],
    zips: bool = False,
) -> Exported:
    """Write the crate of the sealed study in this folder.

    Args:
        to: a folder that is absent, empty, or an earlier crate.
        without: kinds of files (`sealed_files.FILE_KINDS`) that are described, with their hashes,
            and not copied. Real ratings never are.
        profile: the version of Provenance Run Crate.
        zips: whether an archive is to follow: its place is tried too, before the work.

    Raises:
        ExportError: if nothing is sealed, or not all is as it was sealed.
        CrateError: if `to` holds something else.
        WorkplaceError: if nothing can be written there.
    """
    check_places(to, zips)
    folder = Path()
    manifest.read(folder)  # whose message on a folder without a seal is the better one
    verified = verification.verify(folder)
    wrong = [f"{path}: {each.reason}" for path, each in verified.wrong().items()]
    wrong += verified.faults
    if wrong:
        told = "this study is not exported, since files differ from what was made and sealed:"
        lines = words.shortened([f"  {line}" for line in wrong], SHOWN)
        raise ExportError("\n".join([told, *lines, "`make verify` lists every fault."]))
    project = sealed_files.project_of(folder)
    found_at = dict(verified.evidence.files)
    run, study = _run(verified.evidence)
    story, notes = _story(verified.evidence, study, folder, project, without)
    story = replace(story, profile=profile)
    facts = study_facts.gather(story, study, run, verified.run, project)
    texts = {
        CODECHECK: codecheck.text(story, facts.command),
        CHECKLISTS: checklists.text(facts),
    }
    if described := description.text(facts, found_at):
        texts[CROISSANT] = described
    for path, text in texts.items():
        story.files[path] = write.held_text("answers and metadata", text)
    beside = _beside(project)
    for path in story.files.keys() - texts.keys():
        found_at.setdefault(path, beside.get(path, folder / path))
    metadata = write.write(story, texts, found_at, to)
    missing = [f"CODECHECK: {each}" for each in codecheck.missing(story.citation)]
    if CROISSANT in texts:
        missing += [f"Croissant: {each}" for each in description.missing(story.citation)]
    return Exported(story, metadata, missing, [*texts], notes)


def _run(evidence: Evidence) -> tuple[dict, Study]:
    """The record of the run that made the study, and the study."""
    run = evidence.run
    study = study_checks.of_run(run) if run else None
    if run is None or study is None:
        raise ExportError(
            f"the study {evidence.sealed.study['file']} cannot be read as this version of the "
            "project reads studies; export with the version that ran it"
        )
    return run, study


def _beside(project: Path) -> dict[str, Path]:
    """Where each file about the project is that is not sealed."""
    return {name: project / name for name in (*BESIDE, *pages(project))}


def pages(project: Path) -> list[str]:
    """Paths of the pages in docs/ itself and of the small figures that they show, sorted."""
    texts = [path for path in (project / "docs").glob("*.md") if path.is_file()]
    figures = {
        path
        for text in texts
        for name in _FIGURE.findall(text.read_text(encoding="utf-8"))
        if (path := text.parent / name).is_file() and path.stat().st_size <= LARGEST
    }
    return sorted(path.relative_to(project).as_posix() for path in {*texts, *figures})


def _story(
    evidence: Evidence, study: Study, folder: Path, project: Path, without: frozenset[str]
) -> tuple[Story, list[str]]:
    sealed, runs, rules = evidence.sealed, evidence.runs, workflow_rules.read(project)
    jobs = recorded_jobs.jobs(evidence.records, rules)
    others = {
        path
        for job in jobs
        for path in job.outputs
        if job.rule in RATINGS and rules[job.rule].output_name(path) == RATINGS[job.rule]
    }
    held = {
        path: Held(entry.kind, entry.bytes, entry.sha256,
                   entry.kind not in without and path not in others)
        for path, entry in sealed.files.items()
    }  # fmt: skip
    unsealed = {job.timed: folder / job.timed for job in jobs if job.usage}
    unsealed |= {
        str(path): folder / path for path in (sealed_files.MANIFEST, sealed_files.SIGNATURE)
    }
    unsealed |= _beside(project)
    there = {path: place for path, place in unsealed.items() if place.is_file()}
    for path, (size, sha256) in bounded.digests(there)[0].items():
        held.setdefault(path, Held(_kind(path), size, sha256))
    found = citation.read(project / citation.FILE)
    date, notes = _dated(runs, project)
    story = Story(
        name=study.name,
        date=date or found.released,
        root=sealed.root,
        files=held,
        jobs=jobs,
        rules=rules,
        settings=recorded_jobs.settings(study),
        environments=evidence.environments,
        runs={f"{run_records.RUNS.as_posix()}/{name}.json": run for name, run in runs.items()},
        given=[sealed.study["file"], DECISIONS],
        citation=found,
    )
    return story, notes


def _kind(path: str) -> str:
    if path in BESIDE or path.startswith("docs/"):
        return "about the project"
    return "seal" if path.startswith(manifest.SEAL.as_posix()) else "timing"


def _dated(runs: dict[str, dict], project: Path) -> tuple[str, list[str]]:
    """When the newest of the recorded commits was made, in UTC; "" if git knows of none.

    Of those that git does not tell of there is a note with the reason.
    """
    seconds, notes = [], []
    for commit in sorted({run["commit"] for run in runs.values() if run["commit"]}):
        try:
            git.require(project, commit)
            said = git.output(project, "rev-list", "--no-walk", "--timestamp", commit, "--")
            seconds.append(int(said.split()[0]))
        except git.GitError as error:
            notes.append(f"the date of commit {commit[:12]} is not known: {error}")
    if not seconds:
        notes += ["the crate has the date of CITATION.cff"] if notes else []
        return "", notes
    return datetime.datetime.fromtimestamp(max(seconds), datetime.UTC).isoformat(), notes


def size(story: Story) -> int:
    """Bytes of the files that a crate holds."""
    return sum(held.bytes for held in story.files.values() if held.is_here)


def archive_of(to: Path) -> Path:
    """Where the archive of a crate is: beside it."""
    return to.with_name(f"{to.name}.zip")


def check_places(to: Path, zips: bool) -> None:
    """Check that a crate, and its archive, can be written; raises CrateError, WorkplaceError."""
    write.check_place(to)
    workplace.check_written(write.draft_of(to) / METADATA, f"TO={to}")
    if zips:
        workplace.check_written(archive_of(to), str(archive_of(to)))


def zipped(to: Path) -> str:
    """Pack the crate into one archive beside it; returns the archive's SHA-256."""
    archive = archive_of(to)
    write.pack(to, archive)
    return files.sha256(archive)


def is_outdated(archive: Path, metadata: str) -> bool:
    """Whether there is an archive, and another graph in it than that with this SHA-256."""
    if not archive.is_file():
        return False
    try:
        with zipfile.ZipFile(archive) as packed:
            return hashlib.sha256(packed.read(METADATA)).hexdigest() != metadata
    except (zipfile.BadZipFile, KeyError):
        return True
