"""Clean up after a fault and carry on: `python resume.py [STUDY]`, by default the last run's."""

import shlex
import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.base import commands  # noqa: E402
from twotower.records import last_run  # noqa: E402
from twotower.running import processes, resume  # noqa: E402
from twotower.study import reading  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", help="a study file")
parser.add_argument("--profile", help="a profile of Snakemake")
parser.add_argument("--logger", help="a logger of Snakemake")
given = parser.parse_args()
folder = Path.cwd().resolve()
if given.study is not None:
    reading.load_study(given.study)
processes.require_idle(folder)
asked = ([], commands.options(given.study)) if given.study else last_run.asked(folder)
if asked is None:
    sys.exit("No run is known in this folder; `make resume STUDY=…` says which study to carry on.")
targets, about = asked
about += commands.options(profile=given.profile, logger=given.logger)
print(f"Resuming: snakemake {shlex.join([*targets, *about])}", flush=True)
lines, layers = resume.mend(folder, [*targets, *about])
print("\n".join(lines), flush=True)
resume.remake(layers, about)
sys.exit(resume.run(*targets, *about))
