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
from twotower.base import console, errors
from twotower.cost.jobs import Jobs
from twotower.cost.requests import Requests
from twotower.data import sampling
from twotower.real import options as real_options
from twotower.records import code_digest, run_records
from twotower.running import command_line, statements, workplace
from twotower.study import analyses, arms, decisions, grid, reading
from twotower.study.schema import Lemmas


container: "docker://localhost/tower-rates"  # build it from envs/Containerfile


def read_study():
    """The study, what it was read from, its path, and what is no study's."""
    if IS_MODULE:  # the command line is the importing workflow's
        study = reading.validated(config, "config of the module")
        return study, {}, "config.yaml", real_options.taken({})
    # Read here rather than by Snakemake: a study is whole, it is not laid over the default one.
    # Snakemake tells a Snakefile nothing of its targets; a word of the command line is one.
    words = sys.argv[1:] if workflow.is_main_process else []
    # As typed, not as Snakemake reads them; jobs are handed the same texts.
    given = command_line.given(
        workflow.config_settings.config_args, words, real_options.SOURCES, real_options.TEXTS
    )
    real = real_options.taken(given, words, PROJECT)
    files = [*workflow.overwrite_configfiles[-1:], "config.yaml"]
    named = place = str(given.pop("study", files[0]))
    beside = PROJECT / place  # with --directory the project is not the folder
    if place and not os.path.exists(place) and os.path.exists(beside):
        place = str(beside)
    raw = reading.merged(reading.load_study(place, "--config study="), given)
    study = reading.validated(raw, place)
    origin = {"file": place, "given": given, "content": raw, "settings": study.model_dump()}
    return study, origin, named, real


STARTED = time.time()
DECISIONS = str(PROJECT / "workflow/decisions.yaml")
if not IS_MODULE:  # whose prefix is set before relative paths
    DECISIONS = os.path.relpath(DECISIONS)  # a finished study can be moved with its project
try:
    workplace.start_jobs_by_name()
    workplace.lead_jobs_to(SCRIPTS, IS_MODULE)
    STUDY, STUDY_ORIGIN, STUDY_PLACE, REAL = read_study()
    if workflow.is_main_process:  # faults that would stop the run are shown before any work starts
        decisions.load(DECISIONS)
        statements.made(PROJECT)
        workplace.check(workflow.modifier.modify_path("results"), workflow.resource_settings.cores)
    CELLS = grid.cells(STUDY)
    grid.by_id((cell.id, cell.spec) for cell in CELLS)
    RUNS = grid.by_id((run.id, run) for run in grid.runs(STUDY))
    DATA = grid.by_id((cell.data_id, cell.data_spec) for cell in CELLS)
except errors.ExpectedError as error:
    sys.exit(console.message(error))
SIZES = {data: set() for data in DATA}
for cell in CELLS:
    SIZES[cell.data_id].update(cell.sample_sizes)
SIZES = {data: sorted(sizes) for data, sizes in SIZES.items()}
BLOCKS = STUDY.blocks()
TOWER_RUNS = [run for run in RUNS if RUNS[run].arm in arms.TOWER_ARMS]
EXPERIMENTS = list(STUDY.experiments)
# Looked up once for each cell of each experiment: scans would be quadratic in large studies.
RUNS_OF = {cell.id: [] for cell in CELLS}
for run_id, run in RUNS.items():
    RUNS_OF[run.cell.id].append((run_id, run))
CELLS_OF = {experiment: [] for experiment in EXPERIMENTS}
for cell in CELLS:
    for experiment in cell.experiments:
        CELLS_OF[experiment].append(cell)
ON_RATINGS = [name for name in EXPERIMENTS if STUDY.experiments[name].axis == "ratings"]
ON_UNITS = [name for name in EXPERIMENTS if name not in ON_RATINGS]
FORMATS = ["pdf", "png", "svg"]


wildcard_constraints:
    data="[0-9a-f]{10}",
    run="[0-9a-f]{10}",
    fit="(reference-)?[0-9a-f]{10}",
    block="[0-9]+",
    experiment="|".join(EXPERIMENTS),


def spec(script, **settings):
    """What a job depends on besides its inputs: a slice of the study, and its code's digest."""
    try:
        return settings | {"code": code_digest.code_digest(SCRIPTS, script)}
    except errors.ExpectedError as error:
        sys.exit(console.message(error))


# Memory and time are not in `params`, so that asking for more of them retrains nothing.
REQUESTS = Requests(Jobs(STUDY, RUNS, DATA, SIZES))


def memory(rule):
    """Megabytes that a rule's job asks for, as a function for its `resources`."""
    return lambda wildcards, attempt: REQUESTS.memory(rule, dict(wildcards.items()), attempt)


def runtime(rule):
    """Minutes that a rule's job asks for, as a function for its `resources`."""
    return lambda wildcards, attempt: REQUESTS.runtime(rule, dict(wildcards.items()), attempt)


def train_spec(wildcards):
    run = RUNS[wildcards.run]  # who rated what: only few arms need it
    further = {"data": run.cell.data_spec} if run.arm in arms.BY_USER else {}
    return spec(
        "towers/train.py",
        seed=STUDY.seed,
        cell=run.cell.spec,
        arm=run.arm,
        settings=run.settings,
        precision=run.precision,
        gpu=STUDY.training.gpu,
        sample_sizes=list(run.cell.sample_sizes),
        certificate_sizes=STUDY.certified(run.cell.sample_sizes, run.settings),
        certificate_replicates=STUDY.certificate_replicates,
        replicates=list(BLOCKS[int(wildcards.block)]),
        **further,
    )


def predict_spec(wildcards):
    fit = wildcards.fit
    sizes = list(RUNS[fit].cell.sample_sizes) if fit in RUNS else SIZES[data_of(fit)]
    return spec(
        "predictions/predict.py",
        seed=STUDY.seed,
        data=DATA[data_of(fit)],
        cell=RUNS[fit].cell.spec if fit in RUNS else None,
        sample_sizes=sizes,
        replicates=STUDY.replicates,
    )


def comparator_spec(wildcards):
    run = RUNS[wildcards.run]
    return spec(
        "methods/fit_comparator.py",
        seed=STUDY.seed,
        data=run.cell.data_spec,
        arm=run.arm,
        sample_sizes=list(run.cell.sample_sizes),
        **run.settings,
    )


def known_at(data):
    """Sizes at which users and items are known: in the design that rates both again."""
    return SIZES[data] if DATA[data].get("sampling") == "repeated" else []


def data_of(fit):
    """Data set that a fit (a run, or reference-<data set>) was made on."""
    return RUNS[fit].cell.data_id if fit in RUNS else fit.removeprefix("reference-")


def fits_of(wildcards):
    fit = wildcards.fit
    folder = f"runs/{fit}" if fit in RUNS else f"references/{data_of(fit)}"
    return [f"results/{folder}/{block}.safetensors" for block in range(len(BLOCKS))]


def risks_name(run):
    """Risks of towers are named by their run, those of other arms also by how they were made."""
    if RUNS[run].arm in arms.TOWER_ARMS:
        return run
    return f"{'joint' if RUNS[run].arm == arms.JOINT else 'comparator'}-{run}"


def predicted_fits(cell):
    """Arms of a cell whose risks are predicted target by target, and their fits."""
    found = [(run.arm, run_id) for run_id, run in RUNS_OF[cell.id] if run.arm == arms.ERM]
    return found + [(arms.REFERENCE, f"reference-{cell.data_id}")] * cell.has_reference


def rate_inputs(experiment):
    """Tables of risks of an experiment's cells, the columns that name each of them, and the fits
    whose predictions stand beside it, if there are any.
    """
    tables = []
    asked = STUDY.experiments[experiment].arms or tuple(STUDY.arms)
    for cell in CELLS_OF[experiment]:
        columns = cell.columns() | {"experiment": experiment}
        for run_id, run in RUNS_OF[cell.id]:
            if run.arm in asked:  # others are of another experiment
                path = f"results/risks/{risks_name(run_id)}.csv"
                fit = run_id if run.arm == arms.ERM else None
                tables.append((path, columns | {"arm": run.arm}, fit))
        if cell.has_reference:
            path = f"results/risks/reference-{cell.data_id}.csv"
            tables.append((path, columns | {"arm": arms.REFERENCE}, f"reference-{cell.data_id}"))
    return tables


def floored(experiment):
    """Data sets whose targets decide where the risk stops, and how many components towers have."""
    columns = [cell.columns() for cell in CELLS_OF[experiment]]
    stopped = [
        each for each in columns if each["embedding_dim"] < each["rank"] or sampling.bent(each)
    ]
    return sorted({(each["data"], each["embedding_dim"]) for each in stopped})


def ranked_fits():
    """The fits whose rankings are measured, and the cell and arm of each."""
    fits = []
    for cell in CELLS if STUDY.ranking else ():
        if not set(cell.experiments) & set(ON_RATINGS):
            continue
        for run_id, run in RUNS_OF[cell.id]:
            if run.arm in arms.TOWER_ARMS:
                fits.append((run_id, {"cell": cell.id, "arm": run.arm}))
        if cell.has_reference:
            fits.append((f"reference-{cell.data_id}", {"cell": cell.id, "arm": arms.REFERENCE}))
    return fits


FLOORED = {experiment: floored(experiment) for experiment in EXPERIMENTS}
RATE_INPUTS = {experiment: rate_inputs(experiment) for experiment in EXPERIMENTS}
RANKED = ranked_fits()
PREDICTED = list(dict.fromkeys(fit for cell in CELLS for _, fit in predicted_fits(cell)))
EXPERIMENT_RISKS = [f"results/rates/{experiment}/risks.csv" for experiment in ON_RATINGS]

# Tables and figures over all experiments: which there are, twotower.study.analyses says.
DESIGNS = {data.get("sampling", "fresh") for data in DATA.values()}
WANTED = analyses.of(STUDY, DESIGNS)
ANALYSES = [each.table for each in WANTED if each.table]
FIGURES = {each.figure: each for each in WANTED if each.figure}
# Figures that have a table are targets: others are drawn with the whole study alone.
TARGET_FIGURES = {figure: each.table for figure, each in FIGURES.items() if each.table}
FIGURE_READS = {
    "rates": "results/tables/rates.csv",
    "curves": [f"results/rates/{name}/curves.csv" for name in ON_RATINGS],
    "ranking_curves": "results/tables/ranking_curves.csv",
    "risks": EXPERIMENT_RISKS,
    "decisions": DECISIONS,
}


def figure_inputs(wildcards):
    """What a figure is drawn from, by the names that `scripts/report/draw_figures.py` knows."""
    figure = FIGURES[wildcards.figure]
    tables = [figure.table] if figure.table else []
    inputs = {table: f"results/tables/{table}.csv" for table in tables}
    return inputs | {name: FIGURE_READS[name] for name in figure.reads}


def real_inputs(wildcards):
    """Files of ratings that the user has, or the archive that is downloaded."""
    from twotower.real.reading import download, layouts  # for runs on real ratings alone

    place = REAL.places[wildcards.source]
    if download.is_address(place):
        return [f"results/real/{wildcards.source}/download.zip"]
    return layouts.inputs(wildcards.source, place)
