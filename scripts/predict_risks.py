"""Predict a study's risks before any training: `python predict_risks.py [STUDY] [FILE]`.

Runs the target `predictions` alone; of a named file makes a copy of results/tables/predictions.csv.
"""

import argparse
import shutil
import subprocess
import sys

from twotower.base import console

console.start()

from twotower.base import commands, places  # noqa: E402
from twotower.running import processes  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("file", nargs="?", type=console.path("TO="), help="where a copy goes")
given = parser.parse_args()
folder = places.RESULTS.resolve().parent
processes.require_idle(folder)
command = [sys.executable, "-m", "snakemake", "predictions", *commands.options(given.study)]
done = subprocess.run(command, check=False)
if done.returncode == 0 and given.file is not None:
    given.file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(places.RESULTS / "tables/predictions.csv", given.file)
sys.exit(done.returncode)
