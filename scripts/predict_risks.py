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


def _check_replaced(path: Path) -> None:
    """Raise WorkplaceError if a file that is there is anything but predictions."""
    begins = b"experiment,cell,data,"
    if not path.is_file():
        return
    with path.open("rb") as file:
        found = file.read(len(begins))
    if found != begins:
        text = f"TO={path}: this file holds no predictions; allowed: one that does, or a new file"
        raise workplace.WorkplaceError(text)


parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("file", nargs="?", type=Path, help="where a copy goes")
given = parser.parse_args()
reading.load_study(given.study)
if given.file is not None:
    workplace.check_written(given.file, f"TO={given.file}")
    _check_replaced(given.file)
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
