"""What limits a recommender: `python diagnose.py FOLDER`, or `python diagnose.py --cell ID`.

FOLDER holds ratings or clicks in a layout of docs/real-ratings.md. Says first how long it takes.
The options of the towers are explained in docs/diagnose.md.
"""

import subprocess
import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.base import commands  # noqa: E402
from twotower.diagnosis import asking, options  # noqa: E402
from twotower.running import processes  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("ratings", nargs="?", metavar="FOLDER", help="a folder with ratings or clicks")
parser.add_argument("--study", default="config.yaml", help="the study of the cell")
parser.add_argument("--profile", help="a profile of Snakemake")
parser.add_argument("--cell", help="diagnose a cell of the study, given by its id")
for key in options.USUAL:
    name = asking.named(key)
    parser.add_argument(f"--{name.lower().replace('_', '-')}", dest=key, metavar=name)
given = parser.parse_args()
about = asking.about(given.ratings, given.cell, given.study, vars(given))
here = Path.cwd().resolve()
processes.require_idle(here)
if processes.locked(here) or processes.of_kind(here, "job"):
    sys.exit("The last run in this folder was killed; `make resume` carries on.")
snakemake = [sys.executable, "-m", "snakemake"]
config = ["--config", *(commands.config(key, value) for key, value in about.config.items())]
config += commands.options(profile=given.profile)
if about.data:  # also if it is there: it may be of another folder
    done = subprocess.run([*snakemake, about.data, *config], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
print(about.expected(), flush=True)
done = subprocess.run([*snakemake, "diagnose", *config, "--quiet", "host", "reason"])
if done.returncode:
    sys.exit(done.returncode)
folder = Path("results/diagnosis") / about.asked.subject
print((folder / "screen.txt").read_text(encoding="utf-8"))
print(f"{folder}/: report.md, diagnosis.png, components.csv and other tables")
