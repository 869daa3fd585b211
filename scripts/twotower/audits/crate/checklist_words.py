"""Facts of a study as sentences: what a checklist's answers are made of."""

import shlex
from collections import Counter

from twotower.audits.crate.facts import REAL, Facts, Timing
from twotower.base import commands

MOST = 12  # values of one setting that are spelled out


def command(facts: Facts) -> str:
    """What makes the study's results anew."""
    told = facts.run["study"]
    given = [commands.config(key, value) for key, value in sorted(told["given"].items())]
    if given:
        words = ["--config", commands.config("study", told["file"]), *given]
        return f".venv/bin/snakemake {shlex.join(words)}"
    return commands.make(STUDY=told["file"])


def runs(facts: Facts) -> str:
    """How many fits there are, of which arms, made by how many jobs."""
    arms = ", ".join(f"{arm} {count:,}" for arm, count in facts.fits.items())
    study = facts.study
    real = facts.by_rule[REAL].jobs if REAL in facts.by_rule else 0
    jobs = sum(each.jobs for each in facts.by_arm.values()) - real
    told = (
        f"{sum(facts.fits.values()):,} fits ({arms or 'none'}): {_count(facts.cells, 'cell')} on "
        f"{_count(facts.data_sets, 'data set')}, at each sample size, with "
        f"{_count(study.replicates, 'independent replicate')}; made by {jobs} of "
        f"{_count(len(facts.story.jobs), 'job')}. Every fit is evaluated once, on "
        f"{study.test_pairs:,} fresh pairs of a user and an item."
    )
    return f"{told} Fits of real ratings: {_count(real, 'job')}." if real else told


def sizes(facts: Facts) -> str:
    """Sample sizes of the study and of experiments that have their own."""
    own = {
        name: each.sample_sizes
        for name, each in facts.study.experiments.items()
        if each.sample_sizes
    }
    told = [f"n = {_numbers(facts.study.sample_sizes)}"]
    told += [f"in {name} n = {_numbers(each)}" for name, each in own.items()]
    return "; ".join(told)


def ranges(facts: Facts) -> list[str]:
    """A line for each setting that has several values, one for all others, one for each arm."""
    lines, fixed = [], []
    for key, values in facts.varied.items():
        if len(values) > 1:
            more = f" and {len(values) - MOST} more" if len(values) > MOST else ""
            lines.append(f"`{key}`: {', '.join(values[:MOST])}{more}")
        else:
            fixed.append(f"`{key}` {values[0]}")
    lines.append(f"the same in all cells: {', '.join(fixed)}")
    for arm, settings in facts.study.arms.items():
        told = ", ".join(f"`{key}` {value}" for key, value in settings.model_dump().items())
        lines.append(f"arm {arm}: {told or 'no settings'}")
    return lines


def choice(facts: Facts) -> str:
    """How hyperparameters were chosen."""
    tuned = {
        arm: settings.budget for arm, settings in facts.study.arms.items()
        if hasattr(settings, "budget")
    }  # fmt: skip
    told = (
        f"All stand in the study's file, {facts.run['study']['file']}, whose SHA-256 the run "
        "recorded as it began; the reference estimator chooses its cut-off on held-out ratings."
    )
    if tuned:
        arms = ", ".join(f"{arm} {budget}" for arm, budget in tuned.items())
        told += f" Tuned on held-out ratings, with so many settings tried at each size: {arms}."
    return told


def error_bars(facts: Facts) -> str:
    """How intervals are computed, over what, and with which confidence."""
    level = facts.rules.thresholds.confidence
    return (
        f"{level:.0%} intervals over {_count(facts.study.replicates, 'replicate')}, each an "
        f"independent draw of target, users, items, noise and start. {facts.words['interval']}"
    )


def seeds(facts: Facts) -> str:
    """The seed and what it does."""
    return (
        f"Seed {facts.study.seed}: it keys every random stream together with what the stream is "
        "for, so that no number depends on the order of jobs."
    )


def times(facts: Facts) -> list[str]:
    """A line for each arm, and one for the whole."""
    lines = [f"{arm}: {_taken(each)}" for arm, each in sorted(facts.by_arm.items())]
    whole = Timing()
    for job in facts.story.jobs:
        whole.add(job.usage)
    hours = whole.seconds / 3600
    lines.append(
        f"all {_count(whole.jobs, 'job')}: {whole.seconds:,.0f} s of wall time "
        f"({hours:.2f} hours, one core each), at most {whole.megabytes:,.0f} MB"
        + ("" if whole.timed == whole.jobs else f"; {whole.jobs - whole.timed} were not timed")
    )
    return lines


def timed(facts: Facts) -> bool:
    """Whether any job was timed."""
    return any("seconds" in job.usage for job in facts.story.jobs)


def machines(facts: Facts) -> list[str]:
    """A line for each environment that jobs ran in."""
    lines = []
    for digest, count in sorted(facts.environments.items()):
        found = facts.story.environments.get(digest)
        if found is None:
            lines.append(f"{_count(count, 'job')}: environment not recorded")
            continue
        cards = ", ".join(found["gpus"]) or "no graphics card used"
        told = [f"{key}={text}" for key, text in found["cpu"].get("variables", {}).items()]
        lines.append(
            f"{_count(count, 'job')}: {found['cpu']['model'] or 'unknown processor'} "
            f"({' '.join([*found['cpu']['flags'], *told])}), {cards}; "
            f"{found['platform']['system']} {found['platform']['machine']}, "
            f"Python {found['python']['version']}, "
            f"torch {found['torch'].get('version', 'unknown')}, threads of each job: "
            f"{found['threads']} (environment {digest})"
        )
    return lines


def dependencies(facts: Facts) -> str:
    """How the software is pinned."""
    recorded = max((len(each["packages"]) for each in facts.story.environments.values()), default=0)
    return (
        f"envs/requirements.txt pins {facts.pins} packages exactly; the hashes of the wheels of "
        f"{recorded} of them are recorded with the environment."
    )


def code(facts: Facts) -> str:
    """Licence, commit, and whether there were changes that no commit holds."""
    run = facts.run
    changes = (
        "with changes that no commit holds, kept beside the run's record"
        if run["diff"]
        else "without uncommitted changes"
    )
    licence = facts.story.citation.licence
    return f"Licence {licence}; commit {run['commit'] or 'not recorded'}, {changes}."


def kept(facts: Facts, kind: str) -> str:
    """How many files of a kind there are, and whether the crate holds them."""
    count, size, held = facts.held(kind)
    where = "in this crate" if held else "described here with their SHA-256, not held"
    return f"{_count(count, 'file')} of {kind}, {size / 1e6:,.1f} MB, {where}"


def verdicts(facts: Facts) -> str:
    """How the ledger's claims came out."""
    if not facts.claims:
        return "This study has no ledger of claims."
    found = Counter(row.get("verdict") or "not tested" for row in facts.claims)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items()))
    tested = f"Of {len(facts.claims)} claims in results/tables/claims.csv: {counted}."
    return f"{tested} Judged by the rules {facts.rules.label}."


def _taken(each: Timing) -> str:
    if not each.timed:
        return f"{_count(each.jobs, 'job')}, not timed"
    mean = each.seconds / each.timed
    return (
        f"{_count(each.jobs, 'job')}, {mean:,.1f} s on average, {each.seconds:,.0f} s together, "
        f"at most {each.megabytes:,.0f} MB"
    )


def _numbers(values: tuple[int, ...]) -> str:
    return ", ".join(f"{value:,}" for value in values)


def _count(number: int, noun: str) -> str:
    """A number of things, the noun in the plural unless it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
