"""Clean up after a fault, so that Snakemake can carry on: `python resume.py STUDY`.

With --check nothing is removed; a run that should not go on as things are is refused.
"""

import argparse
import sys
from pathlib import Path

import twotower  # noqa: F401  pins numerical libraries, as in the jobs
from twotower import logs, processes, resume

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--check", action="store_true", help="before a run: refuse, remove nothing")
given = parser.parse_args()
sys.stdout.reconfigure(encoding="utf-8")
folder = Path.cwd().resolve()
remedy = "make resume" + ("" if given.study == "config.yaml" else f" STUDY={given.study}")
try:
    processes.require_idle(folder)
    if not given.check:
        print("\n".join(resume.mend(folder, given.study)), flush=True)
    elif processes.locked(folder) or processes.of_kind(folder, "job"):
        sys.exit(f"The last run in this folder was killed; `{remedy}` carries on.")
    else:
        print("\n".join(resume.check(remedy)), end="", flush=True)
except logs.ExpectedError as error:
    sys.exit(f"{type(error).__name__}: {error}")
