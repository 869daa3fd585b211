# What a run does when it starts and ends, beside its jobs.

import subprocess

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
        run = run_records.start(STUDY_ORIGIN, targets, REAL.places, stated)
    except errors.ExpectedError as error:  # the code cannot be recorded, or a statement is damaged
        sys.exit(console.message(error))
    last_run.note(Path.cwd(), sys.argv, targets, run)


def show_results():
    """Print the rate table and where everything is, after a whole run."""
    made = [Path(path) for path in rules.all.input]
    whole = all(path.exists() for path in made)
    # Not after a run of some targets only; and `make` prints them itself, after its progress bars.
    fresh = whole and any(path.stat().st_mtime > STARTED for path in made)
    if fresh and os.environ.get("SHOW_RESULTS") != "no":
        shown = [sys.executable, SCRIPTS / "show_results.py", *made]
        subprocess.run(shown, check=False)
    for folder in (Path("results/real") / source for source in REAL.places):
        tables = [folder / f"{table}.md" for table in real_options.TABLES]
        if all(path.exists() and path.stat().st_mtime > STARTED for path in tables):
            names = ", ".join(path.name for path in tables)
            print(f"Real ratings: {names} and figures are in {folder}/")
