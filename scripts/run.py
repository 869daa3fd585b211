"""Run a study with Snakemake, if nothing stands against it: `python run.py [STUDY]`.

Of results that are there, each is held against its record first; nothing is removed.
"""

import os
import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.base import commands, places  # noqa: E402
from twotower.running import processes, resume  # noqa: E402
from twotower.study import reading  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--profile", help="a profile of Snakemake")
parser.add_argument("--logger", help="a logger of Snakemake")
parser.add_argument("--report", metavar="FILE", help="run nothing, write a report")
given = parser.parse_args()
folder = Path.cwd().resolve()
reading.load_study(given.study)
if given.report is None:
    processes.require_idle(folder)
    if processes.locked(folder) or processes.of_kind(folder, "job"):
        sys.exit("The last run in this folder was killed; `make resume` carries on.")
    print("\n".join(resume.check()), end="", flush=True)
about = commands.options(given.study, given.profile, given.logger)
if given.report is not None:
    pages = os.path.relpath(places.PROJECT / "workflow" / "report")
    about += ["--report", given.report, "--report-stylesheet", f"{pages}/style.css"]
    about += ["--report-metadata", f"{pages}/first_page.yaml"]  # no drawing of jobs comes first
os.execv(sys.executable, [sys.executable, "-m", "snakemake", *about])
