"""Clean up after a fault and carry on: `python resume.py [STUDY]`, by default the last run's.

With --check nothing is removed; a run that should not go on as things are is refused.
"""

import argparse
import shlex
import sys
from pathlib import Path

from twotower import console

console.start()

from twotower import last_run, processes, resume, study_file  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", nargs="?", help="a study file")
parser.add_argument("--check", action="store_true", help="before a run: refuse, remove nothing")
parser.add_argument("--profile", help="a profile of Snakemake")
parser.add_argument("--logger", help="a logger of Snakemake")
given = parser.parse_args()
folder = Path.cwd().resolve()
if given.study is not None:
    study_file.load_study(given.study)
processes.require_idle(folder)
if given.check:
    if processes.locked(folder) or processes.of_kind(folder, "job"):
        sys.exit("The last run in this folder was killed; `make resume` carries on.")
    print("\n".join(resume.check()), end="", flush=True)
    sys.exit()
asked = ([], ["--config", f"study={given.study}"]) if given.study else last_run.asked(folder)
if asked is None:
    sys.exit("No run is known in this folder; `make resume STUDY=…` says which study to carry on.")
targets, about = asked
about += ["--workflow-profile", given.profile] if given.profile else []
about += ["--logger", given.logger] if given.logger else []
print(f"Resuming: snakemake {shlex.join([*targets, *about])}", flush=True)
lines, layers = resume.mend(folder, [*targets, *about])
print("\n".join(lines), flush=True)
resume.remake(layers, about)
sys.exit(resume.run(*targets, *about))
