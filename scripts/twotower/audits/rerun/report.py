"""What an audit found, for machines (JSON) and for a terminal."""

import textwrap
from collections import Counter

from twotower.audits.rerun import sample
from twotower.audits.rerun.findings import Audit
from twotower.audits.rerun.verdicts import MEANINGS
from twotower.base import words

FORMAT = "tower-rates audit 1"
WIDTH = 110  # of a terminal
LONGEST_ID = 20  # characters of a claim's id; those of the decisions have few
SHOWN = 12  # files or differences that are spelled out


def content(found: Audit) -> dict:
    """The audit as plain data; holds no path of this machine."""
    run = found.run
    return {
        "format": FORMAT,
        "verdict": str(found.verdict),
        "meaning": MEANINGS[found.verdict],
        "seal": {
            "sealed": found.sealed,
            "root": found.root,
            "root_noted": bool(found.asked.root),
            "signature": found.verified.signature.state,
            "signature_in_words": found.verified.signature.words,
        },
        "study": {
            "file": run["study"]["file"],
            "name": run["study"]["content"].get("name", ""),
            "in_words": found.verified.run,
        },
        "code": {"commit": run["commit"], "uncommitted_changes": run["diff"] is not None},
        "environment": {"reused": found.reused, "differences": differences(found)},
        "rerun": {
            "everything": found.asked.sample is None,
            "nonce": found.asked.nonce if found.asked.sample is not None else None,
            "jobs": len(found.graph.jobs),
            "population": len(found.population),
            "drawn": found.drawn,
            "rerun": sum(each.rung is not None for each in found.outcomes.values()),
            "misses": {
                str(bad): chance
                for bad, chance in sample.misses(len(found.population), len(found.drawn)).items()
            },
        },
        "claims": [
            {
                "claim": each.claim,
                "statement": each.statement,
                "recorded": each.recorded,
                "result": each.result,
                "verdict": str(each.verdict),
                "why": each.why,
                "first_diverged": _job(found, each.diverged) if each.diverged else None,
                "figure": each.figure,
                "jobs": each.jobs,
                "jobs_rerun": each.rerun,
                "environment_differences": each.differences,
            }
            for each in found.claims
        ],
        "not_tested": found.untested,
        "jobs": [_job(found, name) for name in found.graph.jobs],
        "files": {
            path: {"verdict": each.verdict, "why": each.reason}
            for path, each in found.verified.wrong().items()
        },
        "faults": found.verified.faults,
        "notes": [*found.notes, *found.verified.notes],
        "seconds": {stage: round(seconds, 1) for stage, seconds in found.seconds.items()},
    }


def differences(found: Audit) -> list[str]:
    """What differs between the recorded environments and those of the rerun, over all claims."""
    return list(dict.fromkeys(line for claim in found.claims for line in claim.differences))


def rungs(found: Audit) -> dict[str, int]:
    """How many jobs reached each rung, in words."""
    counts = Counter(each.rung for each in found.outcomes.values() if each.rung is not None)
    return {rung.words: counts[rung] for rung in sorted(counts)}


def text(found: Audit) -> str:
    """The audit for a terminal."""
    lines = [""]
    longest = max((len(each.claim) for each in found.claims), default=0)
    width = min(max(5, longest), LONGEST_ID)
    verdict = max([7, *(len(each.verdict) for each in found.claims)])
    for each in found.claims:
        said = f"{each.statement}: {each.recorded}."
        if each.rerun < len(each.jobs):
            said += f" {each.rerun} of the {len(each.jobs)} jobs it rests on were made again."
        said += f" {each.why}." if each.why else ""
        said += f" First diverged: {named(found, each.diverged)}." if each.diverged else ""
        wrapped = textwrap.wrap(said, WIDTH - width - verdict - 4) or [""]
        name = each.claim if len(each.claim) <= width else f"{each.claim[: width - 1]}…"
        lines.append(f"{name:<{width}}  {each.verdict:<{verdict}}  {wrapped[0]}")
        lines += [" " * (width + verdict + 4) + line for line in wrapped[1:]]
    if found.untested:
        lines += textwrap.wrap(f"Not tested in this study: {', '.join(found.untested)}.", WIDTH)
    lines.append("")
    told = ", ".join(f"{count} {words}" for words, count in rungs(found).items())
    lines += textwrap.wrap(f"Jobs made again: {told or 'none'}.", WIDTH)
    for name, outcome in found.outcomes.items():
        if outcome.asked and outcome.rung is None:
            lines += textwrap.wrap(f"Not rerun: {named(found, name)}: {outcome.why}.", WIDTH)
    if found.asked.sample is not None:
        told = sample.told(len(found.population), len(found.drawn))
        lines += textwrap.wrap(told, WIDTH)
    wrong = [f"  {path}: {why}" for path, why in found.tampered.items()]
    wrong += [f"  {fault}" for fault in found.verified.faults]
    if wrong:
        lines += ["Not as made, recorded or sealed:", *words.shortened(wrong, SHOWN)]
    lines += _environment(found)
    lines += [f"Note: {note}." for note in [*found.notes, *found.verified.notes]]
    lines += ["", *textwrap.wrap(f"Run: {found.verified.run or 'not known'}.", WIDTH)]
    lines += textwrap.wrap(f"{seal(found)}.", WIDTH)
    lines.append(f"{found.verdict}{extent(found)}: {MEANINGS[found.verdict]}.")
    return "\n".join(lines)


def extent(found: Audit) -> str:
    """How much of the study the verdict on the whole is about; empty if everything was rerun."""
    if found.asked.sample is None:
        return ""
    drawn = f"{len(found.drawn)} of {len(found.population)} jobs" if found.drawn else "no other job"
    return f" in figures, tables and {drawn}"


def seal(found: Audit) -> str:
    """What is known of the seal: its root, whether that was noted, and who signed."""
    if not found.sealed:
        return f"Not sealed; root of the files as they are: {found.root}"
    known = "as was noted" if found.asked.root else "not compared with a noted root (ROOT=)"
    return f"Root {found.root}, {known}; {found.verified.signature.words}"


def named(found: Audit, name: str) -> str:
    """A job in words: its rule and its first output."""
    job = found.graph.jobs.get(name)
    return f"{job.rule} ({name})" if job else name


def _environment(found: Audit) -> list[str]:
    where = "a reused environment" if found.reused else "a fresh environment from the lock"
    lines = differences(found)
    if not lines:
        return [f"Rerun in {where}; all that is recorded of the environment is the same."]
    return [f"Rerun in {where}; it has:", *words.shortened([f"  {line}" for line in lines], SHOWN)]


def _job(found: Audit, name: str) -> dict:
    outcome, job = found.outcomes[name], found.graph.jobs[name]
    return {
        "job": name,
        "rule": job.rule,
        "rung": outcome.rung.words if outcome.rung is not None else None,
        "why": outcome.detail,
        "asked": outcome.asked,
        "files": {
            path: {"rung": each.rung.words, "why": each.detail}
            for path, each in outcome.files.items()
        },
    }
