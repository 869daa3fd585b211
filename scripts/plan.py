"""Print what a study costs before it starts: `python scripts/plan.py STUDY`."""

import os

from twotower.base import console

console.start()

from twotower.cost import probe, report  # noqa: E402
from twotower.study import reading  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N")
parser.add_argument("--pace", type=float, metavar="X", help="of this machine, else measured")
given = parser.parse_args()
if given.cores < 1:
    parser.error("--cores must be at least 1")
if given.pace is not None and not 0 < given.pace < float("inf"):
    parser.error("--pace must be a number above 0; 1 is the machine of docs/benchmarks.md")
study = reading.read_study(given.study)
pace = probe.pace() if given.pace is None else given.pace
print(report.report(study, report.plan(study, pace, given.cores)))
