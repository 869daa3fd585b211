"""Run a study under variations that should not matter, and tell which rung each reaches.

Prints a table in Markdown. Given again, the command goes on where it stopped; --anew forgets.
"""

import argparse
import shutil
from pathlib import Path

from twotower import console

console.start()

from twotower import files, manifest, records, rungs, tolerances, variations, varied_runs  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", nargs="?", default="workflow/studies/tiny.yaml", help="a study file")
parser.add_argument("--anew", action="store_true", help="forget what an earlier call has found")
given = parser.parse_args()
place = Path("results-audit/vary").resolve()
if given.anew:
    shutil.rmtree(place, ignore_errors=True)
declared = tolerances.load(records.PROJECT / tolerances.PLACE)
code = {path: files.sha256(records.PROJECT / path) for path in manifest.code(records.PROJECT)}
rows = varied_runs.Rows(place, {"study": files.sha256(given.study), "code": code})
print("| variation | what is done | rung | files |\n| --- | --- | --- | --- |", flush=True)
for variation in variations.VARIATIONS:
    if variation.name not in rows:
        base = rows.base(records.PROJECT, Path(given.study))
        varied = varied_runs.run(records.PROJECT, Path(given.study), variation, rows.fresh())
        found = varied_runs.compared(base, varied, variation, declared)
        rows.add(variation.name, *varied_runs.told(found))
    rung, words = rows[variation.name]
    print(
        f"| {variation.name} | {variation.what} | {rungs.Rung(rung).words} | {words} |", flush=True
    )
