"""Print what a study, or a run on real ratings, costs before it starts: `plan.py STUDY`."""

import os

from twotower.base import console

console.start()

from twotower.cost import probe, report  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--ratings", metavar="PATH", help="of a run on real ratings: their files")
parser.add_argument(
    "--with", nargs="*", default=[], dest="options", metavar="KEY=VALUE", help="its --config"
)
parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N")
parser.add_argument("--pace", type=float, metavar="X", help="of this machine, else measured")
given = parser.parse_args()
if given.cores < 1:
    parser.error("--cores must be at least 1")
if given.pace is not None and not 0 < given.pace < float("inf"):
    parser.error("--pace must be a number above 0; 1 is the machine of docs/benchmarks.md")
if given.options and given.ratings is None:
    parser.error("--with is for real ratings: give --ratings too")
if given.ratings is not None:
    from twotower.cost.real import plan  # for real ratings alone
    from twotower.real.options import SOURCES, TEXTS
    from twotower.running import command_line

    if odd := [word for word in given.options if not word.partition("=")[1]]:
        parser.error(f"--with {odd[0]}: KEY=VALUE is needed, such as real_splits=5")
    values = command_line.given(given.options, (), SOURCES, TEXTS)
    planned = plan.of_place(given.ratings, values)
    pace = probe.pace() if given.pace is None else given.pace
    print(planned.report(pace, given.cores))
else:
    from twotower.study import reading

    study = reading.read_study(given.study)
    pace = probe.pace() if given.pace is None else given.pace
    print(report.report(study, report.plan(study, pace, given.cores)))
