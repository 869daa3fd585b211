"""How many ratings a wanted error needs: `python scripts/plan_data.py TARGET [FILE …]`.

FILE is a study's results/rates/<experiment>/risks.csv (by default all of them), or a CSV of a pilot
of your own with a row for each size and replicate: n_ratings, replicate (or split) and mse. Of a
file with several curves one is chosen: --where dataset=yelp, as often as needed.
"""

from pathlib import Path

from twotower.base import console, pins

console.start()
pins.apply()  # one thread: the same bytes wherever it runs

from twotower.forecast import plan, plan_text  # noqa: E402
from twotower.forecast.pilot_files import curve_choice, pilots  # noqa: E402
from twotower.forecast.pilot_files import source as pilot_files_source  # noqa: E402
from twotower.running import workplace  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("target", help="the wanted error, in the unit of the file's")
parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
for name in ("cell", "arm", "method"):
    parser.add_argument(f"--{name}", help=f"take the rows of this {name} alone")
parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
parser.add_argument("--error", default="", metavar="COLUMN", help="of a pilot's errors")
parser.add_argument("--floor", default="", help="fit, none or a number (fit, or none for a risk)")
parser.add_argument("--at", metavar="N", help="ratings at present; else the largest n")
parser.add_argument("--to", type=Path, default=Path("data-plan"), metavar="FOLDER")
given = parser.parse_args()
target = pilot_files_source.number("TARGET", given.target)
at = pilot_files_source.number("AT", given.at) if given.at else None
asked = curve_choice.asked(given.where, cell=given.cell, arm=given.arm, method=given.method)
left_out: list[pilot_files_source.PilotError] = []
paths = given.files or pilots.finished()
workplace.check_written(given.to / "plan.json", f"--to {given.to}")
found = pilots.read(paths, asked, given.floor, given.error, left_out)
if left_out:
    print(f"Left out: {len(left_out)} from which no plan can be made; the first: {left_out[0]}\n")
if len(found) > 1:
    text, answered = plan_text.table(found, target)
    print(text)
    raise SystemExit(0 if answered else 1)
made = plan.plan(found[0], found[0].squared(target), at)
# Only a plan that was chosen is drawn: matplotlib takes a second.
from twotower.forecast import figure  # noqa: E402

print(f"{plan_text.text(made)}\nWrote {figure.write(made, given.to)}.")
