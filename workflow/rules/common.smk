# The study, the paths that every stage shares, and the digests that make code an input.

import gc
import os
import sys
import time
from pathlib import Path

# A plan is millions of objects that live to its end: Python's habit of looking through them for
# garbage after every 700 new ones takes a seventh of the planning time, and finds next to nothing.
gc.set_threshold(20_000, 50, 50)

# Of this project, also where another workflow's Snakefile imports this one (docs/module.md).
PROJECT = Path(str(workflow.current_basedir)).parents[1]
IS_MODULE = not workflow.modifier.is_main_snakefile()
SCRIPTS = PROJECT / "scripts"
sys.path.insert(0, str(SCRIPTS))

import twotower  # pins every numerical library to one thread, for the jobs as well
from twotower.base import console, errors, places
from twotower.cost.jobs import Jobs
from twotower.cost.requests import Requests
from twotower.diagnosis import options as diagnosis_options
from twotower.real import options as real_options
from twotower.records import code_digest, run_records
from twotower.running import command_line, statements, workplace
from twotower.study import decisions, reading
from twotower.study.rules.ledgers import LEDGERS
from twotower.study.jobs import job_inputs, job_settings
from twotower.study.jobs.job_list import FORMATS, JobList


container: "docker://localhost/tower-rates"  # build it from envs/Containerfile


def read_study():
    """The study, what it was read from, its path, and what is no study's: real ratings, a diagnosis, clicks."""
    if IS_MODULE:  # the command line is the importing workflow's
        study = reading.validated(config, "config of the module")
        return study, {}, "config.yaml", real_options.taken({}), {}, {}
    # Read here rather than by Snakemake: a study is whole, it is not laid over the default one.
    # Snakemake tells a Snakefile nothing of its targets; a word of the command line is one.
    words = sys.argv[1:] if workflow.is_main_process else []
    # As typed, not as Snakemake reads them; jobs are handed the same texts.
    texts = (*real_options.TEXTS, diagnosis_options.SUBJECT)
    given = command_line.given(
        workflow.config_settings.config_args, words, diagnosis_options.SOURCES, texts
    )
    clicks = diagnosis_options.click_places(given, PROJECT)
    real = real_options.taken(given, words, PROJECT)
    diagnosis = diagnosis_options.taken(given, real.places | clicks, words)
    files = [*workflow.overwrite_configfiles[-1:], "config.yaml"]
    named = place = str(given.pop("study", files[0]))
    beside = PROJECT / place  # with --directory the project is not the folder
    if place and not os.path.exists(place) and os.path.exists(beside):
        place = str(beside)
    raw = reading.merged(reading.load_study(place, "--config study="), given)
    study = reading.validated(raw, place)
    # the ledger's commands name a study of this project as its records do, however it was typed
    known = places.name(place)
    named = named if known.startswith("given:") else known
    origin = {"file": place, "given": given, "content": raw, "settings": study.model_dump()}
    return study, origin, named, real, diagnosis, clicks


STARTED = time.time()
DECISIONS = str(PROJECT / "workflow/decisions.yaml")
if not IS_MODULE:  # whose prefix is set before relative paths
    DECISIONS = os.path.relpath(DECISIONS)  # a finished study can be moved with its project
try:
    workplace.start_jobs_by_name()
    workplace.lead_jobs_to(SCRIPTS, IS_MODULE)
    STUDY, STUDY_ORIGIN, STUDY_PLACE, REAL, diagnosis_keys, click_places = read_study()
    if workflow.is_main_process:  # faults that would stop the run are shown before any work starts
        for ledger in LEDGERS:
            ledger.load(Path(DECISIONS).with_name(Path(ledger.rules).name))
        statements.made(PROJECT)
        workplace.check(workflow.modifier.modify_path("results"), workflow.resource_settings.cores)
    JOBS = JobList(STUDY)
    DIAGNOSIS = diagnosis_options.asked(diagnosis_keys, STUDY, JOBS.cells, places=click_places)
except errors.ExpectedError as error:
    sys.exit(console.message(error))
EXPERIMENTS = list(STUDY.experiments)
# Figures that have a table are targets: others are drawn with the whole study alone.
TARGET_FIGURES = {name: each.table for name, each in JOBS.figures.items() if each.table}
SCRIPT_OF = code_digest.scripts(PROJECT)


wildcard_constraints:
    data="[0-9a-f]{10}",
    run="[0-9a-f]{10}",
    fit="(reference-)?[0-9a-f]{10}",
    block="[0-9]+",
    experiment="|".join(EXPERIMENTS),


def spec(rule):
    """What a job depends on besides its inputs: a slice of the study, and its code's digest."""

    def of_job(wildcards):
        if rule.endswith("_real"):
            settings = real_options.settings(REAL, STUDY.seed, rule, wildcards)
        elif rule.endswith("_diagnosis"):
            settings = diagnosis_options.settings(DIAGNOSIS, STUDY.seed, rule, wildcards)
        else:
            settings = job_settings.of(JOBS, rule, wildcards, STUDY_PLACE)
        try:
            return settings | {"code": code_digest.code_digest(SCRIPTS, SCRIPT_OF[rule])}
        except errors.ExpectedError as error:
            sys.exit(console.message(error))

    return of_job


def inputs(rule):
    """What a job reads, by name."""
    return lambda wildcards: job_inputs.of(JOBS, rule, wildcards, DECISIONS)


def real_plans():
    """What runs on real ratings will cost, by source; nothing of ratings still to be downloaded."""
    if not REAL.places:
        return {}
    from twotower.cost.real import plan  # for runs on real ratings alone

    return plan.known(REAL)


# Memory and time are not in `params`, so that asking for more of them retrains nothing.
REAL_PLANS = real_plans()
REQUESTS = Requests(Jobs(JOBS), {source: plan.listed for source, plan in REAL_PLANS.items()})


def memory(rule):
    """Megabytes that a rule's job asks for, as a function for its `resources`."""
    return lambda wildcards, attempt: REQUESTS.memory(rule, dict(wildcards.items()), attempt)


def runtime(rule):
    """Minutes that a rule's job asks for, as a function for its `resources`."""
    return lambda wildcards, attempt: REQUESTS.runtime(rule, dict(wildcards.items()), attempt)


def real_inputs(wildcards):
    """Files of ratings that the user has, or the archive that is downloaded."""
    from twotower.real.reading import download, layouts  # for runs on real ratings alone

    place = REAL.places[wildcards.source]
    if download.is_address(place):
        return [f"results/real/{wildcards.source}/download.zip"]
    return layouts.inputs(wildcards.source, place)


def clicks_inputs(wildcards):
    """Files of clicks that the user has, for their diagnosis."""
    from twotower.real.reading import layouts

    return layouts.inputs(DIAGNOSIS.subject, DIAGNOSIS.place) if DIAGNOSIS.place else []
