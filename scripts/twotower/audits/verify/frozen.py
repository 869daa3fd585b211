"""Were the rules frozen before the run? What runs, commits and the clone's history say of them.

Each run's record names the rules that it was started with. That is its author's word; only a
statement before the run, with a stamp or published where others see the date, dates the rules.
"""

import hashlib

from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.audits.verify.study import DECISIONS
from twotower.base import places, words
from twotower.records import git
from twotower.records.commits import code_files

_SHOWN = 3  # commits that are named


def check(evidence: Evidence, result: Verification) -> None:
    """Hold the rules that are there against those of the recorded runs, and runs to one another."""
    runs = {name: run for name, run in evidence.runs.items() if run}
    rules = {name: run["decisions"] for name, run in runs.items() if run.get("decisions")}
    for name in rules:
        _check_commit(name, runs[name], evidence, result)
    own = evidence.sealed.study.get("run") if evidence.sealed else None
    asked = [own] if own in runs else [*runs]
    if asked and not rules.keys() & set(asked):
        result.notes.append("rules: the run did not record by which rules it was to be judged")
    elif asked and (there := evidence.sha256(DECISIONS)) is not None:
        named = [rules[name] for name in asked if name in rules]
        if there not in [each["sha256"] for each in named]:
            labels = " or ".join(sorted({each["label"] for each in named}))
            result.add(DECISIONS, "CHANGED", f"the run was started with the rules {labels}")
    if own in runs:
        _tell_later_changes(runs[own]["commit"], result)
    _tell_several(rules, own, result)


def _tell_several(rules: dict[str, dict], own: str | None, result: Verification) -> None:
    """Name the rules of each run, before all other notes, if they are not one and the same."""
    by_label: dict[str, list[str]] = {}
    for name, each in sorted(rules.items(), key=lambda row: (row[0] != own, row[0])):
        by_label.setdefault(each["label"], []).append(name)
    if len({each["sha256"] for each in rules.values()}) < 2:
        return
    lines = [
        f"rules: run {several(names)} was started with {label}"
        + (", by which the study is judged" if own in names else "")
        for label, names in by_label.items()
    ]
    told = "rules: they were changed between runs in this folder; the later ones were chosen when "
    result.notes[:0] = [f"{told}results of the earlier ones could be seen", *lines]


def _check_commit(name: str, run: dict, evidence: Evidence, result: Verification) -> None:
    """The rules that a run names against its commit, if this clone has it."""
    commit, label = run["commit"], run["decisions"]["label"]
    if commit is None:
        return
    try:
        git.require(places.PROJECT, commit)
        committed = git.output(places.PROJECT, "cat-file", "blob", f"{commit}:./{DECISIONS}")
    except git.GitError:
        return  # `study` tells why
    if hashlib.sha256(committed).hexdigest() == run["decisions"]["sha256"]:
        return
    told = f"run {name} was started with the rules {label}, which are not those of its commit"
    if run["diff"] and _touches_rules(run["diff"]["file"], evidence):
        result.notes.append(f"rules: {told} {commit[:12]}, but an uncommitted change of them")
    else:
        result.faults.append(f"{told} {commit[:12]}, and no recorded change touches them")


def _touches_rules(diff: str, evidence: Evidence) -> bool:
    if diff not in evidence.found or evidence.found[diff][0] > 2 * code_files.MOST_CHANGED:
        return False
    return f" b/{DECISIONS}\n".encode() in (evidence.folder / diff).read_bytes()


def _tell_later_changes(commit: str | None, result: Verification) -> None:
    """Commits of this clone that changed the rules after the run's commit."""
    try:
        if commit is None:
            return
        git.require(places.PROJECT, commit)
        asked = "log", "--format=%h of %cs", f"{commit}..HEAD", "--", DECISIONS
        listed = git.output(places.PROJECT, *asked).decode("ascii", "replace").splitlines()
    except git.GitError:
        return  # `study` tells why
    if listed:
        told = words.named(listed, _SHOWN)
        result.notes.append(f"rules: changed after the run's commit {commit[:12]}, in {told}")
