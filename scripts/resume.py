"""Clean up after a fault and make anew what it spoilt: `python resume.py STUDY`.

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
parser.add_argument("--profile", help="a profile of Snakemake")
given = parser.parse_args()
sys.stdout.reconfigure(encoding="utf-8")
folder = Path.cwd().resolve()
remedy = "make resume" + ("" if given.study == "config.yaml" else f" STUDY={given.study}")
try:
    processes.require_idle(folder)
    if not given.check:
        lines, removed = resume.mend(folder, given.study)
        print("\n".join(lines), flush=True)
        resume.remake(removed, given.study, ["--profile", given.profile] if given.profile else [])
    elif processes.locked(folder) or processes.of_kind(folder, "job"):
        sys.exit(f"The last run in this folder was killed; `{remedy}` carries on.")
    else:
        print("\n".join(resume.check(remedy)), end="", flush=True)
except logs.ExpectedError as error:
    sys.exit(f"{type(error).__name__}: {error}")
