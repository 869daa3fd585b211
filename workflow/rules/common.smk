# The study, the paths that every stage shares, and the digests that make code an input.

import os
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = Path(workflow.basedir) / "scripts"
sys.path.insert(0, str(SCRIPTS))

import twotower  # pins every numerical library to one thread, for the jobs as well
from twotower import grid, provenance, study_file

CONTAINER = "docker://localhost/tower-rates"  # build it from envs/Containerfile


container: CONTAINER


def read_study():
    """The study file with the values of --config over it; one message with all faults."""
    # Read here rather than by Snakemake: a study is whole, it is not laid over the default one.
    given = dict(workflow.config_settings.config or {})
    files = [*workflow.overwrite_configfiles[-1:], "config.yaml"]
    place = str(given.pop("study", files[0]))
    beside = Path(workflow.basedir) / place  # with --directory the project is not the folder
    place = str(beside) if place and not Path(place).exists() and beside.exists() else place
    try:
        raw = study_file.load_study(place)
        return study_file.validated(study_file.merged(raw, given), place)
    except study_file.StudyError as error:
        sys.exit(f"StudyError in {error}")


STARTED = time.time()
STUDY = read_study()
CELLS = grid.cells(STUDY)
RUNS = {run.id: run for run in grid.runs(STUDY)}
DATA = {cell.data_id: cell.data_spec for cell in CELLS}
BLOCKS = STUDY.blocks()


wildcard_constraints:
    data="[0-9a-f]{10}",
    run="[0-9a-f]{10}",
    fit="(reference-)?[0-9a-f]{10}",
    block="[0-9]+",


def spec(script, **settings):
    """What a job depends on besides its inputs: a slice of the study, and its code's digest."""
    return settings | {"code": provenance.code_digest(SCRIPTS / script)}


def train_spec(wildcards):
    run = RUNS[wildcards.run]
    return spec(
        "train.py",
        seed=STUDY.seed,
        cell=run.cell.spec,
        arm=run.arm,
        settings=run.settings,
        precision=run.precision,
        gpu=STUDY.training.gpu,
        sample_sizes=list(STUDY.sample_sizes),
        certificate_size=STUDY.certificate_size,
        replicates=list(BLOCKS[int(wildcards.block)]),
    )


def data_of(fit):
    """Data set that a fit (a run, or reference-<data set>) was made on."""
    return RUNS[fit].cell.data_id if fit in RUNS else fit.removeprefix("reference-")


def fits_of(wildcards):
    folder = (
        f"results/runs/{wildcards.fit}"
        if wildcards.fit in RUNS
        else f"results/references/{data_of(wildcards.fit)}"
    )
    return [f"{folder}/{block}.safetensors" for block in range(len(BLOCKS))]


def rate_inputs():
    """For every cell its fits, and the columns that name them in the table of risks."""
    paths, columns = [], []
    runs_of = {}
    for run_id, run in RUNS.items():
        runs_of.setdefault(run.cell.id, []).append((run_id, run.arm))
    for cell in CELLS:
        for run_id, arm in runs_of[cell.id]:
            paths.append(f"results/risks/{run_id}.csv")
            columns.append(cell.columns() | {"arm": arm})
        paths.append(f"results/risks/reference-{cell.data_id}.csv")
        columns.append(cell.columns() | {"arm": "reference"})
    return paths, columns


RATE_INPUTS = rate_inputs()


def show_results():
    """Print the rate table and where everything is, after a whole run."""
    made = [Path(path) for path in rules.tables.output + rules.figures.output]
    whole = all(path.exists() for path in made)
    # Not after a run of some targets only; and `make` prints them itself, after its progress bars.
    fresh = whole and any(path.stat().st_mtime > STARTED for path in made)
    if fresh and os.environ.get("SHOW_RESULTS") != "no":
        shown = [sys.executable, SCRIPTS / "show_results.py", *made]
        subprocess.run(shown, check=False)
