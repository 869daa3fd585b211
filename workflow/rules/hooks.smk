# What happens before the first job and after the last one.

import subprocess

from twotower.base import files
from twotower.kernels import code_folder
from twotower.records import last_run


def check_submission():
    """Before the first job is sent to a cluster: whether it can be told where it is to work."""
    told = [workflow.main_snakefile, workflow.workdir_init, os.getcwd()]
    told += [*workflow.overwrite_configfiles, *(workflow.config_settings.config_args or [])]
    try:
        workplace.check_submitted(map(str, told))
    except errors.ExpectedError as error:
        sys.exit(console.message(error))


def note_run():
    """Record the run that starts: what it is made from, and for `make resume` its command."""
    try:
        last_run.note_code(Path.cwd(), code_digest.digests(PROJECT))
    except errors.ExpectedError as error:
        sys.exit(console.message(error))
    # The rest not where the run is a part of what `make resume` does.
    if os.environ.get("NOTE_RUN") == "no" or not last_run.makes(sys.argv):
        return
    targets = workflow.dag_settings.targets
    settings = run_records.study_digest(STUDY_ORIGIN["settings"])
    try:
        stated = statements.bring(PROJECT, settings, Path(DECISIONS))
        rules_of = {"label": decisions.load(DECISIONS).label, "sha256": files.sha256(DECISIONS)}
        run = run_records.start(STUDY_ORIGIN, targets, REAL.places, stated, rules_of)
    except errors.ExpectedError as error:  # the code cannot be recorded, or a statement is damaged
        sys.exit(console.message(error))
    last_run.note(Path.cwd(), sys.argv, targets, run)


def tell_costs():
    """Say before the first job what a run on real ratings will take; a diagnosis says so itself."""
    for plan in () if DIAGNOSIS else REAL_PLANS.values():
        print(f"Expected: {plan.summary(workflow.resource_settings.cores or 1)}", file=sys.stderr)


def compile_loops():
    """Compile what the fits of this study run, where no earlier study has: jobs do not wait for it."""
    wanted = set()
    for run_id in JOBS.tower_runs:
        run = JOBS.runs[run_id]
        cell = run.cell.spec
        dims = cell["user_ambient_dim"], cell["item_ambient_dim"]
        rank, precision = cell.get("embedding_dim", cell["rank"]), run.precision
        if not STUDY.training.gpu:
            sizes = (*dims, rank, cell["depth"])
            wanted.add(code_folder.fit_of_towers(run.arm, *sizes, precision))
    for cell in JOBS.cells:
        if cell.has_reference:
            dims = cell.spec["user_intrinsic_dim"], cell.spec["item_intrinsic_dim"]
            wanted.add(code_folder.fit_of_reference(*dims, cell.spec["rank"]))
    missing = code_folder.missing(sorted(wanted))
    if missing:
        told = "Compiling the loops that this study needs; later runs reuse them"
        print(f"{told} (less than a minute) ...", file=sys.stderr)
        command = [sys.executable, SCRIPTS / "compile_loops.py", *missing]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:  # jobs say it better, if it stops them too
            why = made.stderr.strip().rpartition("\n")[2]
            print(f"Jobs will compile their loops themselves: {why}", file=sys.stderr)
        else:
            print("... done.", file=sys.stderr)


def show_results():
    """Print the rate table and where everything is, after a whole run."""
    made = [Path(path) for path in rules.all.input]
    whole = all(path.exists() for path in made)
    # Not after a run of some targets only; and `make` prints them itself, after its progress bars.
    fresh = whole and any(path.stat().st_mtime > STARTED for path in made)
    if fresh and os.environ.get("SHOW_RESULTS") != "no":
        shown = [sys.executable, SCRIPTS / "show_results.py", *made]
        subprocess.run(shown, check=False)
    for source in REAL.places:
        folder = Path("results/real") / source
        tables = [folder / f"{table}.md" for table in real_options.TABLES]
        if all(path.exists() and path.stat().st_mtime > STARTED for path in tables):
            names = ", ".join(path.name for path in tables)
            print(f"Real ratings: {names} and figures are in {folder}/")
