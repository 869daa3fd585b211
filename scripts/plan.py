"""Print what a study costs before it starts: `python scripts/plan.py STUDY`."""

import argparse
import os
import sys

import twotower  # noqa: F401  pins numerical libraries to one thread, as in the jobs
from twotower import planning, probe, study_file

sys.stdout.reconfigure(encoding="utf-8")
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N")
parser.add_argument("--pace", type=float, metavar="X", help="of this machine, else measured")
given = parser.parse_args()
if given.cores < 1:
    parser.error("--cores must be at least 1")
try:
    study = study_file.read_study(given.study)
except study_file.StudyError as error:
    sys.exit(f"StudyError in {error}")
pace = probe.pace() if given.pace is None else given.pace
print(planning.report(study, planning.plan(study, pace, given.cores)))
