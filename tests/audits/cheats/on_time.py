"""Cheats on what came first: rules, statements and verdicts."""

import os
import subprocess

from authoring import TINY, committed, consistent, own, rerun, signed, unstated
from cheats.registry import DECISIONS, cheat
from forging import Forgery, seal, warm_python


@cheat(told="rules: they were changed between runs in this folder")
def judged_again(study: Forgery) -> str:
    """A threshold is changed after the run, committed, and all that reads it made anew."""
    own(study, ".snakemake")
    unstated(study, ".snakemake")
    rerun(study, dict)
    study.replace(DECISIONS, "window_risk: 0.25", "window_risk: 0.5")  # which no rule's words name
    os.utime(study.folder / DECISIONS)
    committed(study, "Other rules.")
    command = [warm_python.python(), "-m", "snakemake", "--config", f"study={TINY}", "--cores", "1"]
    done = subprocess.run(command, cwd=study.folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    seal(study.folder, "--key", "key")
    return ""


@cheat(told="no statement was made before the run: nothing here dates the rules")
def first_run_forgotten(study: Forgery) -> str:
    """The same, and the record of the run by the first rules is removed."""
    judged_again(study)
    runs = sorted(study.folder.glob("results/records/runs/*.json"))
    assert len(runs) == 2
    kept = study.sealed()["run"]
    for path in runs:
        if path.stem != kept:
            path.unlink()
    signed(study, study.sealed())
    return ""


@cheat(clone="decisions")
def ledger_of_other_rules(study: Forgery) -> str:
    """The column that names the rules of the ledger is edited, with records and a signed seal."""
    unstated(study)
    path = "results/tables/claims.csv"
    consistent(study, path, study.read(path).replace(b",v3:", b",v4:"))
    rerun(study, dict)
    return path


@cheat(clone="decisions")
def rates_of_other_rules(study: Forgery) -> str:
    """The same in the table of all rates."""
    unstated(study)
    path = "results/tables/rates.csv"
    consistent(study, path, study.read(path).replace(b",v3:", b",v2:"))
    rerun(study, dict)
    return path
