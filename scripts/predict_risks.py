"""Predict a study's risks before any training: `python predict_risks.py [STUDY] [FILE]`.

Runs the target `predictions` alone; of a named file makes a copy of results/tables/predictions.csv.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.base import commands, files, places  # noqa: E402
from twotower.running import processes, workplace  # noqa: E402
from twotower.study import reading  # noqa: E402

TABLE = places.RESULTS / "tables/predictions.csv"
BEGINS = b"experiment,cell,data,"  # of that table

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("file", nargs="?", type=Path, help="where a copy goes")
given = parser.parse_args()
reading.load_study(given.study)
if given.file is not None:
    workplace.check_replaced(given.file, f"TO={given.file}", BEGINS, "predictions")
processes.require_idle(places.RESULTS.resolve().parent)
command = [sys.executable, "-m", "snakemake", "predictions", *commands.options(given.study)]
done = subprocess.run(command, check=False)
if done.returncode:
    sys.exit(done.returncode)
print(f"Predicted risks: {TABLE}")
if given.file is not None:
    with files.atomic_write(given.file) as temporary:
        shutil.copyfile(TABLE, temporary)
    print(f"A copy: {given.file}")
